// A live picture on the page: feed, decoder, canvas (or a video element where WebCodecs is missing).

import type { Frame } from "../media/frames.ts";
import { serverNow } from "./clock.ts";
import { draw, hasWebCodecs, PictureDecoder, type Picture } from "./decoder.ts";
import { noteDrawn, noteFirstPicture, notePath } from "./diagnostics.ts";
import { Feed, type FeedState } from "./feed.ts";
import { MseScreen } from "./mse.ts";
import { Ring } from "./ring.ts";

/** What a tile shows beside the picture. Pushed at most a few times a second. */
export interface LiveStatus {
  feed: FeedState;
  wallMs: number | null;
  latencyMs: number | null;
  pixelated: boolean;
  paused: boolean;
}

const STATUS_EVERY_MS = 200;
/** More frames than this waiting to be decoded: this machine is too slow, jump to the next key frame. */
const MAX_QUEUE = 120;
/** With more frames than this behind it a picture is not drawn. */
const BACKLOG = 4;

export class LivePlayer {
  private readonly feed: Feed;
  private readonly ring = new Ring();
  private readonly decoder: PictureDecoder | null = null;
  private readonly mse: MseScreen | null = null;
  private readonly started = performance.now();
  private shown: Frame | null = null;
  private paused = false;
  private skipping = false;
  private stepping: Promise<void> = Promise.resolve();
  private state: FeedState = { kind: "connecting" };
  private latency: number | null = null;
  private lastStatus = 0;
  private statusTimer = 0;

  constructor(
    private readonly camera: string,
    url: string,
    private readonly canvas: HTMLCanvasElement,
    video: HTMLVideoElement,
    private readonly onStatus: (status: LiveStatus) => void,
  ) {
    if (hasWebCodecs()) {
      this.decoder = new PictureDecoder(
        (picture) => this.picture(picture),
        () => undefined,
      );
      notePath(camera, "webcodecs");
    } else {
      this.mse = new MseScreen(video, (frame) => this.drawn(frame));
      notePath(camera, "mse");
    }
    this.feed = new Feed(url, {
      frame: (frame) => this.received(frame),
      state: (state) => this.feedState(state),
    });
  }

  close(): void {
    clearTimeout(this.statusTimer);
    this.feed.close();
    this.decoder?.reset();
    this.mse?.close();
  }

  get currentWallMs(): number | null {
    return this.shown?.wallMs ?? null;
  }

  togglePause(): void {
    this.paused = !this.paused;
    if (this.mse !== null) this.mse.setPaused(this.paused);
    else if (!this.paused) this.catchUp();
    this.tell(true);
  }

  /** Shows the frame before (-1) or after (+1) while paused. */
  step(by: -1 | 1): void {
    if (!this.paused) this.togglePause();
    if (this.mse !== null) {
      this.mse.step(by);
      return;
    }
    this.stepping = this.stepping.then(() => this.showStep(by));
  }

  private received(frame: Frame): void {
    this.ring.push(frame);
    if (this.mse !== null) {
      this.mse.push(frame);
      return;
    }
    if (this.paused || this.decoder === null) return;
    if (this.decoder.queued > MAX_QUEUE) this.skipping = true;
    if (this.skipping && !frame.key) return;
    this.skipping = false;
    this.decoder.decode(frame);
  }

  private picture({ frame, image }: Picture): void {
    if (this.paused) {
      image.close();
      return;
    }
    // While it catches up only the newest picture is worth the time that drawing takes.
    if (this.shown !== null && (this.decoder?.queued ?? 0) > BACKLOG) image.close();
    else {
      draw(this.canvas, image);
      this.drawn(frame);
    }
  }

  private drawn(frame: Frame): void {
    if (this.shown === null) noteFirstPicture(this.camera, performance.now() - this.started);
    this.shown = frame;
    noteDrawn(this.camera, frame.wallMs, frame.sequence);
    const now = serverNow() - frame.wallMs;
    this.latency = this.latency === null ? now : this.latency * 0.9 + now * 0.1;
    this.tell(false);
  }

  private async showStep(by: -1 | 1): Promise<void> {
    if (this.shown === null || !this.paused) return;
    const index = this.ring.indexOf(this.shown.sequence) + by;
    if (index < 0 || index >= this.ring.length) return;
    const target = this.ring.upTo(index);
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        once.reset();
        resolve();
      };
      const once = new PictureDecoder(({ frame, image }) => {
        if (frame !== target.at(-1)) image.close();
        else {
          draw(this.canvas, image);
          this.shown = frame;
          noteDrawn(this.camera, frame.wallMs, frame.sequence);
        }
      }, finish);
      for (const frame of target) once.decode(frame);
      once.flush().then(finish, finish);
    });
    this.tell(true);
  }

  /** After a pause: decode the current group of pictures, so that the picture is live at once. */
  private catchUp(): void {
    this.decoder?.reset();
    for (const frame of this.ring.upTo(this.ring.length - 1)) this.decoder?.decode(frame);
  }

  private feedState(state: FeedState): void {
    if (state.kind === this.state.kind && state.kind === "live") return;
    if (state.kind === "connecting") this.decoder?.reset();
    this.state = state;
    this.tell(true);
  }

  private tell(now: boolean): void {
    const wait = this.lastStatus + STATUS_EVERY_MS - performance.now();
    if (!now && wait > 0) {
      // The last change must reach the page too.
      this.statusTimer ||= window.setTimeout(() => this.tell(true), wait);
      return;
    }
    clearTimeout(this.statusTimer);
    this.statusTimer = 0;
    this.lastStatus = performance.now();
    this.onStatus({
      feed: this.state,
      wallMs: this.shown?.wallMs ?? null,
      latencyMs: this.latency,
      pixelated: this.shown?.pixelated ?? false,
      paused: this.paused,
    });
  }
}
