// Proofs that an entry is in the witnessed log (c2sp.org/tlog-proof).

import { fromBase64, utf8 } from "../base/bytes.ts";
import { CheckFailed } from "../base/errors.ts";
import { leafHash } from "./entries.ts";
import { checkInclusion } from "./merkle.ts";
import type { Checked, Policy } from "./policy.ts";

const HEADER = "c2sp.org/tlog-proof@v1";
const MAX_HASHES = 63;

export interface Proof {
  index: number;
  hashes: Uint8Array[];
  checkpoint: Uint8Array;
}

/** Takes the text, or base64 of the text as JSON carries it; throws CheckFailed("proof"). */
export function parseProof(source: string): Proof {
  const split = source.indexOf("\n\n");
  const [header, ...lines] = source.slice(0, Math.max(split, 0)).split("\n");
  if (split < 0 || header !== HEADER) throw badProof("header");
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? "")?.[1];
  if (index === undefined || lines.length > MAX_HASHES) throw badProof("index");
  const hashes = lines.map((line) => fromBase64(line));
  if (hashes.some((hash) => hash.length !== 32)) throw badProof("hash");
  return { index: Number(index), hashes, checkpoint: utf8(source.slice(split + 2)) };
}

/** The entry stands at the proof's index in a log that the policy's witnesses saw. */
export function checkProof(
  source: string,
  rawEntry: Uint8Array,
  policy: Policy,
  now: number,
  maxAgeMs: number | null,
): Checked & { index: number } {
  const proof = parseProof(source);
  const checked = policy.check(proof.checkpoint, now, maxAgeMs);
  const { size, root } = checked.checkpoint;
  checkInclusion(leafHash(rawEntry), proof.index, size, proof.hashes, root);
  return { ...checked, index: proof.index };
}

const badProof = (where: string): CheckFailed =>
  new CheckFailed("proof", "The server sent a proof that cannot be read.", where);
