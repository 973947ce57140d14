// Shares: opening one's own, re-sealing it to the requester, combining k of them with E.
// Formats: docs/design/interfaces.md, `seal.shares` and `seal.combine`.

import { Decrypter, Encrypter, identityToRecipient } from "age-encryption";
import { combine } from "shamir-secret-sharing";
import { fromBase64, text, utf8, type Bytes } from "../base/bytes.ts";
import { CheckFailed } from "../base/errors.ts";
import { isObject } from "../log/entries.ts";
import { hashesOf, hashHex, type WindowRecord } from "./windows.ts";

export interface Share {
  i: number;
  share: Bytes;
  /** The JSON exactly as the dealer wrote it: what is sealed again. */
  json: Bytes;
}

/** Decrypts an age file with an X25519 identity; throws CheckFailed(code). */
export async function openAge(identity: string, sealed: Uint8Array, code: string): Promise<Bytes> {
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return new Uint8Array(await decrypter.decrypt(sealed));
  } catch (cause) {
    throw new CheckFailed(code, "This does not open with your key.", String(cause));
  }
}

export async function sealAge(recipient: string, plain: Uint8Array): Promise<Bytes> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return new Uint8Array(await encrypter.encrypt(plain));
}

/** Throws CheckFailed("share-sealed") unless these are the bytes that the log recorded. */
export function checkSealed(record: WindowRecord, i: number, sealed: Uint8Array): void {
  if (hashHex(sealed) !== hashesOf(record, i).sealed) {
    throw new CheckFailed(
      "share-sealed",
      "The sealed share is not the one on the log.",
      `share ${i}`,
    );
  }
}

/** Opens a share and compares its JSON with the window's record on the log. */
export async function openShare(
  identity: string,
  sealed: Uint8Array,
  record: WindowRecord,
  i: number,
): Promise<Share> {
  const json = await openAge(identity, sealed, "share-open");
  const expected = hashesOf(record, i).plain;
  if (hashHex(json) !== expected) {
    throw new CheckFailed(
      "share-hash",
      "A share is false: it is not the one on the log.",
      expected,
    );
  }
  const value: unknown = JSON.parse(text(json));
  if (!isObject(value) || typeof value.share !== "string") throw foreignShare(record);
  const { window, k, n, pk, set } = value;
  const fits =
    window === record.window &&
    value.i === i &&
    k === record.k &&
    n === record.n &&
    pk === record.pk &&
    set === record.set;
  if (!fits) throw foreignShare(record);
  return { i, share: fromBase64(value.share), json };
}

const foreignShare = (record: WindowRecord): CheckFailed =>
  new CheckFailed("share-json", "A share belongs to another recording.", record.window);

/** The window's age identity: (shares combined) XOR E; throws unless it fits the logged recipient. */
export async function combineIdentity(
  shares: Share[],
  e: Uint8Array,
  record: WindowRecord,
): Promise<string> {
  const distinct = [...new Map(shares.map((share) => [share.i, share])).values()];
  if (distinct.length < record.k) {
    throw new CheckFailed(
      "too-few",
      `Only ${distinct.length} of ${record.k} shares were released.`,
    );
  }
  const secret = await combine(distinct.slice(0, record.k).map(({ share }) => share));
  if (secret.length !== e.length) throw wrongKey(record);
  const identity = text(secret.map((byte, i) => byte ^ (e[i] ?? 0)));
  if ((await recipientOf(identity)) !== record.pk) throw wrongKey(record);
  return identity;
}

export async function recipientOf(identity: string): Promise<string> {
  try {
    return await identityToRecipient(identity);
  } catch {
    return "";
  }
}

const wrongKey = (record: WindowRecord): CheckFailed =>
  new CheckFailed(
    "window-key",
    "The shares and the server's part do not give the window's key.",
    record.window,
  );

export const encodeShare = (json: string): Bytes => utf8(json);
