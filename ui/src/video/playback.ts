// Plays recorded views: seek to any frame, speeds, single frames. Decodes from the key frame before.

import type { Frame } from "../media/frames.ts";
import { draw, PictureDecoder, type Picture } from "./decoder.ts";
import { noteDrawn, noteSeek } from "./diagnostics.ts";
import type { SegmentCache } from "./segments.ts";
import { segmentFor, type Segment } from "./timeline.ts";

export interface PlaybackStatus {
  wallMs: number | null;
  pixelated: boolean;
  playing: boolean;
  seeking: boolean;
  ended: boolean;
}

export interface Player {
  setSegments(segments: Segment[]): void;
  seek(wallMs: number): Promise<void>;
  play(): void;
  pause(): void;
  setSpeed(speed: number): void;
  step(by: -1 | 1): Promise<void>;
  close(): void;
}

/** Pictures decoded ahead of the one shown. More would only hold memory. */
const AHEAD = 8;
/** A decoder that keeps a picture back for so long is asked to flush. */
const STALL_MS = 250;
/** A hole longer than this between two frames is jumped over. */
const GAP_MS = 500;

export class CanvasPlayer implements Player {
  private segments: Segment[] = [];
  private readonly decoder: PictureDecoder;
  private ready: Picture[] = [];
  /** The next frame to give to the decoder. */
  private next = { segment: 0, frame: 0 };
  private shown: Frame | null = null;
  private target: { frame: Frame; done: () => void } | null = null;
  private playing = false;
  private ended = false;
  private speed = 1;
  private mediaMs = 0;
  private lastTick = 0;
  private generation = 0;
  private feeding = false;
  private raf = 0;

  constructor(
    private readonly camera: string,
    private readonly canvas: HTMLCanvasElement,
    private readonly cache: SegmentCache,
    private readonly onStatus: (status: PlaybackStatus) => void,
    private readonly onError: (message: string) => void,
  ) {
    this.decoder = new PictureDecoder((picture) => this.picture(picture), onError);
  }

  setSegments(segments: Segment[]): void {
    const current = this.segments[this.next.segment];
    this.segments = segments;
    // The list grows at its end and loses shredded windows at its start.
    const moved = segments.findIndex((s) => s.window === current?.window && s.seq === current.seq);
    if (moved >= 0) this.next.segment = moved;
    if (this.playing) void this.feed();
  }

  async seek(wallMs: number): Promise<void> {
    const started = performance.now();
    const generation = this.restart();
    const index = segmentFor(this.segments, wallMs);
    const segment = this.segments[index];
    if (segment === undefined) return;
    this.cache.prefetch(this.segments[index + 1]);
    const frames = await this.framesOf(segment);
    if (generation !== this.generation || frames === null) return;
    this.cache.prefetch(this.segments[index - 1]);
    const at = Math.max(
      frames.findLastIndex((frame) => frame.wallMs <= wallMs),
      0,
    );
    const wanted = frames[at];
    if (wanted === undefined) return;
    const shown = new Promise<void>((done) => (this.target = { frame: wanted, done }));
    this.tell();
    for (const frame of frames.slice(0, at + 1)) this.decoder.decode(frame);
    this.next = { segment: index, frame: at + 1 };
    const stalled = setTimeout(() => void this.decoder.flush(), STALL_MS);
    void this.feed();
    await shown;
    clearTimeout(stalled);
    if (generation === this.generation) noteSeek(performance.now() - started);
  }

  play(): void {
    if (this.playing) return;
    this.playing = true;
    this.lastTick = performance.now();
    this.mediaMs = this.shown?.wallMs ?? 0;
    void this.feed();
    this.raf = requestAnimationFrame(() => this.tick());
    this.tell();
  }

  pause(): void {
    this.playing = false;
    cancelAnimationFrame(this.raf);
    this.tell();
  }

  setSpeed(speed: number): void {
    this.speed = speed;
  }

