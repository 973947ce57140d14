// H.264 byte stream (ITU-T H.264 Annex B): NAL units, codec string, picture size.

import { concat, type Bytes } from "../base/bytes.ts";

export const SPS = 7;
export const PPS = 8;

export const nalType = (nal: Uint8Array): number => (nal[0] ?? 0) & 0x1f;

/** The NAL units of an access unit, without start codes. */
export function nalUnits(annexB: Bytes): Bytes[] {
  const units: Bytes[] = [];
  let start = -1;
  for (let i = 0; i + 2 < annexB.length; i++) {
    if (annexB[i] !== 0 || annexB[i + 1] !== 0 || annexB[i + 2] !== 1) continue;
    if (start >= 0) units.push(trimmed(annexB, start, i));
    start = i + 3;
    i += 2;
  }
  if (start >= 0) units.push(annexB.subarray(start));
  return units.filter((unit) => unit.length > 0);
}

/** Zero bytes before the next start code belong to that code. */
function trimmed(bytes: Bytes, start: number, end: number): Bytes {
  let last = end;
  while (last > start && bytes[last - 1] === 0) last--;
  return bytes.subarray(start, last);
}

/** `avc1.PPCCLL` (RFC 6381) from a sequence parameter set. */
export const codecOf = (sps: Uint8Array): string =>
  `avc1.${[1, 2, 3].map((i) => (sps[i] ?? 0).toString(16).padStart(2, "0")).join("")}`;

/** NAL units with 4-byte lengths, as mp4 keeps them; parameter sets and delimiters left out. */
export function lengthPrefixed(units: Bytes[]): Bytes {
  const parts: Uint8Array[] = [];
  for (const unit of units) {
    const type = nalType(unit);
    if (type === SPS || type === PPS || type === 9) continue;
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, unit.length);
    parts.push(length, unit);
  }
  return concat(...parts);
}

/** Width and height in pixels from a sequence parameter set (section 7.3.2.1.1), cropping applied. */
export function pictureSize(sps: Bytes): { width: number; height: number } {
  const bits = new Bits(unescaped(sps.subarray(1)));
  const profile = bits.read(8);
  bits.read(16);
  bits.ue();
  let chroma = 1;
  if ([100, 110, 122, 244, 44, 83, 86, 118, 128].includes(profile)) {
    chroma = bits.ue();
    if (chroma === 3) bits.read(1);
    bits.ue();
    bits.ue();
    bits.read(1);
    if (bits.read(1) === 1) skipScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  bits.ue();
  skipOrderCount(bits);
  bits.ue();
  bits.read(1);
  const widthInMacroblocks = bits.ue() + 1;
  const heightInMapUnits = bits.ue() + 1;
  const framesOnly = bits.read(1);
  if (framesOnly === 0) bits.read(1);
  bits.read(1);
  const [left, right, top, bottom] =
    bits.read(1) === 1 ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * (2 - framesOnly);
  return {
    width: widthInMacroblocks * 16 - unitX * (left + right),
    height: heightInMapUnits * 16 * (2 - framesOnly) - unitY * (top + bottom),
  };
}

function skipOrderCount(bits: Bits): void {
  const kind = bits.ue();
  if (kind === 0) bits.ue();
  if (kind !== 1) return;
  bits.read(1);
  bits.ue();
  bits.ue();
  for (let cycles = bits.ue(); cycles > 0; cycles--) bits.ue();
}

function skipScalingLists(bits: Bits, lists: number): void {
  for (let list = 0; list < lists; list++) {
    if (bits.read(1) === 0) continue;
    let next = 8;
    for (let i = 0, last = 8; i < (list < 6 ? 16 : 64) && next !== 0; i++) {
      next = (last + bits.se() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

/** Drops emulation prevention bytes (00 00 03). */
function unescaped(bytes: Bytes): Uint8Array {
  return bytes.filter(
    (byte, i) => !(byte === 3 && i >= 2 && bytes[i - 1] === 0 && bytes[i - 2] === 0),
  );
}

class Bits {
  private at = 0;
  constructor(private readonly bytes: Uint8Array) {}

  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.at++) {
      value = value * 2 + (((this.bytes[this.at >> 3] ?? 0) >> (7 - (this.at & 7))) & 1);
    }
    return value;
  }

  ue(): number {
    let zeros = 0;
    while (zeros < 32 && this.read(1) === 0) zeros++;
    return 2 ** zeros - 1 + this.read(zeros);
  }

  se(): number {
    const k = this.ue();
    return k % 2 === 1 ? (k + 1) / 2 : -k / 2;
  }
}
