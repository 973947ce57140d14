// Fragmented MP4 for MediaSource (ISO/IEC 14496-12 and -15): an init segment, then one frame a fragment.

import { concat, utf8, type Bytes } from "../base/bytes.ts";
import { codecOf, lengthPrefixed, nalType, nalUnits, pictureSize, PPS, SPS } from "./nal.ts";
import type { Frame } from "./frames.ts";

export const TIMESCALE = 1000;
const MATRIX = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000];

const u8 = (...values: number[]): Bytes => Uint8Array.from(values);
const u16 = (...values: number[]): Bytes => u8(...values.flatMap((v) => [(v >> 8) & 255, v & 255]));
const u32 = (...values: number[]): Bytes =>
  u8(...values.flatMap((v) => [24, 16, 8, 0].map((shift) => (v >>> shift) & 255)));
const u64 = (value: number): Bytes => u32(Math.floor(value / 2 ** 32), value % 2 ** 32);
const zeros = (count: number): Bytes => new Uint8Array(count);

export function box(type: string, ...content: Uint8Array[]): Bytes {
  const body = concat(...content);
  return concat(u32(body.length + 8), utf8(type), body);
}

const fullBox = (type: string, version: number, flags: number, ...content: Uint8Array[]): Bytes =>
  box(type, u32((version << 24) | flags), ...content);

export interface Init {
  codec: string;
  width: number;
  height: number;
  bytes: Bytes;
}

/** The init segment for a key frame that carries its parameter sets, or null without them. */
export function initFor(keyFrame: Frame): Init | null {
  const units = nalUnits(keyFrame.data);
  const sps = units.find((unit) => nalType(unit) === SPS);
  const pps = units.find((unit) => nalType(unit) === PPS);
  if (sps === undefined || pps === undefined) return null;
  const { width, height } = pictureSize(sps);
  const bytes = concat(
    box("ftyp", utf8("iso5"), u32(512), utf8("iso5iso6mp41")),
    box(
      "moov",
      movieHeader(),
      track(sps, pps, width, height),
      box("mvex", fullBox("trex", 0, 0, u32(1, 1, 0, 0, 0))),
    ),
  );
  return { codec: codecOf(sps), width, height, bytes };
}

const movieHeader = (): Bytes =>
  fullBox(
    "mvhd",
    0,
    0,
    u32(0, 0, TIMESCALE, 0, 0x10000),
    u16(0x0100),
    zeros(10),
    u32(...MATRIX),
    zeros(24),
    u32(2),
  );

function track(sps: Bytes, pps: Bytes, width: number, height: number): Bytes {
  const header = fullBox(
    "tkhd",
    0,
    3,
    u32(0, 0, 1, 0, 0),
    zeros(8),
    u16(0, 0, 0, 0),
    u32(...MATRIX),
    u32(width * 65536, height * 65536),
  );
  const table = box(
    "stbl",
    fullBox("stsd", 0, 0, u32(1), sampleEntry(sps, pps, width, height)),
    ...["stts", "stsc", "stco"].map((type) => fullBox(type, 0, 0, u32(0))),
    fullBox("stsz", 0, 0, u32(0, 0)),
  );
  const data = box("dinf", fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, 1)));
  return box(
    "trak",
    header,
    box(
      "mdia",
      fullBox("mdhd", 0, 0, u32(0, 0, TIMESCALE, 0), u16(0x55c4, 0)),
      fullBox("hdlr", 0, 0, u32(0), utf8("vide"), zeros(12), utf8("view\0")),
      box("minf", fullBox("vmhd", 0, 1, zeros(8)), data, table),
    ),
  );
}

function sampleEntry(sps: Bytes, pps: Bytes, width: number, height: number): Bytes {
  const configuration = box(
    "avcC",
    u8(1, sps[1] ?? 0, sps[2] ?? 0, sps[3] ?? 0, 0xff, 0xe1),
    u16(sps.length),
    sps,
    u8(1),
    u16(pps.length),
    pps,
  );
  return box(
    "avc1",
    zeros(6),
    u16(1),
    zeros(16),
    u16(width, height),
    u32(0x480000, 0x480000, 0),
    u16(1),
    zeros(32),
    u16(0x18, 0xffff),
    configuration,
  );
}

/** One frame as a fragment that begins at `decodeTime` (ms) and lasts `duration` (ms). */
export function fragment(
  frame: Frame,
  number: number,
  decodeTime: number,
  duration: number,
): Bytes {
  const sample = lengthPrefixed(nalUnits(frame.data));
  const flags = frame.key ? 0x02000000 : 0x01010000;
  const build = (offset: number): Bytes =>
    box(
      "moof",
      fullBox("mfhd", 0, 0, u32(number)),
      box(
        "traf",
        fullBox("tfhd", 0, 0x020000, u32(1)),
        fullBox("tfdt", 1, 0, u64(decodeTime)),
        fullBox("trun", 0, 0x000701, u32(1, offset, duration, sample.length, flags)),
      ),
    );
  return concat(build(build(0).length + 8), box("mdat", sample));
}
