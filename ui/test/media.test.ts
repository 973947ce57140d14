import { describe, expect, it } from "vitest";
import { concat, fromBase64, fromHex, type Bytes } from "../src/base/bytes.ts";
import { boxes, find } from "../src/media/boxes.ts";
import { parseFrame, parseFrames, type Frame } from "../src/media/frames.ts";
import { box, fragment, initFor } from "../src/media/fmp4.ts";
import { codecOf, lengthPrefixed, nalType, nalUnits, pictureSize } from "../src/media/nal.ts";
import { codecOfFile } from "../src/media/originals.ts";
import { releaseVector } from "./vectors.ts";

/** x264, 1280x720, constrained baseline and high, and 1920x1080 (cropped) in high. */
const SPS = {
  "avc1.42c01f": ["6742c01fd9005005bb016a02020280000003008000001e478c1924", 1280, 720],
  "avc1.64001f": ["6764001facd9405005bb016a02020280000003008000001e478c18cb", 1280, 720],
  "avc1.640028": ["67640028acd940780227e5c05a80808080a0000003002000000781e306cb2c", 1920, 1080],
} as const;

function message(flags: number, sequence: number, data: Bytes): Bytes {
  const out = new Uint8Array(20 + data.length);
  const view = new DataView(out.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, flags);
  view.setBigUint64(4, 1_795_420_000_123n);
  view.setUint32(12, 40);
  view.setUint32(16, sequence);
  out.set(data, 20);
  return out;
}

const key = (): Frame => {
  const sps = fromHex(SPS["avc1.42c01f"][0]);
  const start = fromHex("00000001");
  const data = concat(
    start,
    sps,
    start,
    fromHex("68cb83cb20"),
    fromHex("000001"),
    fromHex("65888401"),
  );
  return parseFrame(message(1, 7, data));
};

describe("frame messages", () => {
  it("are read with every field", () => {
    const frame = parseFrame(message(0b111, 0xffff_ffff, fromHex("0000000165")));
    expect(frame).toMatchObject({ key: true, pixelated: true, discontinuity: true });
    expect(frame).toMatchObject({
      wallMs: 1_795_420_000_123,
      durationMs: 40,
      sequence: 0xffff_ffff,
    });
    expect(frame.data).toEqual(fromHex("0000000165"));
  });

  it("are refused when cut off or of another version", () => {
    const good = message(1, 1, fromHex("65"));
    expect(() => parseFrame(good.slice(0, 20))).toThrow(RangeError);
    good[0] = 2;
    expect(() => parseFrame(good)).toThrow(RangeError);
  });

  it("stand one after another in a segment", () => {
    const one = message(1, 1, fromHex("65aa"));
    const two = message(0, 2, fromHex("41bb"));
    const length = (m: Bytes): Bytes => Uint8Array.of(0, 0, 0, m.length);
    const data = concat(length(one), one, length(two), two);
    expect(parseFrames(data).map(({ sequence }) => sequence)).toEqual([1, 2]);
    for (const cut of [1, 3, 10, data.length - 1]) {
      expect(() => parseFrames(data.slice(0, cut))).toThrow(RangeError);
    }
  });
});

describe("H.264", () => {
  it.each(Object.entries(SPS))("reads codec and size: %s", (codec, [hex, width, height]) => {
    expect(codecOf(fromHex(hex))).toBe(codec);
    expect(pictureSize(fromHex(hex))).toEqual({ width, height });
  });

  it("splits at start codes of three and four bytes", () => {
    expect(nalUnits(key().data).map(nalType)).toEqual([7, 8, 5]);
    expect(lengthPrefixed(nalUnits(key().data))).toEqual(fromHex("0000000465888401"));
  });
});

describe("fMP4", () => {
  it("begins with what a browser needs to know", () => {
    const init = initFor(key());
    expect(init).toMatchObject({ codec: "avc1.42c01f", width: 1280, height: 720 });
    const bytes = init?.bytes ?? new Uint8Array();
    expect([...boxes(bytes)].map(({ type }) => type)).toEqual(["ftyp", "moov"]);
    expect(find(bytes, "moov", "trak", "mdia", "minf", "stbl", "stsd")).not.toBeNull();
    expect(codecOfFile(bytes)).toBe("avc1.42c01f");
  });

  it("needs parameter sets", () => {
    expect(initFor(parseFrame(message(1, 1, fromHex("0000000165"))))).toBeNull();
  });

  it("holds one frame a fragment, with its time and a data offset that fits", () => {
    const bytes = fragment(key(), 3, 5_000_000_000, 40);
    const [moof, mdat] = [...boxes(bytes)];
    expect([moof?.type, mdat?.type]).toEqual(["moof", "mdat"]);
    const time = find(bytes, "moof", "traf", "tfdt")?.content ?? new Uint8Array();
    expect(new DataView(time.buffer, time.byteOffset).getBigUint64(4)).toBe(5_000_000_000n);
    const run = find(bytes, "moof", "traf", "trun")?.content ?? new Uint8Array();
    const view = new DataView(run.buffer, run.byteOffset);
    expect(view.getUint32(8)).toBe((moof?.whole.length ?? 0) + 8);
    expect(view.getUint32(12)).toBe(40);
    expect(view.getUint32(16)).toBe(mdat?.content.length);
  });

  it("of an original names its codec", () => {
    const [plain = ""] = releaseVector().plain;
    expect(codecOfFile(fromBase64(plain))).toMatch(/^avc[13]\.[0-9a-f]{6}$/);
    expect(codecOfFile(new Uint8Array(8))).toBeNull();
  });

  it("of an AV1 original names profile, level, tier and depth", () => {
    const configuration = box("av1C", fromHex("81080c000a0b"));
    const entry = box("av01", new Uint8Array(78), configuration);
    const table = box("stsd", new Uint8Array(8), entry);
    const file = box("moov", box("trak", box("mdia", box("minf", box("stbl", table)))));
    expect(codecOfFile(file)).toBe("av01.0.08M.08");
  });

  it("is walked without running past its end", () => {
    expect([...boxes(fromHex("0000000c66726565"))]).toEqual([]);
    expect([...boxes(fromHex("0000000466726565"))]).toEqual([]);
  });
});
