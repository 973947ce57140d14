// Where WebCodecs is missing: fragmented MP4 made here, one frame a fragment, into a video element.

import { equal, type Bytes } from "../base/bytes.ts";
import { fragment, initFor } from "../media/fmp4.ts";
import type { Frame } from "../media/frames.ts";

const KEEP_S = 6;
/** Further behind the edge than this: run a little faster, or jump. */
const CHASE_S = 0.15;
const JUMP_S = 1.0;
const FRAME_MS = 40;

const mime = (codec: string): string => `video/mp4; codecs="${codec}"`;

export class MseScreen {
  private readonly source = new MediaSource();
  private readonly url = URL.createObjectURL(this.source);
  private buffer: SourceBuffer | null = null;
  private codec = "";
  private head: Bytes | null = null;
  /** What the buffer was last told to expect. */
  private type = "";
  private readonly queue: { bytes: Bytes; codec: string }[] = [];
  private readonly times: { at: number; frame: Frame }[] = [];
  private origin = 0;
  private number = 0;
  private nextTime = 0;
  private paused = false;
  private closed = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly onDrawn: (frame: Frame) => void,
  ) {
    video.muted = true;
    video.src = this.url;
    this.source.addEventListener("sourceopen", () => this.drain());
    this.watch();
  }

  push(frame: Frame): void {
    if (frame.key) this.begin(frame);
    if (this.codec === "") return;
    if (this.number === 0) this.origin = frame.wallMs;
    const duration = Math.max(frame.durationMs, 1) || FRAME_MS;
    // Never backwards: a camera's clock may be set back, a buffer's may not.
    const at = Math.max(frame.wallMs - this.origin, this.nextTime);
    this.queue.push({ bytes: fragment(frame, ++this.number, at, duration), codec: this.codec });
    this.nextTime = at + duration;
    this.times.push({ at: at / 1000, frame });
    if (this.times.length > 1000) this.times.shift();
    this.drain();
  }

  setPaused(paused: boolean): void {
    this.paused = paused;
    if (paused) this.video.pause();
    else {
      this.jumpToEdge();
      void this.video.play().catch(() => undefined); // an element that is being removed
    }
  }

  step(by: -1 | 1): void {
    const now = this.times.findLastIndex(({ at }) => at <= this.video.currentTime + 0.001);
    const target = this.times[now + by];
    if (target !== undefined) this.video.currentTime = target.at + 0.001;
  }

  close(): void {
    this.closed = true;
    this.video.removeAttribute("src");
    URL.revokeObjectURL(this.url);
  }

  private begin(frame: Frame): void {
    const init = initFor(frame);
    if (init === null || (this.head !== null && equal(init.bytes, this.head))) return;
    // The camera's picture has another size now, or the recorder began anew.
    this.head = init.bytes;
    this.codec = init.codec;
    this.queue.push({ bytes: init.bytes, codec: init.codec });
  }

  private drain(): void {
    if (this.closed || this.source.readyState !== "open" || this.codec === "") return;
    if (this.buffer === null) {
      this.type = this.queue[0]?.codec ?? this.codec;
      this.buffer = this.source.addSourceBuffer(mime(this.type));
      this.buffer.addEventListener("updateend", () => this.drain());
    }
    if (this.buffer.updating) return;
    const next = this.queue.shift();
    if (next === undefined) {
      this.chase();
      return;
    }
    if (next.codec !== this.type) {
      this.buffer.changeType(mime(next.codec));
      this.type = next.codec;
    }
    this.buffer.appendBuffer(next.bytes);
  }

  private chase(): void {
    const { video, buffer } = this;
    if (buffer === null || buffer.buffered.length === 0 || this.paused) return;
    const edge = buffer.buffered.end(buffer.buffered.length - 1);
    const behind = edge - video.currentTime;
    if (behind > JUMP_S || video.currentTime < buffer.buffered.start(0)) this.jumpToEdge();
    video.playbackRate = behind > CHASE_S ? 1.1 : 1;
    if (video.paused) void video.play().catch(() => undefined); // an element that is being removed
    if (edge - buffer.buffered.start(0) > KEEP_S * 2) buffer.remove(0, edge - KEEP_S);
  }

  private jumpToEdge(): void {
    const buffered = this.buffer?.buffered;
    if (buffered === undefined || buffered.length === 0) return;
    this.video.currentTime = Math.max(buffered.end(buffered.length - 1) - 0.05, 0);
  }

  /** Tells which frame the element really shows. */
  private watch(): void {
    this.video.requestVideoFrameCallback((_now, { mediaTime }) => {
      const shown = this.times.findLast(({ at }) => at <= mediaTime + 0.001);
      if (shown !== undefined) this.onDrawn(shown.frame);
      if (!this.closed) this.watch();
    });
  }
}
