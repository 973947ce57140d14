// Passkeys in the browser: JSON of the server to what navigator.credentials takes, and back.

import { fromBase64Url, toBase64Url, type Bytes } from "../base/bytes.ts";
import { texts } from "../messages/en.ts";

interface Named {
  id: string;
  type: string;
}

/** What the server asks a passkey to sign (PublicKeyCredentialRequestOptionsJSON). */
export interface Asked {
  challenge: string;
  rpId: string;
  timeout?: number;
  allowCredentials?: Named[];
}

/** From what a passkey is made (PublicKeyCredentialCreationOptionsJSON). */
export interface Wanted {
  challenge: string;
  rp: PublicKeyCredentialRpEntity;
  user: { id: string; name: string; displayName: string };
  pubKeyCredParams: PublicKeyCredentialParameters[];
  timeout?: number;
  excludeCredentials?: Named[];
  authenticatorSelection?: AuthenticatorSelectionCriteria;
}

export type Answer = Record<string, unknown>;

/** Someone's device or key did not, or would not, answer. */
export class NoPasskey extends Error {
  override readonly name = "NoPasskey";
}

export const hasPasskeys = (): boolean => "PublicKeyCredential" in globalThis;

const named = (list: Named[] | undefined): PublicKeyCredentialDescriptor[] =>
  (list ?? []).map(({ id }) => ({ id: fromBase64Url(id), type: "public-key" }));

const text = (buffer: ArrayBuffer | null): string | undefined =>
  buffer === null ? undefined : toBase64Url(new Uint8Array(buffer));

const waits = (timeout: number | undefined): { timeout?: number } =>
  timeout === undefined ? {} : { timeout };

export async function makePasskey(wanted: Wanted): Promise<Answer> {
  const made = await ask(() =>
    navigator.credentials.create({
      publicKey: {
        challenge: fromBase64Url(wanted.challenge),
        rp: wanted.rp,
        user: { ...wanted.user, id: fromBase64Url(wanted.user.id) },
        pubKeyCredParams: wanted.pubKeyCredParams,
        excludeCredentials: named(wanted.excludeCredentials),
        attestation: "none",
        ...waits(wanted.timeout),
        ...(wanted.authenticatorSelection === undefined
          ? {}
          : { authenticatorSelection: wanted.authenticatorSelection }),
      },
    }),
  );
  const response = made.response as AuthenticatorAttestationResponse;
  return answerOf(made, { attestationObject: text(response.attestationObject) });
}

/** `signal` takes the question back. */
export async function signWithPasskey(asked: Asked, signal?: AbortSignal): Promise<Answer> {
  const used = await ask(() =>
    navigator.credentials.get({
      ...(signal === undefined ? {} : { signal }),
      publicKey: {
        challenge: fromBase64Url(asked.challenge),
        rpId: asked.rpId,
        allowCredentials: named(asked.allowCredentials),
        userVerification: "required",
        ...waits(asked.timeout),
      },
    }),
  );
  const response = used.response as AuthenticatorAssertionResponse;
  return answerOf(used, {
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: text(response.userHandle),
  });
}

function answerOf(credential: PublicKeyCredential, response: Answer): Answer {
  const id = toBase64Url(new Uint8Array(credential.rawId));
  const client = text(credential.response.clientDataJSON);
  return {
    id,
    rawId: id,
    type: credential.type,
    response: { ...response, clientDataJSON: client },
  };
}

async function ask(start: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!hasPasskeys()) throw new NoPasskey(texts.passkey.unsupported);
  try {
    const found = await start();
    if (found instanceof PublicKeyCredential) return found;
  } catch (reason) {
    const kind = reason instanceof DOMException ? reason.name : "";
    if (kind === "InvalidStateError") throw new NoPasskey(texts.passkey.known);
    if (kind === "SecurityError") throw new NoPasskey(texts.passkey.address);
    if (kind !== "NotAllowedError" && kind !== "AbortError") throw reason;
  }
  throw new NoPasskey(texts.passkey.stopped);
}

/** Whether the bytes that a passkey is to sign are the hash of `message`. */
export async function challengeFits(asked: Asked, message: Bytes): Promise<boolean> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", message));
  return toBase64Url(hash) === asked.challenge;
}
