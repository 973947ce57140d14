// What a tools page is told in its address, and how it tells the page that shows it in a frame.

import { CheckFailed, messageOf } from "../base/errors.ts";
import { originOf } from "../release/server.ts";

export interface Parameters {
  server: string | null;
  request: string | null;
  draft: string | null;
  /** Demonstration only: whose key file the tools' server offers. */
  demo: string | null;
  /** Demonstration only: do the one obvious thing without a further click. */
  auto: boolean;
}

/** Reads `#server=..&request=..`; throws CheckFailed when the server's address is not usable. */
export function readParameters(hash: string): Parameters {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const server = values.get("server");
  const request = values.get("request");
  const demo = values.get("demo");
  if (request !== null && !/^[0-9a-f]{64}$/.test(request)) {
    throw new CheckFailed("address", "This address does not name a request.");
  }
  if (demo !== null && !/^[a-z-]{1,40}$/.test(demo)) {
    throw new CheckFailed("address", "This address names no role of the demonstration.");
  }
  return {
    server: server === null || server === "" ? null : originOf(server),
    request,
    draft: values.get("draft"),
    demo,
    // Without a demonstration's key there is always a person who clicks.
    auto: demo !== null && values.get("auto") === "1",
  };
}

export type Step = "ask" | "custodian" | "open";

/** Tells the page around this one, and only if it is the server's own. */
export function tell(
  server: string | null,
  word: "done" | "failed",
  step: Step,
  detail: Record<string, string>,
): void {
  if (window.parent === window || server === null) return;
  window.parent.postMessage({ plainview: word, step, detail }, server);
}

export const tellFailure = (server: string | null, step: Step, error: unknown): void =>
  tell(server, "failed", step, {
    message: messageOf(error),
    code: error instanceof CheckFailed ? error.code : "server",
  });

/** Remembers which server was used last, so that its address is typed once. No secret. */
export const rememberServer = (server: string): void =>
  localStorage.setItem("plainview-server", server);
export const rememberedServer = (): string => localStorage.getItem("plainview-server") ?? "";
