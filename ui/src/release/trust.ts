// What a tool believes: its key file's policy and founding entry, and what follows from them.

import { fromBase64, toHex, type Bytes } from "../base/bytes.ts";
import type { Json, JsonObject } from "../base/canonical.ts";
import { CheckFailed } from "../base/errors.ts";
import { isObject, leafHash, parseEntry, type Entry } from "../log/entries.ts";
import { People, type CustodianSet } from "../log/people.ts";
import { checkProof } from "../log/proof.ts";
import type { KeyFile } from "./keyfile.ts";

/** A witness must have seen the log within this time. */
export const MAX_AGE_MS = 3_600_000;
const MAX_ITEMS = 20_000;

export interface Proven {
  index: number;
  entry: Entry;
  /** When the witnesses of the policy confirmed it (ms), by name. */
  witnesses: Map<string, number>;
}

/** The entry in `{entry, proof}`, on a log that witnesses of the pinned policy saw within the hour. */
export function prove(item: Json | undefined, key: KeyFile, now: number): Proven {
  const raw = bytesIn(item, "entry");
  const { index, witnesses } = checkProof(textIn(item, "proof"), raw, key.policy, now, MAX_AGE_MS);
  return { index, witnesses, entry: parseEntry(raw) };
}

export const entryHash = (entry: Entry): string => toHex(leafHash(entry.raw));

export interface Rules {
  people: People;
  /** The version of a custodian set in force for the entry at `index`. */
  setAt(name: string, index: number): CustodianSet;
  /** The people as they were when the entry at `index` was logged. */
  before(index: number): People;
}

/** Replays people and the custodian sets that rest on them, from the pinned founding entry on. */
export function replay(bundle: JsonObject, key: KeyFile, now: number): Rules {
  const items = listIn(bundle, "people");
  const shown = "sets" in bundle ? listIn(bundle, "sets") : [bundle.set ?? null];
  if (items.length + shown.length > MAX_ITEMS) {
    throw new CheckFailed("people", "The server shows more people than a city has.");
  }
  const proven = [...items, ...shown].map((item) => prove(item, key, now));
  const people = People.replay(proven, key.founding);
  return {
    people,
    before: (index) =>
      People.replay(
        proven.filter((one) => one.index < index),
        key.founding,
      ),
    setAt: (name, index) => {
      const known = people.sets.filter(({ set, index: at }) => set.set === name && at < index);
      const newest = known.at(-1);
      if (newest === undefined) {
        throw new CheckFailed(
          "custodian-set",
          "The server does not show who the custodians are.",
          name,
        );
      }
      return newest.set;
    },
  };
}

// -- fields of answers that are not believed

const missing = (name: string): CheckFailed =>
  new CheckFailed("answer", "The server's answer is not complete.", name);

export function objectIn(value: unknown): JsonObject {
  if (!isObject(value)) throw missing("object");
  return value;
}

export function textIn(item: Json | undefined, name: string): string {
  const value = isObject(item) ? item[name] : undefined;
  if (typeof value !== "string") throw missing(name);
  return value;
}

export function listIn(item: Json | undefined, name: string): Json[] {
  const value = isObject(item) ? item[name] : undefined;
  if (!Array.isArray(value)) throw missing(name);
  return value;
}

export function bytesIn(item: Json | undefined, name: string): Bytes {
  try {
    return fromBase64(textIn(item, name));
  } catch (error) {
    throw error instanceof CheckFailed ? error : missing(name);
  }
}
