import { describe, expect, it } from "vitest";
import { parseRoute, playbackPath } from "../src/app/router.ts";
import type { Frame } from "../src/media/frames.ts";
import { readParameters } from "../src/tools/page.ts";
import { Ring } from "../src/video/ring.ts";
import { SegmentCache } from "../src/video/segments.ts";
import {
  segmentFor,
  share,
  ticks,
  viewAround,
  wholeTimeline,
  type Segment,
  type Span,
} from "../src/video/timeline.ts";

const segment = (start: number, end: number): Segment => ({ seq: start, window: "w", start, end });

describe("the timeline", () => {
  it("fills holes with gaps and joins neighbours", () => {
    const spans = [
      { start: 30, end: 40, state: "pixelated" as const },
      { start: 10, end: 20, state: "recorded" as const },
      { start: 20, end: 30, state: "recorded" as const },
      { start: 90, end: 200, state: "recorded" as const },
    ];
    expect(wholeTimeline(spans, { from: 0, to: 100 })).toEqual([
      { start: 0, end: 10, state: "gap" },
      { start: 10, end: 30, state: "recorded" },
      { start: 30, end: 40, state: "pixelated" },
      { start: 40, end: 90, state: "gap" },
      { start: 90, end: 100, state: "recorded" },
    ]);
  });

  it("is one gap without any recording", () => {
    expect(wholeTimeline([], { from: 5, to: 9 })).toEqual([{ start: 5, end: 9, state: "gap" }]);
  });

  it("keeps a gap that is explained apart from one that is not", () => {
    const why: Span = { start: 2, end: 4, state: "gap", reason: "full" };
    expect(wholeTimeline([why, { ...why, start: 4, end: 6 }], { from: 0, to: 9 })).toEqual([
      { start: 0, end: 2, state: "gap" },
      { ...why, end: 6 },
      { start: 6, end: 9, state: "gap" },
    ]);
  });

  it("does not count a span twice", () => {
    const both = { start: 0, end: 10, state: "recorded" as const };
    expect(wholeTimeline([both, { ...both, start: 5 }], { from: 0, to: 10 })).toEqual([both]);
  });

  it("finds the segment for a moment, the next one in a gap, the last one after the end", () => {
    const list = [segment(0, 2), segment(2, 4), segment(10, 12)];
    expect([-1, 0, 1, 2, 3, 5, 9, 10, 11, 99].map((at) => segmentFor(list, at))).toEqual([
      0, 0, 0, 1, 1, 2, 2, 2, 2, 2,
    ]);
    expect(segmentFor([], 5)).toBe(-1);
  });

  it("has ticks on round times, never too many", () => {
    const from = Date.UTC(2026, 10, 23, 9, 0, 7);
    for (const minutes of [1, 7, 10, 45, 120, 1440]) {
      const marks = ticks({ from, to: from + minutes * 60_000 }, 8, 0);
      expect(marks.length).toBeGreaterThan(0);
      expect(marks.length).toBeLessThanOrEqual(9);
    }
    expect(ticks({ from, to: from + 600_000 }, 8, 0)[0]).toBe(Date.UTC(2026, 10, 23, 9, 2));
  });

  it("keeps a zoomed view inside the whole", () => {
    const whole = { from: 0, to: 100 };
    expect(viewAround(whole, 20, 50)).toEqual({ from: 40, to: 60 });
    expect(viewAround(whole, 20, 1)).toEqual({ from: 0, to: 20 });
    expect(viewAround(whole, 20, 99)).toEqual({ from: 80, to: 100 });
    expect(viewAround(whole, Infinity, 99)).toEqual(whole);
    expect(share(whole, 150)).toBe(1);
  });
});

describe("the last seconds of a live picture", () => {
  const frame = (i: number, more: Partial<Frame> = {}): Frame => ({
    key: i % 10 === 0,
    pixelated: false,
    discontinuity: false,
    wallMs: i * 100,
    durationMs: 100,
    sequence: i,
    data: new Uint8Array(1),
    ...more,
  });

  it("are kept from a key frame on, and no longer than needed", () => {
    const ring = new Ring();
    for (let i = 3; i < 200; i++) ring.push(frame(i));
    expect(ring.length).toBeLessThanOrEqual(70);
    expect(ring.upTo(ring.indexOf(187)).map(({ sequence }) => sequence)).toEqual([
      180, 181, 182, 183, 184, 185, 186, 187,
    ]);
  });

  it("hold nothing before the first key frame or across a break", () => {
    const ring = new Ring();
    ring.push(frame(1));
    expect(ring.length).toBe(0);
    for (let i = 10; i < 25; i++) ring.push(frame(i));
    ring.push(frame(30, { discontinuity: true }));
    expect(ring.length).toBe(1);
  });
});

describe("segments", () => {
  it("are fetched once, and again after a failure", async () => {
    let calls = 0;
    const cache = new SegmentCache(() => {
      calls++;
      return calls === 1 ? Promise.reject(new Error("away")) : Promise.resolve(new Uint8Array());
    });
    await expect(cache.get(segment(0, 2))).rejects.toThrow("away");
    expect(await cache.get(segment(0, 2))).toEqual([]);
    cache.prefetch(segment(0, 2));
    expect(calls).toBe(2);
  });
});

describe("addresses", () => {
  it("lead to their pages", () => {
    expect(parseRoute("/app/", "")).toEqual({ page: "wall" });
    expect(parseRoute("/app/nonsense", "")).toEqual({ page: "wall" });
    expect(parseRoute("/app/requests", "")).toEqual({ page: "requests" });
    const [path = "", query = ""] = playbackPath("cam 1", 1_795_420_000_000).split("?");
    expect(parseRoute(path, query)).toEqual({
      page: "playback",
      camera: "cam 1",
      at: 1_795_420_000_000,
    });
  });

  it("of the tools are checked before they are used", () => {
    const hash = "ab".repeat(32);
    expect(
      readParameters(`#server=http://localhost:8600/x&request=${hash}&demo=custodian-a&auto=1`),
    ).toMatchObject({
      server: "http://localhost:8600",
      request: hash,
      auto: true,
    });
    expect(readParameters("#auto=1").auto).toBe(false);
    for (const bad of [
      "#server=http://city.example",
      "#server=ftp://localhost",
      "#server=x",
      "#request=zz",
      "#demo=../x",
    ]) {
      expect(() => readParameters(bad)).toThrow();
    }
  });
});