  async step(by: -1 | 1): Promise<void> {
    this.pause();
    if (this.shown === null || this.target !== null) return;
    if (by === -1) {
      const before = await this.frameBefore(this.shown);
      if (before !== null) await this.seek(before.wallMs);
      return;
    }
    const picture = this.ready.shift();
    if (picture !== undefined) this.show(picture);
    void this.feed();
  }

  close(): void {
    this.pause();
    this.restart();
  }

  private restart(): number {
    this.decoder.reset();
    for (const { image } of this.ready) image.close();
    this.ready = [];
    this.target?.done();
    this.target = null;
    this.ended = false;
    this.feeding = false;
    return ++this.generation;
  }

  private async framesOf(segment: Segment): Promise<Frame[] | null> {
    try {
      return await this.cache.get(segment);
    } catch (error) {
      this.onError(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  private picture(picture: Picture): void {
    if (this.target === null) {
      this.ready.push(picture);
      return;
    }
    // At or after: the wanted frame itself may be one that cannot be decoded.
    if (picture.frame.wallMs < this.target.frame.wallMs) {
      picture.image.close();
      return;
    }
    const { done } = this.target;
    this.target = null;
    this.mediaMs = picture.frame.wallMs;
    this.lastTick = performance.now();
    this.show(picture);
    done();
  }

  private show({ frame, image }: Picture): void {
    draw(this.canvas, image);
    this.shown = frame;
    noteDrawn(this.camera, frame.wallMs, frame.sequence);
    this.tell();
  }

  /** Keeps the decoder a few pictures ahead of what is shown. */
  private async feed(): Promise<void> {
    if (this.feeding) return;
    this.feeding = true;
    const generation = this.generation;
    const ahead = Math.max(AHEAD, Math.ceil(this.speed * AHEAD));
    while (this.ready.length + this.decoder.queued < ahead) {
      const segment = this.segments[this.next.segment];
      if (segment === undefined) break;
      const frames = await this.framesOf(segment);
      if (generation !== this.generation) return;
      if (frames === null) break;
      const frame = frames[this.next.frame];
      if (frame === undefined) {
        this.next = { segment: this.next.segment + 1, frame: 0 };
        this.cache.prefetch(this.segments[this.next.segment + 1]);
        continue;
      }
      this.decoder.decode(frame);
      this.next.frame++;
    }
    this.feeding = false;
  }

  private tick(): void {
    if (!this.playing) return;
    const now = performance.now();
    this.mediaMs += (now - this.lastTick) * this.speed;
    this.lastTick = now;
    const first = this.ready[0];
    if (first === undefined) this.hold();
    else if (first.frame.wallMs - this.mediaMs > GAP_MS) this.mediaMs = first.frame.wallMs;
    let due: Picture | null = null;
    while (this.ready[0] !== undefined && this.ready[0].frame.wallMs <= this.mediaMs) {
      due?.image.close();
      due = this.ready.shift() ?? null;
    }
    if (due !== null) this.show(due);
    void this.feed();
    this.raf = requestAnimationFrame(() => this.tick());
  }

  /** Nothing is decoded yet: time stands still, or the recording is over. */
  private hold(): void {
    if (this.target !== null || this.shown === null) return;
    this.mediaMs = Math.min(this.mediaMs, this.shown.wallMs + this.shown.durationMs);
    const over = this.next.segment >= this.segments.length && this.decoder.queued === 0;
    if (over !== this.ended) {
      this.ended = over;
      this.tell();
    }
  }

  private async frameBefore(frame: Frame): Promise<Frame | null> {
    const index = segmentFor(this.segments, frame.wallMs);
    for (const segment of [this.segments[index], this.segments[index - 1]]) {
      const frames = segment === undefined ? null : await this.framesOf(segment);
      const before = frames?.findLast((other) => other.wallMs < frame.wallMs);
      if (before !== undefined) return before;
    }
    return null;
  }

  private tell(): void {
    this.onStatus({
      wallMs: this.shown?.wallMs ?? null,
      pixelated: this.shown?.pixelated ?? false,
      playing: this.playing,
      seeking: this.target !== null,
      ended: this.ended,
    });
  }
}
