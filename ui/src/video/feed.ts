// One camera's live view over a WebSocket: frames in, reconnecting with back-off and jitter.

import { parseFrame, type Frame } from "../media/frames.ts";

export type FeedState =
  { kind: "connecting" } | { kind: "live" } | { kind: "waiting"; reason: string; retryAt: number };

export interface FeedEvents {
  frame(frame: Frame): void;
  state(state: FeedState): void;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** No frame for so long means that the connection is dead, whatever TCP thinks. */
const SILENCE_MS = 8_000;

export class Feed {
  private socket: WebSocket | null = null;
  private timer = 0;
  private watchdog = 0;
  private delay = FIRST_DELAY_MS;
  private reason = "";
  private closed = false;

  constructor(
    private readonly url: string,
    private readonly events: FeedEvents,
  ) {
    this.connect();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
    this.socket?.close();
  }

  private connect(): void {
    this.reason = "";
    this.events.state({ kind: "connecting" });
    const socket = new WebSocket(this.url);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") this.control(data);
      else this.frame(new Uint8Array(data));
    };
    socket.onclose = () => this.ended(socket);
    this.socket = socket;
    this.feedWatchdog();
  }

  private frame(message: Uint8Array<ArrayBuffer>): void {
    this.delay = FIRST_DELAY_MS;
    this.feedWatchdog();
    let frame: Frame;
    try {
      frame = parseFrame(message);
    } catch {
      this.socket?.close(); // what cannot be read is never drawn
      return;
    }
    this.events.frame(frame);
    this.events.state({ kind: "live" });
  }

  private control(text: string): void {
    const message = JSON.parse(text) as { type?: string; reason?: string; message?: string };
    if (message.type === "end") {
      this.reason = message.message ?? message.reason ?? "";
      this.socket?.close();
    }
  }

  private ended(socket: WebSocket): void {
    clearTimeout(this.watchdog);
    if (this.closed || this.socket !== socket) return;
    const wait = this.delay * (0.7 + 0.6 * Math.random());
    this.delay = Math.min(this.delay * 2, LONGEST_DELAY_MS);
    this.events.state({ kind: "waiting", reason: this.reason, retryAt: Date.now() + wait });
    this.timer = window.setTimeout(() => this.connect(), wait);
  }

  private feedWatchdog(): void {
    clearTimeout(this.watchdog);
    this.watchdog = window.setTimeout(() => this.socket?.close(), SILENCE_MS);
  }
}
