// RFC 6962 / RFC 9162 section 2.1.3.2: is this leaf in the tree with this root?

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equal, type Bytes } from "../base/bytes.ts";
import { CheckFailed } from "../base/errors.ts";

const node = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concat(Uint8Array.of(1), left, right));

/** Throws CheckFailed("inclusion") unless the proof leads from the leaf to the root. */
export function checkInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: Uint8Array[],
  root: Uint8Array,
): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw notIncluded();
  // Numbers beyond 2^31 would break JavaScript's shifts: divide instead.
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (sn === 0 || sibling.length !== 32) throw notIncluded();
    if (fn % 2 === 1 || fn === sn) {
      hash = node(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      hash = node(hash, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  if (sn !== 0 || !equal(hash, root)) throw notIncluded();
}

/** Root of the tree over these leaves (RFC 6962, section 2.1). */
export function rootOver(leaves: Uint8Array[]): Bytes {
  if (leaves.length === 0) return new Uint8Array(sha256(new Uint8Array()));
  let level: Uint8Array[] = leaves.map((leaf) => sha256(concat(Uint8Array.of(0), leaf)));
  while (level.length > 1) {
    const pairs: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = level.slice(i, i + 2);
      if (left !== undefined) pairs.push(right === undefined ? left : node(left, right));
    }
    level = pairs;
  }
  return new Uint8Array(level[0] ?? []);
}

const notIncluded = (): CheckFailed =>
  new CheckFailed("inclusion", "This entry is not in the log that the witnesses saw.");
