// The view's frame message (docs/design/interfaces.md), as live and playback carry it.

import { view, type Bytes } from "../base/bytes.ts";

export const HEADER_BYTES = 20;

export interface Frame {
  key: boolean;
  /** The whole picture is withheld: protection is being restored. */
  pixelated: boolean;
  discontinuity: boolean;
  wallMs: number;
  durationMs: number;
  sequence: number;
  /** Annex B access unit. */
  data: Bytes;
}

/** Throws RangeError when the message is not version 1 or is cut off. */
export function parseFrame(message: Bytes): Frame {
  if (message.length <= HEADER_BYTES || message[0] !== 1)
    throw new RangeError("not a frame message");
  const header = view(message);
  const flags = header.getUint8(1);
  return {
    key: (flags & 1) !== 0,
    pixelated: (flags & 2) !== 0,
    discontinuity: (flags & 4) !== 0,
    wallMs: Number(header.getBigUint64(4)),
    durationMs: header.getUint32(12),
    sequence: header.getUint32(16),
    data: message.subarray(HEADER_BYTES),
  };
}

/** `u32 length | frame message`, repeated: a playback segment. */
export function parseFrames(data: Bytes): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < data.length;) {
    const length = at + 4 <= data.length ? view(data).getUint32(at) : Infinity;
    if (at + 4 + length > data.length) throw new RangeError("a segment is cut off");
    frames.push(parseFrame(data.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return frames;
}
