// The last few seconds of a live view, as compressed frames, so that a paused picture can be stepped.

import type { Frame } from "../media/frames.ts";

export const KEEP_MS = 5_000;

export class Ring {
  private frames: Frame[] = [];

  /** Keeps whole groups of pictures: what is dropped ends before a key frame. */
  push(frame: Frame): void {
    if (frame.discontinuity && frame.key) this.frames = [];
    if (this.frames.length === 0 && !frame.key) return;
    this.frames.push(frame);
    if (!frame.key) return;
    const oldest = frame.wallMs - KEEP_MS;
    let cut = 0;
    this.frames.forEach((kept, i) => {
      if (kept.key && kept.wallMs <= oldest) cut = i;
    });
    this.frames.splice(0, cut);
  }

  get length(): number {
    return this.frames.length;
  }

  /** Position of the frame with this sequence, or of the last one. */
  indexOf(sequence: number): number {
    const found = this.frames.findIndex((frame) => frame.sequence === sequence);
    return found >= 0 ? found : this.frames.length - 1;
  }

  /** The frames from the key frame before `index` up to `index`: what must be decoded to see it. */
  upTo(index: number): Frame[] {
    let key = index;
    while (key > 0 && this.frames[key]?.key !== true) key--;
    return this.frames.slice(key, index + 1);
  }

  clear(): void {
    this.frames = [];
  }
}
