// RFC 6962 / RFC 9162 section 2.1.3.2: is this leaf in the tree with this root?

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equal } from "../base/bytes.ts";
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

const notIncluded = (): CheckFailed =>
  new CheckFailed("inclusion", "This entry is not in the log that the witnesses saw.");
