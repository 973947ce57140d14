// Runs the four cheats one after the other and shows how each one failed.
"use strict";

const wait = (ms) => new Promise((go) => setTimeout(go, ms));

async function attempt(card) {
  card.dataset.status = "running";
  const answer = await fetch(`/demo/api/cheat/${card.dataset.cheat}`, {
    method: "POST",
    headers: { "X-Plainview": "1" },
  });
  const outcome = await answer.json();
  const tried = card.querySelector(".tried");
  for (const line of outcome.tried ?? []) {
    const item = document.createElement("li");
    item.textContent = line;
    tried.append(item);
  }
  card.querySelector(".result").textContent = outcome.result ?? outcome.message;
  card.dataset.status = outcome.stopped ? "stopped" : "problem";
  return Boolean(outcome.stopped);
}

async function main() {
  let stopped = 0;
  const cards = [...document.querySelectorAll("[data-cheat]")];
  for (const card of cards) {
    if (await attempt(card)) stopped += 1;
    await wait(300);
  }
  const verdict = document.getElementById("verdict");
  verdict.textContent = verdict.dataset.text.replace("{stopped}", stopped).replace("{all}", cards.length);
  verdict.hidden = false;
  const word = stopped === cards.length ? "done" : "failed";
  window.parent.postMessage({ plainview: word, step: "cheats", detail: verdict.textContent }, location.origin);
}

main();
