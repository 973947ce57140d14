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

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Shows how the system finds its way back, from what anybody may ask it. */
async function recover() {
  const pictures = document.getElementById("next-detector");
  const basis = document.getElementById("next-basis");
  const started = Date.now();
  document.getElementById("next").hidden = false;
  while (pictures.dataset.done === undefined || basis.dataset.done === undefined) {
    const cameras = await (await fetch("/api/public/cameras", { cache: "no-store" })).json();
    const seconds = Math.round((Date.now() - started) / 1000);
    // The camera that was revoked is the one that the register spoke of last.
    const revoked = cameras.reduce((a, b) => (a.entry > b.entry ? a : b));
    const others = cameras.filter((one) => one !== revoked);
    const withheld = others.filter(({ state }) => state === "pixelated").length;
    tell(pictures, withheld === 0 ? "shown" : "withheld", { n: withheld, all: others.length, seconds });
    const back = ["recording", "pixelated"].includes(revoked.state);
    tell(basis, back ? "recording" : "waiting", { reason: revoked.reason ?? "", seconds });
    await wait(1000);
  }
}

/** Says it, until the last word is said. */
function tell(place, word, values) {
  if (place.dataset.done !== undefined) return;
  place.textContent = fill(place.dataset[word], values);
  if (["shown", "recording"].includes(word)) place.dataset.done = "";
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
  await recover();
}

main();
