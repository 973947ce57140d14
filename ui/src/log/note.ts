// Signed notes (c2sp.org/signed-note), checkpoints (tlog-checkpoint), cosignatures (tlog-cosignature v1).

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equal, fromBase64, text, toHex, utf8, view, type Bytes } from "../base/bytes.ts";
import { CheckFailed } from "../base/errors.ts";
import { verifies } from "./entries.ts";

export const ED25519 = 0x01;
export const COSIGNATURE_V1 = 0x04;

export interface VerifierKey {
  name: string;
  hash: string;
  kind: number;
  key: Bytes;
}

export interface SignatureLine {
  name: string;
  hash: string;
  signature: Bytes;
}

export interface Note {
  text: string;
  signatures: SignatureLine[];
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: Bytes;
}

/** `name+hash+base64(type || key)`; throws CheckFailed("policy"). */
export function parseVerifierKey(vkey: string): VerifierKey {
  // Base64 may hold '+', a key name may not: split at the first two only.
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(vkey);
  const [, name = "", hash = "", encoded = ""] = match ?? [];
  const material = match === null ? new Uint8Array() : fromBase64(encoded);
  const kind = material[0] ?? 0;
  if (material.length !== 33 || (kind !== ED25519 && kind !== COSIGNATURE_V1)) {
    throw new CheckFailed("policy", "The trust policy holds a key that is not understood.", vkey);
  }
  const expected = toHex(sha256(concat(utf8(name), Uint8Array.of(0x0a), material))).slice(0, 8);
  if (expected !== hash) {
    throw new CheckFailed("policy", "A key in the trust policy does not fit its own name.", name);
  }
  return { name, hash, kind, key: material.slice(1) };
}

/** Splits a note into its text and its signature lines; throws CheckFailed("checkpoint"). */
export function parseNote(raw: Uint8Array): Note {
  const all = text(raw);
  const split = all.lastIndexOf("\n\n");
  if (split < 0 || !all.endsWith("\n")) throw badNote("no signatures");
  const lines = all.slice(split + 2, -1).split("\n");
  if (lines.length > 100) throw badNote("too many signatures");
  return { text: all.slice(0, split + 1), signatures: lines.map(parseSignatureLine) };
}

function parseSignatureLine(line: string): SignatureLine {
  const match = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line);
  if (match === null) throw badNote("a signature line is malformed");
  const bytes = fromBase64(match[2] ?? "");
  if (bytes.length < 5) throw badNote("a signature is too short");
  return { name: match[1] ?? "", hash: toHex(bytes.subarray(0, 4)), signature: bytes.slice(4) };
}

/** The first three lines of a checkpoint's text. */
export function parseCheckpoint(note: Note): Checkpoint {
  const [origin = "", size = "", root = ""] = note.text.split("\n");
  if (origin === "" || !/^(0|[1-9][0-9]{0,15})$/.test(size)) throw badNote("no tree size");
  const hash = fromBase64(root);
  if (hash.length !== 32) throw badNote("no root hash");
  return { origin, size: Number(size), root: hash };
}

/** True when `key` itself signed the note as a log. A line under any other key does not count. */
export function logSigned(note: Note, key: VerifierKey): boolean {
  return linesOf(note, key).some(({ signature }) => verifies(signature, utf8(note.text), key.key));
}

/** When this witness cosigned (ms), or null if it did not. */
export function cosignedAt(note: Note, key: VerifierKey): number | null {
  for (const { signature } of linesOf(note, key)) {
    if (signature.length !== 72) continue;
    const seconds = view(signature).getBigUint64(0);
    const message = utf8(`cosignature/v1\ntime ${seconds.toString()}\n${note.text}`);
    if (verifies(signature.subarray(8), message, key.key)) return Number(seconds) * 1000;
  }
  return null;
}

const linesOf = (note: Note, key: VerifierKey): SignatureLine[] =>
  note.signatures.filter((line) => line.name === key.name && line.hash === key.hash);

export const sameKey = (a: VerifierKey, b: VerifierKey): boolean => equal(a.key, b.key);

const badNote = (why: string): CheckFailed =>
  new CheckFailed("checkpoint", "The server sent a checkpoint that cannot be read.", why);
