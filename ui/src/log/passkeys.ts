// Signatures of passkeys under statements (W3C Web Authentication, section 7.2), as `tlog.passkeys`:
// JSON {a: authenticator data, c: client data, s: ECDSA signature in DER}, each in base64.

import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, fromBase64, text, toBase64Url, type Bytes } from "../base/bytes.ts";
import { CheckFailed } from "../base/errors.ts";
import { hasShape, isObject, isText } from "../base/shapes.ts";

/** Bytes of a public key: an uncompressed point on P-256 (SEC 1, 2.3.3). */
export const POINT_BYTES = 65;
const SHORTEST = 37;
const FLAGS = 32;
const PRESENT_AND_VERIFIED = 0x05;

interface Answer {
  data: Bytes;
  client: Bytes;
  signature: Bytes;
  type: string;
  challenge: string;
}

/** `signature` is a passkey's over `message`; throws CheckFailed("signature"). */
export function checkPasskey(signature: Uint8Array, message: Uint8Array, point: Uint8Array): void {
  const answer = readAnswer(signature);
  const signed = concat(answer.data, sha256(answer.client));
  if (!verifies(answer.signature, signed, point))
    throw refused("The passkey's signature is wrong.");
  if (answer.type !== "webauthn.get" || answer.challenge !== challenge(message)) {
    throw refused("The passkey signed something else.");
  }
  const flags = answer.data[FLAGS] ?? 0;
  if (answer.data.length < SHORTEST || (flags & PRESENT_AND_VERIFIED) !== PRESENT_AND_VERIFIED) {
    throw refused("The passkey was used without verifying who uses it.");
  }
}

const challenge = (message: Uint8Array): string => toBase64Url(new Uint8Array(sha256(message)));

function readAnswer(signature: Uint8Array): Answer {
  try {
    const given: unknown = JSON.parse(text(signature));
    if (hasShape(given, { a: isText, c: isText, s: isText })) {
      const { a, c, s } = given as Record<"a" | "c" | "s", string>;
      const client = fromBase64(c);
      const told: unknown = JSON.parse(text(client));
      const { type, challenge } = isObject(told) ? told : {};
      if (isText(type) && isText(challenge)) {
        return { data: fromBase64(a), client, signature: fromBase64(s), type, challenge };
      }
    }
  } catch {
    // not JSON, not UTF-8 or not base64: no signature, as below
  }
  throw refused("The passkey's signature is not one.");
}

/** ECDSA over SHA-256. Authenticators make high `s` as often as low, and no rule forbids it. */
function verifies(der: Uint8Array, message: Uint8Array, point: Uint8Array): boolean {
  if (point.length !== POINT_BYTES) return false;
  try {
    return p256.verify(der, message, point, { format: "der", lowS: false, prehash: true });
  } catch {
    return false; // not strict DER, or a point that is not on the curve
  }
}

const refused = (message: string): CheckFailed => new CheckFailed("signature", message, "passkey");
