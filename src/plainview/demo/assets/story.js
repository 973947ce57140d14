// The story: six clicks, each done by the real pages in the real role. No secrets, no shortcuts: what
// happens in the frame is what the role's own page does.
"use strict";

const config = JSON.parse(document.getElementById("config").textContent);
const stage = document.getElementById("stage");
const caption = document.getElementById("caption");
const AROUND_MS = 30_000;
const state = { request: sessionStorage.getItem("request"), from: sessionStorage.getItem("from"), busy: false };

function element(id) {
  return document.getElementById(id);
}

function say(text, tone = "") {
  caption.textContent = text;
  caption.dataset.tone = tone;
}

function mark(number, status) {
  const step = element(`step-${number}`);
  step.dataset.status = status;
  const after = status === "done" ? config.texts.after[number] : undefined;
  step.querySelector(".status").textContent = after ?? config.texts.status[status];
  if (status === "done") {
    const next = element(`step-${number + 1}`);
    if (next && next.dataset.status === "waiting") next.dataset.status = "next";
  }
}

function show(address) {
  element("empty").hidden = true;
  stage.hidden = false;
  // Only the part after # may differ between two addresses, and then the frame would not load again.
  stage.src = "about:blank";
  setTimeout(() => { stage.src = address; }, 30);
}

async function call(path, body) {
  const answer = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: body === undefined ? {} : { "Content-Type": "application/json", "X-Plainview": "1" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const data = await answer.json();
  if (!answer.ok) throw new Error([data.message, data.hint].filter(Boolean).join(" "));
  return data;
}

async function become(role) {
  await call(`/demo/api/signin/${role}`, {});
  press(role);
}

/** Shows as whom the visitor acts now. */
function press(role) {
  for (const chip of document.querySelectorAll("#roles button")) {
    chip.setAttribute("aria-pressed", String(chip.dataset.role === role));
  }
}

function tools(page, parameters) {
  const hash = new URLSearchParams({ server: location.origin, auto: "1", ...parameters });
  return `${config.tools}/${page}#${hash}`;
}

/** Load a tools page in the frame and wait for its word that it is done. */
function perform(page, parameters) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(() => reject(new Error(config.texts.slow))), 60000);
    function finish(act) {
      clearTimeout(timer);
      window.removeEventListener("message", listen);
      act();
    }
    function listen(event) {
      if (event.origin !== config.tools || event.source !== stage.contentWindow) return;
      if (event.data.plainview === "done") finish(() => resolve(event.data.detail || {}));
      if (event.data.plainview === "failed") {
        finish(() => reject(new Error(String(event.data.detail?.message ?? event.data.detail))));
      }
    }
    window.addEventListener("message", listen);
    show(tools(page, parameters));
  });
}

function remember(name, value) {
  state[name] = value;
  sessionStorage.setItem(name, value);
}

async function logSize() {
  const note = await (await fetch("/log/files/checkpoint", { cache: "no-store" })).text();
  return note.split("\n")[1];
}

function bytesToUrl(text) {
  const bytes = new TextEncoder().encode(text);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function base64OfUrl(value) {
  return bytesToUrl(JSON.stringify(value));
}

/** What the control room's "Mark this moment" sends: a bookmark, and the draft of a request. */
async function markMoment() {
  const { camera, at } = await moment();
  const { note, purpose, number } = config.texts.case;
  const around = (ms) => new Date(Date.parse(at) + ms).toISOString();
  await call("/api/bookmarks", { camera, at, note });
  const { v, body, detail, salt } = await call("/api/drafts", { camera, from: around(-AROUND_MS), to: around(AROUND_MS), purpose, case: number, note });
  return { v, body, detail, salt };
}

/** The newest moment whose window is closed; the server says how long to wait when there is none. */
async function moment() {
  for (let tries = 0; tries < 90; tries += 1) {
    const found = await call("/demo/api/moment");
    if (found.at) return found;
    say(found.message);
    await new Promise((go) => setTimeout(go, 1000));
  }
  throw new Error(config.texts.slow);
}

const steps = {
  async 1() {
    await become("operator");
    remember("from", await logSize());
    await call("/api/purpose", { purpose: config.texts.purpose });
    show("/app/");
    say(config.texts.watching);
  },
  async 2() {
    await become("investigator");
    const draft = await markMoment();
    const detail = await perform("ask.html", { draft: base64OfUrl(draft), demo: "investigator" });
    remember("request", detail.request);
    say(config.texts.asked);
  },
  async 3() {
    for (const role of ["custodian-a", "custodian-b"]) {
      await become(role);
      say(config.texts.releasing[role]);
      await perform("custodian.html", { request: state.request, demo: role });
      await new Promise((go) => setTimeout(go, 1200));
    }
    say(config.texts.released);
  },
  async 4() {
    await become("investigator");
    say(config.texts.opening);
    await perform("open.html", { request: state.request, demo: "investigator" });
    say(config.texts.opened);
  },
  async 5() {
    await become("resident");
    show(`/demo/mine?start=${state.from ?? 0}`);
    say(config.texts.logged);
  },
  async 6() {
    press("administrator");
    show("/demo/cheats");
    say(config.texts.cheating);
    await cheatsEnd();
    say(config.texts.cheated);
  },
};

function cheatsEnd() {
  return new Promise((resolve, reject) => {
    window.addEventListener("message", function listen(event) {
      if (event.origin !== location.origin || event.source !== stage.contentWindow) return;
      if (!["done", "failed"].includes(event.data.plainview)) return;
      window.removeEventListener("message", listen);
      if (event.data.plainview === "done") resolve();
      else reject(new Error(event.data.detail));
    });
  });
}

async function run(number) {
  if (state.busy) return;
  if (number > 2 && number < 5 && !state.request) {
    say(config.texts.order, "problem");
    return;
  }
  state.busy = true;
  document.body.dataset.busy = String(number);
  mark(number, "running");
  try {
    await steps[number]();
    mark(number, "done");
  } catch (error) {
    mark(number, "failed");
    say(error.message, "problem");
  } finally {
    state.busy = false;
    delete document.body.dataset.busy;
  }
}

for (const button of document.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => run(Number(button.dataset.step)));
}

const homes = { operator: "/app/", investigator: "/app/", resident: "/cameras" };
for (const chip of document.querySelectorAll("#roles button")) {
  chip.addEventListener("click", async () => {
    if (state.busy) return;
    const role = chip.dataset.role;
    if (role === "administrator") {
      run(6);
      return;
    }
    await become(role);
    if (role.startsWith("custodian")) {
      const hash = new URLSearchParams({ server: location.origin, demo: role });
      show(`${config.tools}/custodian.html#${hash}`);
    } else {
      show(homes[role]);
    }
    say(config.texts.roles[role]);
  });
}
