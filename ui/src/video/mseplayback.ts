// Playback where WebCodecs is missing: whole segments as fragmented MP4 into a video element.

import { fragment, initFor } from "../media/fmp4.ts";
import type { Frame } from "../media/frames.ts";
import { noteDrawn, noteSeek } from "./diagnostics.ts";
import type { Player, PlaybackStatus } from "./playback.ts";
import type { SegmentCache } from "./segments.ts";
import { segmentFor, type Segment } from "./timeline.ts";

const AHEAD_S = 6;

export class MsePlayer implements Player {
  private readonly source = new MediaSource();
  private readonly url = URL.createObjectURL(this.source);
  private readonly opened: Promise<void>;
  private buffer: SourceBuffer | null = null;
  private type = "";
  private segments: Segment[] = [];
  private readonly appended = new Set<string>();
  private readonly frames: Frame[] = [];
  private origin: number | null = null;
  private work: Promise<void> = Promise.resolve();
  private closed = false;
  private seekStarted: number | null = null;

  constructor(
    private readonly camera: string,
    private readonly video: HTMLVideoElement,
    private readonly cache: SegmentCache,
    private readonly onStatus: (status: PlaybackStatus) => void,
    private readonly onError: (message: string) => void,
  ) {
    this.opened = new Promise((resolve) =>
      this.source.addEventListener("sourceopen", () => resolve(), { once: true }),
    );
    video.muted = true;
    video.src = this.url;
    video.addEventListener("timeupdate", () => this.ahead());
    this.watch();
  }

  setSegments(segments: Segment[]): void {
    this.segments = segments;
    this.origin ??= segments[0]?.start ?? null;
  }

  async seek(wallMs: number): Promise<void> {
    this.seekStarted = performance.now();
    const index = segmentFor(this.segments, wallMs);
    const segment = this.segments[index];
    if (segment === undefined || this.origin === null) return;
    await this.append(segment);
    const target = this.frames.findLast((frame) => frame.wallMs <= wallMs) ?? this.frames[0];
    this.video.currentTime = ((target?.wallMs ?? wallMs) - this.origin) / 1000 + 0.001;
    this.ahead();
  }

  play(): void {
    void this.video.play().catch((error: unknown) => this.onError(String(error)));
  }

  pause(): void {
    this.video.pause();
  }

  setSpeed(speed: number): void {
    this.video.playbackRate = speed;
  }

  step(by: -1 | 1): Promise<void> {
    this.pause();
    const now = this.frames.findLastIndex(
      (frame) => this.at(frame) <= this.video.currentTime + 0.001,
    );
    const target = this.frames[now + by];
    return target === undefined ? Promise.resolve() : this.seek(target.wallMs);
  }

  close(): void {
    this.closed = true;
    this.video.removeAttribute("src");
    URL.revokeObjectURL(this.url);
  }

  private at(frame: Frame): number {
    return (frame.wallMs - (this.origin ?? 0)) / 1000;
  }

  private ahead(): void {
    const wallMs = this.video.currentTime * 1000 + (this.origin ?? 0);
    const first = segmentFor(this.segments, wallMs);
    for (const segment of this.segments.slice(first, first + AHEAD_S / 2))
      void this.append(segment);
  }

  private append(segment: Segment): Promise<void> {
    this.work = this.work
      .then(() => this.appendNow(segment))
      .catch((error: unknown) => this.onError(String(error)));
    return this.work;
  }

  private async appendNow(segment: Segment): Promise<void> {
    const key = `${segment.window} ${segment.seq}`;
    if (this.appended.has(key) || this.closed) return;
    this.appended.add(key);
    const frames = await this.cache.get(segment);
    await this.opened;
    const init = frames[0] === undefined ? null : initFor(frames[0]);
    if (init === null) return;
    const type = `video/mp4; codecs="${init.codec}"`;
    if (this.buffer !== null && type !== this.type) this.buffer.changeType(type);
    this.buffer ??= this.source.addSourceBuffer(type);
    this.type = type;
    await this.put(init.bytes);
    for (const [i, frame] of frames.entries()) {
      const duration = (frames[i + 1]?.wallMs ?? frame.wallMs + frame.durationMs) - frame.wallMs;
      await this.put(
        fragment(frame, i + 1, frame.wallMs - (this.origin ?? 0), Math.max(duration, 1)),
      );
    }
    this.frames.push(...frames);
    this.frames.sort((a, b) => a.wallMs - b.wallMs);
  }

  private put(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.buffer?.addEventListener("updateend", () => resolve(), { once: true });
      this.buffer?.addEventListener("error", () => reject(new Error("MediaSource")), {
        once: true,
      });
      this.buffer?.appendBuffer(bytes);
    });
  }

  private watch(): void {
    this.video.requestVideoFrameCallback((_now, { mediaTime }) => {
      const frame = this.frames.findLast((other) => this.at(other) <= mediaTime + 0.001);
      if (frame !== undefined) this.shown(frame);
      if (!this.closed) this.watch();
    });
  }

  private shown(frame: Frame): void {
    noteDrawn(this.camera, frame.wallMs, frame.sequence);
    if (this.seekStarted !== null) noteSeek(performance.now() - this.seekStarted);
    this.seekStarted = null;
    this.onStatus({
      wallMs: frame.wallMs,
      pixelated: frame.pixelated,
      playing: !this.video.paused,
      seeking: false,
      ended: this.video.ended,
    });
  }
}
