// Addresses of the application: /app/, /app/playback/<camera>?at=, /app/requests, /app/accesses,
// /app/marks, /app/looked, /app/register, /app/register/draft/<id>?question=,
// /app/register/proposal/<hash>, /app/register/import, /app/people, /app/account, /app/join/<token of an invitation>.

import { useSyncExternalStore } from "react";

export type Route =
  | { page: "wall" }
  | { page: "playback"; camera: string; at: number | null }
  | { page: "requests" }
  | { page: "accesses" }
  | { page: "marks" }
  | { page: "looked" }
  | { page: "people" }
  | { page: "register"; draft?: string; proposal?: string; importing?: true; step: string }
  | { page: "account" }
  | { page: "join"; token: string };

const listeners = new Set<() => void>();

const EDITOR = "/app/register/draft/";
let confined = false;

/** Whether the server sent this page as the editor, which alone may fetch a map's tiles from elsewhere. */
export function isEditor(): boolean {
  const [loaded] = performance.getEntriesByType("navigation");
  return loaded !== undefined && new URL(loaded.name).pathname.startsWith(EDITOR);
}

/** From now on every other page is asked of the server: none gets what only the editor may. */
export function confine(): void {
  if (confined) return;
  confined = true;
  window.addEventListener("popstate", () => {
    if (!location.pathname.startsWith(EDITOR)) location.reload();
  });
}

export function go(path: string): void {
  if (confined && !path.startsWith(EDITOR)) {
    location.assign(path);
    return;
  }
  history.pushState(null, "", path);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

export function parseRoute(path: string, query: string): Route {
  const [page = "", argument = "", more = ""] = path.replace(/^\/app\/?/, "").split("/");
  if (page === "requests" || page === "accesses" || page === "marks" || page === "looked")
    return { page };
  if (page === "people" || page === "account") return { page };
  if (page === "register") {
    const step = new URLSearchParams(query).get("question") ?? "";
    if (argument === "import") return { page, step, importing: true };
    const named = ["draft", "proposal"].includes(argument) && more !== "";
    return { page, step, ...(named ? { [argument]: decodeURIComponent(more) } : {}) };
  }
  if (page === "join" && argument !== "") return { page, token: decodeURIComponent(argument) };
  if (page === "playback" && argument !== "") {
    const at = Date.parse(new URLSearchParams(query).get("at") ?? "");
    return { page, camera: decodeURIComponent(argument), at: Number.isNaN(at) ? null : at };
  }
  return { page: "wall" };
}

export function useRoute(): Route {
  const address = useSyncExternalStore(subscribe, () => location.pathname + location.search);
  const [path = "", query = ""] = address.split("?");
  return parseRoute(path, query);
}

export const playbackPath = (camera: string, at: number | null): string =>
  `/app/playback/${encodeURIComponent(camera)}${at === null ? "" : `?at=${new Date(at).toISOString()}`}`;
