// Window records as the log holds them, and where sealed shares and pack headers must fit them.

import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../base/bytes.ts";
import { CheckFailed } from "../base/errors.ts";
import { isObject, type Entry } from "../log/entries.ts";

export interface ShareHashes {
  i: number;
  plain: string;
  sealed: string;
}

export interface WindowRecord {
  window: string;
  camera: string;
  start: string;
  end: string;
  pk: string;
  k: number;
  n: number;
  set: string;
  shares: ShareHashes[];
  /** Index of the camera's statement on the log; -1 where the server shows none. */
  register: number;
}

/** Finds this window's record in a `windows` entry of the log; throws CheckFailed("window"). */
export function recordIn(entry: Entry, id: string): WindowRecord {
  const list =
    entry.type === "windows" && Array.isArray(entry.body.windows) ? entry.body.windows : [];
  const found = list.find((item) => isObject(item) && item.window === id);
  if (found === undefined) {
    throw new CheckFailed("window", "The log knows no such recording.", id);
  }
  return readRecord(found);
}

export function readRecord(value: unknown): WindowRecord {
  if (!isObject(value)) throw badWindow();
  const { window, camera, start, end, pk, k, n, set, shares, register } = value;
  const strings = [window, camera, start, end, pk, set];
  if (!strings.every((item) => typeof item === "string") || !Array.isArray(shares))
    throw badWindow();
  if (typeof k !== "number" || typeof n !== "number" || k < 1 || k > n) throw badWindow();
  return {
    window: window as string,
    camera: camera as string,
    start: start as string,
    end: end as string,
    pk: pk as string,
    set: set as string,
    k,
    n,
    shares: shares.map(readHashes),
    register: typeof register === "number" ? register : -1,
  };
}

function readHashes(value: unknown): ShareHashes {
  if (!isObject(value)) throw badWindow();
  const { i, plain, sealed } = value;
  if (typeof i !== "number" || typeof plain !== "string" || typeof sealed !== "string") {
    throw badWindow();
  }
  return { i, plain, sealed };
}

/** The hashes of share i; throws CheckFailed("window"). */
export function hashesOf(record: WindowRecord, i: number): ShareHashes {
  const found = record.shares.find((share) => share.i === i);
  if (found === undefined) throw badWindow();
  return found;
}

/** Every window belongs to the camera and holds some of the span that was named: no neighbour does. */
export function checkSpan(record: WindowRecord, camera: string, from: string, to: string): void {
  const [start, end] = [Date.parse(record.start), Date.parse(record.end)];
  const [first, last] = [Date.parse(from), Date.parse(to)];
  const camerasDiffer = record.camera !== camera || !record.window.startsWith(`${camera}.`);
  // Written so that a date that cannot be read (NaN) fails.
  if (camerasDiffer || !(first < last && start < last && end > first)) {
    throw new CheckFailed(
      "span",
      "A window that would open lies outside the camera or the time shown here.",
      record.window,
    );
  }
}

export const hashHex = (bytes: Uint8Array): string => toHex(sha256(bytes));

const badWindow = (): CheckFailed =>
  new CheckFailed("window", "The log's record of this recording cannot be read.");
