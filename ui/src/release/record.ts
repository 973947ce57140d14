// What the log said of a recording's pieces when they were recorded: the `roots` entries and their
// leaves (docs/design/interfaces.md). Anybody can seal video to a recording's public key, and a server
// can show any hashes; only these entries stood on the log before anybody asked.

import { equal, fromHex, toHex, type Bytes } from "../base/bytes.ts";
import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import { CheckFailed } from "../base/errors.ts";
import { parseEntry, type Entry } from "../log/entries.ts";
import { rootOver } from "../log/merkle.ts";
import type { WindowRecord } from "../seal/windows.ts";
import type { KeyFile } from "./keyfile.ts";
import { bytesIn, listIn, objectIn, prove, textIn } from "./trust.ts";

/** So long after its end a recording's last pieces may still be on their way to the log. */
const LOGGED_MS = 300_000;

/** A recording and the plain hashes (hex) of its pieces, in their order. */
export interface Pieces {
  record: WindowRecord;
  hashes: string[];
}

/**
 * Holds every piece against the log; how many of the newest are not there yet.
 * `answer` is that of `GET /api/requests/<hash>/evidence`.
 */
export function checkRecorded(
  answer: unknown,
  recordings: Pieces[],
  key: KeyFile,
  now: number,
): number {
  const minutes = readMinutes(
    objectIn(answer),
    recordings.map(({ record }) => record.window),
    key,
    now,
  );
  let waiting = 0;
  for (const { record, hashes } of recordings) {
    const left = checkMinutes(record, hashes, minutes);
    if (left > 0 && !(now < Date.parse(record.end) + LOGGED_MS)) {
      throw new CheckFailed(
        "segment-unlogged",
        "Nothing on the log shows that this video was recorded then. It may be false.",
        record.window,
      );
    }
    waiting += left;
  }
  return waiting;
}

/** How many pieces no minute holds; throws when those of a minute are not the ones logged. */
function checkMinutes(record: WindowRecord, hashes: string[], minutes: JsonObject[]): number {
  let at = 0;
  for (const leaf of minutes.filter(({ window }) => window === record.window)) {
    const count = Number(leaf.segments);
    const part = hashes.slice(at, at + count);
    const root = toHex(rootOver(part.map(fromHex)));
    if (part.length !== count || count < 1 || root !== leaf.plain) {
      throw new CheckFailed(
        "segment-log",
        "The video is not what the log says was recorded: a piece was left out or changed.",
        record.window,
      );
    }
    at += count;
  }
  return hashes.length - at;
}

/** The proven leaves of these recordings, in the order of the log. */
function readMinutes(
  answer: JsonObject,
  windows: string[],
  key: KeyFile,
  now: number,
): JsonObject[] {
  const found: { index: number; leaves: JsonObject[] }[] = [];
  const entries = Object.values(objectIn(answer.entries));
  const files = objectIn(answer.leaves);
  for (const item of entries) {
    const entry = parseEntry(bytesIn(item, "entry"));
    if (entry.type !== "roots") continue;
    const listed = listIn(files, entry.id).map(objectIn);
    const ours = listed.filter((leaf) => windows.includes(textIn(leaf, "window")));
    if (ours.length === 0) continue;
    const { index } = prove(item, key, now);
    checkLeaves(entry, listed);
    if (found.some((one) => one.index === index)) throw falseLeaves(entry);
    found.push({ index, leaves: ours });
  }
  return found.sort((a, b) => a.index - b.index).flatMap(({ leaves }) => leaves);
}

/** Both roots, so that nothing in a leaf can be changed, and their number. */
function checkLeaves(entry: Entry, listed: JsonObject[]): void {
  const root = (left: string): Bytes =>
    rootOver(
      listed.map((leaf) =>
        canonical(Object.fromEntries(Object.entries(leaf).filter(([name]) => name !== left))),
      ),
    );
  const { leaves, cipher_root: cipher, plain_root: plain } = entry.body;
  const holds = (computed: Bytes, logged: Json | undefined): boolean =>
    typeof logged === "string" && equal(computed, fromHex(logged));
  if (leaves !== listed.length || !holds(root("plain"), cipher) || !holds(root("cipher"), plain)) {
    throw falseLeaves(entry);
  }
}

const falseLeaves = (entry: Entry): CheckFailed =>
  new CheckFailed(
    "leaves",
    "What the server shows of a minute's recordings is not what was logged.",
    entry.id,
  );
