// Segments of one playback: fetched once, kept for a while, neighbours fetched ahead.

import { parseFrames, type Frame } from "../media/frames.ts";
import type { Segment } from "./timeline.ts";

const KEEP = 40;

export class SegmentCache {
  private readonly kept = new Map<string, Promise<Frame[]>>();

  constructor(
    private readonly fetchBytes: (segment: Segment) => Promise<Uint8Array<ArrayBuffer>>,
  ) {}

  /** The frames of a segment, decode order; a failed fetch is forgotten, so that it may be retried. */
  get(segment: Segment): Promise<Frame[]> {
    const key = `${segment.window} ${segment.seq}`;
    const known = this.kept.get(key);
    if (known !== undefined) {
      this.kept.delete(key);
      this.kept.set(key, known);
      return known;
    }
    const fetched = this.fetchBytes(segment).then(parseFrames);
    this.kept.set(key, fetched);
    fetched.catch(() => this.kept.delete(key));
    const oldest = this.kept.keys().next().value;
    if (this.kept.size > KEEP && oldest !== undefined) this.kept.delete(oldest);
    return fetched;
  }

  prefetch(segment: Segment | undefined): void {
    if (segment !== undefined) this.get(segment).catch(() => undefined); // tried again when it is needed
  }
}
