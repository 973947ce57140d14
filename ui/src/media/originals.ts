// Opened originals in a video element: the camera's own compressed pictures, appended as they are.

import type { Bytes } from "../base/bytes.ts";
import { boxes, find } from "./boxes.ts";

/** Codec string (RFC 6381) of an fMP4's first track, or null when it holds none that is known. */
export function codecOfFile(fmp4: Bytes): string | null {
  const table = find(fmp4, "moov", "trak", "mdia", "minf", "stbl", "stsd");
  if (table === null) return null;
  for (const entry of boxes(table.content.subarray(8))) {
    // A visual sample entry has 78 bytes of its own before its boxes.
    for (const box of boxes(entry.content.subarray(78))) {
      if (box.type === "avcC") return `${entry.type}.${hex(box.content.subarray(1, 4))}`;
      if (box.type === "hvcC") return `${entry.type}.1.6.L${box.content[12] ?? 93}.B0`;
      if (box.type === "av1C") return av1(entry.type, box.content);
    }
  }
  return null;
}

/** `av01.P.LLT.DD` (AV1 Codec ISO Media File Format Binding, section 5) from an `av1C` box. */
function av1(type: string, [, first = 0, second = 0]: Bytes): string {
  const two = (value: number): string => value.toString().padStart(2, "0");
  const depth = (second & 0x40) === 0 ? 8 : (second & 0x20) === 0 ? 10 : 12;
  return `${type}.${first >> 5}.${two(first & 31)}${second & 0x80 ? "H" : "M"}.${two(depth)}`;
}

const hex = (bytes: Bytes): string =>
  Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

export const canPlay = (codec: string | null): boolean =>
  codec !== null && MediaSource.isTypeSupported(`video/mp4; codecs="${codec}"`);

/**
 * Plays segments one after another; resolves with the end of each on the element's own clock (s).
 *
 * A window may begin in the middle of a group of pictures, whose key frame lies in the window before:
 * those pictures cannot be decoded alone, so the picture begins, and begins again, at the first that can.
 */
export async function play(
  video: HTMLVideoElement,
  segments: Bytes[],
  codec: string,
): Promise<number[]> {
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await once(source, "sourceopen");
  const buffer = source.addSourceBuffer(`video/mp4; codecs="${codec}"`);
  buffer.mode = "sequence";
  const ends: number[] = [];
  let now = codec;
  for (const segment of segments) {
    const next = codecOfFile(segment);
    if (next !== now && next !== null && canPlay(next)) {
      // The camera was set to another codec or size in the middle of the window.
      buffer.changeType(`video/mp4; codecs="${next}"`);
      now = next;
    }
    buffer.appendBuffer(segment);
    await once(buffer, "updateend");
    ends.push(buffer.buffered.length === 0 ? 0 : buffer.buffered.end(buffer.buffered.length - 1));
  }
  if (source.readyState === "open") source.endOfStream();
  const first = buffer.buffered.length === 0 ? 0 : buffer.buffered.start(0);
  const begin = (): void => {
    if (video.currentTime < first) video.currentTime = first;
  };
  video.addEventListener("seeked", begin);
  begin();
  return ends;
}

const once = (target: EventTarget, event: string): Promise<void> =>
  new Promise((resolve) => target.addEventListener(event, () => resolve(), { once: true }));
