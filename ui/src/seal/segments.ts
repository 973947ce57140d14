// Released originals: sealed segments from the server, opened one by one on the requester's machine.

import { text, view, type Bytes } from "../base/bytes.ts";
import { CheckFailed } from "../base/errors.ts";
import { isObject } from "../log/entries.ts";
import { boxes } from "../media/boxes.ts";
import { openAge } from "./shares.ts";
import { hashHex } from "./windows.ts";

const PLAINVIEW_UUID = "706c61696e7669657700000000000001";

export interface SealedSegment {
  sequence: number;
  plainHash: string;
  cipherHash: string;
  sealed: Bytes;
}

export interface OpenedSegment {
  sequence: number;
  window: string;
  start: string;
  end: string;
  fmp4: Bytes;
}

/** Parses `u32 length | header JSON \n | age file`, repeated; throws CheckFailed("segments"). */
export function parseSegments(data: Bytes): SealedSegment[] {
  const out: SealedSegment[] = [];
  for (let at = 0; at < data.length;) {
    if (at + 4 > data.length) throw badSegments();
    const end = at + 4 + view(data).getUint32(at);
    const newline = data.indexOf(0x0a, at + 4);
    if (end > data.length || newline < 0 || newline >= end) throw badSegments();
    const header: unknown = JSON.parse(text(data.subarray(at + 4, newline)));
    out.push(readHeader(header, data.slice(newline + 1, end)));
    at = end;
  }
  return out;
}

function readHeader(header: unknown, sealed: Bytes): SealedSegment {
  if (!isObject(header)) throw badSegments();
  const sequence = header.seq ?? header.sequence;
  const { plain_sha256: plain, cipher_sha256: cipher } = header;
  if (typeof sequence !== "number" || typeof plain !== "string" || typeof cipher !== "string") {
    throw badSegments();
  }
  return { sequence, plainHash: plain, cipherHash: cipher, sealed };
}

/** Decrypts one segment and compares both hashes and the `uuid` box with what was promised. */
export async function openSegment(
  identity: string,
  window: string,
  segment: SealedSegment,
): Promise<OpenedSegment> {
  const where = `segment ${segment.sequence}`;
  if (hashHex(segment.sealed) !== segment.cipherHash) {
    throw new CheckFailed("segment-cipher", "A sealed segment was changed on its way.", where);
  }
  const fmp4 = await openAge(identity, segment.sealed, "segment-open");
  if (hashHex(fmp4) !== segment.plainHash) {
    throw new CheckFailed("segment-plain", "A segment is not what the camera recorded.", where);
  }
  const meta = readMeta(fmp4);
  if (meta.window !== window || meta.sequence !== segment.sequence) {
    throw new CheckFailed("segment-window", "A segment belongs to another recording.", where);
  }
  return { ...meta, fmp4 };
}

function readMeta(fmp4: Bytes): Omit<OpenedSegment, "fmp4"> {
  for (const box of boxes(fmp4)) {
    if (box.type !== "uuid" || box.uuid !== PLAINVIEW_UUID) continue;
    const value: unknown = JSON.parse(text(box.content));
    if (!isObject(value)) break;
    const { window, seq, start, end } = value;
    if (typeof window !== "string" || typeof seq !== "number") break;
    return { window, sequence: seq, start: toIso(start), end: toIso(end) };
  }
  throw new CheckFailed("segment-box", "A segment does not say where and when it was recorded.");
}

/** The box may hold RFC 3339 or milliseconds. */
const toIso = (value: unknown): string =>
  typeof value === "number"
    ? new Date(value).toISOString()
    : typeof value === "string"
      ? value
      : "";

const badSegments = (): CheckFailed =>
  new CheckFailed("segments", "The server sent sealed video that cannot be read.");
