import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { inBackground, noteUse, requests, timeline, whenRefused } from "../src/app/api.ts";

const HEADER = "X-Plainview-Background";
let sent: Record<string, string>[] = [];
let status = 200;

beforeEach(() => {
  sent = [];
  status = 200;
  vi.stubGlobal("fetch", (_path: string, init: { headers: Record<string, string> }) => {
    sent.push(init.headers);
    return Promise.resolve(new Response('{"spans":[],"segments":[]}', { status }));
  });
});
afterEach(() => vi.unstubAllGlobals());

describe("what a page asks by itself", () => {
  it("says so, and what a person asks does not", async () => {
    await requests();
    await inBackground(requests).catch(() => undefined); // the page was just opened: use
    await inBackground(requests);
    await inBackground(() => timeline("p"));
    await requests();
    expect(sent.map((headers) => headers[HEADER])).toEqual([
      undefined,
      undefined,
      "1",
      "1",
      undefined,
    ]);
  });

  it("is use where somebody touched the page since", async () => {
    await inBackground(requests);
    noteUse();
    await inBackground(requests);
    await inBackground(requests);
    expect(sent.slice(1).map((headers) => headers[HEADER])).toEqual([undefined, "1"]);
  });

  it("tells the page when the session has ended", async () => {
    const told = vi.fn();
    const stop = whenRefused(told);
    status = 401;
    await expect(inBackground(requests)).rejects.toThrow();
    stop();
    await expect(requests()).rejects.toThrow();
    expect(told).toHaveBeenCalledTimes(1);
  });
});
