// Log entries and statements (docs/design/interfaces.md): canonical JSON, signatures, RFC 6962 leaves.

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  concat,
  equal,
  fromBase64,
  randomBytes,
  text,
  toBase64,
  toHex,
  utf8,
  type Bytes,
} from "../base/bytes.ts";
import { canonical, type Json, type JsonObject } from "../base/canonical.ts";
import { CheckFailed } from "../base/errors.ts";
import { hasShape, isListOf, isObject, isOneOf, isStringList, isText } from "../base/shapes.ts";
import { checkPasskey, POINT_BYTES } from "./passkeys.ts";

export { isObject, isStringList };

export const MAX_ENTRY_BYTES = 65_535;
const CONTEXT = utf8("plainview/statement/v1\n");
/** PKCS #8 (RFC 8410) before the 32 bytes of an Ed25519 seed. */
const PKCS8_PREFIX = "302e020100300506032b657004220420";

export interface Entry {
  raw: Bytes;
  id: string;
  type: string;
  time: string;
  body: JsonObject;
  by: string[];
  sigs: Record<string, string>;
}

export class SigningKey {
  readonly publicKey: Bytes;
  readonly keyId: string;

  private constructor(private readonly seed: Bytes) {
    this.publicKey = new Uint8Array(ed25519.getPublicKey(seed));
    this.keyId = keyId(this.publicKey);
  }

  /** Reads a PEM Ed25519 private key; throws CheckFailed("key-file"). */
  static fromPem(pem: string): SigningKey {
    const body = /-----BEGIN PRIVATE KEY-----([\s\S]+?)-----END PRIVATE KEY-----/.exec(pem)?.[1];
    const der = body === undefined ? new Uint8Array() : fromBase64(body.replaceAll(/\s/g, ""));
    if (der.length !== 48 || toHex(der.subarray(0, 16)) !== PKCS8_PREFIX) {
      throw new CheckFailed("key-file", "This key file does not hold an Ed25519 signing key.");
    }
    return new SigningKey(der.slice(16));
  }

  sign(message: Uint8Array): Bytes {
    return new Uint8Array(ed25519.sign(message, this.seed));
  }
}

export const keyId = (publicKey: Uint8Array): string => toHex(sha256(publicKey)).slice(0, 16);

export const leafHash = (raw: Uint8Array): Bytes =>
  new Uint8Array(sha256(concat(Uint8Array.of(0), raw)));

/** Hex SHA-256(32-byte salt || canonical JSON of the detail). */
export function commitment(detail: Json, salt: Uint8Array): string {
  if (salt.length !== 32) throw new CheckFailed("salt", "The salt is not 32 bytes long.");
  return toHex(sha256(concat(salt, canonical(detail))));
}

/** Raw bytes of a new statement, signed by `key`. */
export function signStatement(
  type: string,
  body: JsonObject,
  key: SigningKey,
  given: { id?: string; time?: string } = {},
): Bytes {
  const unsigned = {
    v: 1,
    id: given.id ?? toHex(randomBytes(16)),
    type,
    time: given.time ?? isoNow(),
    body,
    by: [key.keyId],
  };
  const signature = key.sign(concat(CONTEXT, canonical(unsigned)));
  const raw = canonical({ ...unsigned, sigs: { [key.keyId]: toBase64(signature) } });
  if (raw.length > MAX_ENTRY_BYTES) {
    throw new CheckFailed("entry-size", "This request covers too much. Ask for a shorter time.");
  }
  return raw;
}

/** Parses and demands the exact canonical bytes; throws CheckFailed("entry"). */
export function parseEntry(raw: Bytes): Entry {
  if (raw.length > MAX_ENTRY_BYTES) throw badEntry("longer than 65,535 bytes");
  let value: unknown;
  try {
    value = JSON.parse(text(raw));
  } catch {
    throw badEntry("not JSON");
  }
  if (!isObject(value) || value.v !== 1) throw badEntry("not version 1");
  const signed = "by" in value;
  if (!hasShape(value, signed ? { ...FIELDS, ...SIGNED } : FIELDS)) throw badEntry("its fields");
  if (!equal(canonicalOrEmpty(value), raw)) throw badEntry("not in canonical form");
  const [by, sigs] = [(value.by ?? []) as string[], (value.sigs ?? {}) as Record<string, string>];
  const authors = new Set(by);
  const paired = authors.size === by.length && by.every((id) => Object.hasOwn(sigs, id));
  if ((signed && by.length === 0) || !paired || Object.keys(sigs).length !== by.length) {
    throw badEntry("its authors and signatures are not the same");
  }
  const { id, type, time, body } = value as unknown as Entry;
  return { raw, id, type, time, body, by, sigs };
}

/** Demands a good signature by this raw public key (base64); throws CheckFailed("signature"). */
export function checkSignature(entry: Entry, publicKey: string): void {
  const raw = fromBase64(publicKey);
  const id = keyId(raw);
  const signature = entry.sigs[id];
  if (signature === undefined || !entry.by.includes(id)) {
    throw new CheckFailed("signature", "The signature of this person is missing.", id);
  }
  const unsigned = JSON.parse(text(entry.raw)) as JsonObject;
  delete unsigned.sigs;
  const message = concat(CONTEXT, canonical(unsigned));
  const given = bytesOrNone(signature);
  if (raw.length === POINT_BYTES) checkPasskey(given, message, raw);
  else if (!verifies(given, message, raw)) {
    throw new CheckFailed("signature", "The signature does not fit what was signed.", id);
  }
}

/** No bytes for what is not base64: they are no signature. */
function bytesOrNone(encoded: string): Bytes {
  try {
    return fromBase64(encoded);
  } catch {
    return new Uint8Array();
  }
}

/** Ed25519 by the strict rules of RFC 8032. */
export function verifies(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  if (signature.length !== 64 || key.length !== 32) return false;
  try {
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false; // a point that is not on the curve
  }
}

/** RFC 3339, UTC, milliseconds. */
export const isoNow = (now = Date.now()): string => new Date(now).toISOString();

const isStringMap = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every(isText);

/** Written like 2026-11-23T08:50:00.000Z, and a moment that exists. */
const isTime = (value: unknown): boolean =>
  isText(value) && /^\d{4}-/.test(value) && isoOrNone(Date.parse(value)) === value;

const isoOrNone = (at: number): string => (Number.isNaN(at) ? "" : isoNow(at));

const isIdent = (value: unknown): boolean => isText(value) && /^[0-9a-f]{32}$/.test(value);

const FIELDS = { v: isOneOf(1), id: isIdent, type: isText, time: isTime, body: isObject };
const SIGNED = { by: isListOf(isText), sigs: isStringMap };

function canonicalOrEmpty(value: Json): Bytes {
  try {
    return canonical(value);
  } catch {
    return new Uint8Array();
  }
}

const badEntry = (why: string): CheckFailed =>
  new CheckFailed("entry", "The server sent something that is not a log entry.", why);
