// Timeline arithmetic: spans as the server tells them, the segment for a moment, tick marks.

export type SpanState = "recorded" | "pixelated" | "gap";

export interface Span {
  start: number;
  end: number;
  state: SpanState;
  /** Why there is a gap, where the store explains it. */
  reason?: string;
}

export interface Segment {
  seq: number;
  window: string;
  start: number;
  end: number;
}

export interface Range {
  from: number;
  to: number;
}

/** Sorted, cut to the range, neighbours alike joined, and every hole between them a gap. */
export function wholeTimeline(spans: Span[], range: Range): Span[] {
  const out: Span[] = [];
  const add = (start: number, end: number, state: SpanState, reason?: string): void => {
    const last = out.at(-1);
    if (end <= start) return;
    if (last?.state === state && last.reason === reason && last.end >= start)
      last.end = Math.max(last.end, end);
    else out.push({ start, end, state, ...(reason === undefined ? {} : { reason }) });
  };
  let at = range.from;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const start = Math.max(span.start, at);
    const end = Math.min(span.end, range.to);
    if (end <= start) continue;
    add(at, start, "gap");
    add(start, end, span.state, span.reason);
    at = end;
  }
  add(at, range.to, "gap");
  return out;
}

/** The segment that holds this moment, else the next one, else the last one; -1 without any. */
export function segmentFor(segments: Segment[], at: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.end ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  return Math.min(low, segments.length - 1);
}

const STEPS_S = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
];

/** Moments for labels, at most `most` of them, on round local times. */
export function ticks(
  range: Range,
  most: number,
  offsetMinutes = new Date(range.from).getTimezoneOffset(),
): number[] {
  const length = (range.to - range.from) / 1000;
  const step = (STEPS_S.find((s) => length / s <= most) ?? 86_400) * 1000;
  const shift = offsetMinutes * 60_000;
  const out: number[] = [];
  for (let t = Math.ceil((range.from - shift) / step) * step + shift; t <= range.to; t += step)
    out.push(t);
  return out;
}

/** A part of `whole`, `length` long, with `at` inside it. */
export function viewAround(whole: Range, length: number, at: number): Range {
  const size = Math.min(length, whole.to - whole.from);
  const from = Math.min(Math.max(at - size / 2, whole.from), whole.to - size);
  return { from, to: from + size };
}

export const share = (range: Range, at: number): number =>
  Math.min(Math.max((at - range.from) / (range.to - range.from), 0), 1);
