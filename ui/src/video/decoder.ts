// H.264 through WebCodecs: whole pictures in the order they were sent, each with its frame's header.

import { codecOf, nalType, nalUnits, SPS } from "../media/nal.ts";
import type { Frame } from "../media/frames.ts";

export const hasWebCodecs = (): boolean => "VideoDecoder" in window;

export interface Picture {
  frame: Frame;
  image: VideoFrame;
}

/**
 * Pictures come to `onPicture`, which must close them. A decoder that fails tells `onError` and
 * starts again at the next key frame: a damaged picture is never shown as if it were whole.
 */
export class PictureDecoder {
  private decoder: VideoDecoder | null = null;
  private codec = "";
  private waiting = new Map<number, Frame>();
  private stamp = 0;
  private generation = 0;
  private needsKey = false;

  constructor(
    private readonly onPicture: (picture: Picture) => void,
    private readonly onError: (message: string) => void,
  ) {}

  get queued(): number {
    return this.waiting.size;
  }

  /** False when the frame was left out: nothing can be decoded before a key frame. */
  decode(frame: Frame): boolean {
    if (frame.key) this.configure(frame);
    if (frame.key) this.needsKey = false;
    if (this.decoder?.state !== "configured" || this.needsKey) return false;
    this.stamp += 1000;
    this.waiting.set(this.stamp, frame);
    this.decoder.decode(
      new EncodedVideoChunk({
        type: frame.key ? "key" : "delta",
        timestamp: this.stamp,
        data: frame.data,
      }),
    );
    return true;
  }

  /** Resolves when everything given has come out. Only a key frame may follow. */
  async flush(): Promise<void> {
    if (this.decoder?.state !== "configured") return;
    const generation = this.generation;
    this.needsKey = true;
    try {
      await this.decoder.flush();
    } catch (error) {
      if (generation === this.generation) throw error; // a reset in between is no fault
    }
  }

  /** Forgets everything; the next frame must be a key frame. */
  reset(): void {
    this.generation++;
    this.waiting.clear();
    if (this.decoder !== null && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
    this.codec = "";
  }

  private configure(frame: Frame): void {
    const sps = nalUnits(frame.data).find((unit) => nalType(unit) === SPS);
    const codec = sps === undefined ? this.codec : codecOf(sps);
    if (codec === "" || (codec === this.codec && this.decoder?.state === "configured")) return;
    this.reset();
    const generation = this.generation;
    const decoder = new VideoDecoder({
      output: (image) => this.output(image, generation),
      error: (error) => this.failed(error.message, generation),
    });
    decoder.configure({ codec, optimizeForLatency: true, hardwareAcceleration: "no-preference" });
    this.decoder = decoder;
    this.codec = codec;
  }

  private output(image: VideoFrame, generation: number): void {
    const frame = this.waiting.get(image.timestamp);
    if (generation !== this.generation || frame === undefined) {
      image.close();
      return;
    }
    this.waiting.delete(image.timestamp);
    this.onPicture({ frame, image });
  }

  private failed(message: string, generation: number): void {
    if (generation !== this.generation) return;
    this.reset();
    this.onError(message);
  }
}

/** Draws a picture at its own size and releases it. */
export function draw(canvas: HTMLCanvasElement, image: VideoFrame): void {
  if (canvas.width !== image.displayWidth || canvas.height !== image.displayHeight) {
    canvas.width = image.displayWidth;
    canvas.height = image.displayHeight;
  }
  canvas.getContext("2d", { alpha: false })?.drawImage(image, 0, 0);
  image.close();
}
