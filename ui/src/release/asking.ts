// The requester's side, first half: check a draft, sign it, send it.

import { fromBase64, fromBase64Url, text, toBase64, toHex, type Bytes } from "../base/bytes.ts";
import type { Json, JsonObject } from "../base/canonical.ts";
import { CheckFailed } from "../base/errors.ts";
import { commitment, isObject, isStringList, leafHash, signStatement } from "../log/entries.ts";
import type { KeyFile } from "./keyfile.ts";
import type { Server } from "./server.ts";
import { objectIn } from "./trust.ts";

const FIELDS = ["detail_commitment", "expires", "purpose", "recipient", "request", "windows"];

export interface Draft {
  body: JsonObject;
  windows: string[];
  detail: JsonObject;
  salt: string;
}

/** What stands in `draft=`: base64url of JSON. Throws CheckFailed("draft"). */
export function readDraft(encoded: string): Draft {
  let value: unknown;
  try {
    value = JSON.parse(text(fromBase64Url(encoded)));
  } catch {
    throw badDraft("not JSON");
  }
  if (!isObject(value) || !isObject(value.body) || !isObject(value.detail))
    throw badDraft("fields");
  const { body, detail, salt } = value;
  if (Object.keys(body).sort().join() !== FIELDS.join()) throw badDraft("fields of the body");
  if (!isStringList(body.windows) || body.windows.length === 0) throw badDraft("windows");
  if (typeof salt !== "string") throw badDraft("salt");
  return { body, windows: body.windows, detail, salt };
}

/** What I sign is what I was shown: my key, this case, these recordings. */
export function checkDraft(
  { body, windows, detail, salt }: Draft,
  key: KeyFile,
  now: number,
): void {
  if (body.recipient !== key.recipient) {
    throw new CheckFailed(
      "recipient",
      "The draft would have shares sealed to a key that is not yours.",
    );
  }
  if (commitment(detail, decoded(salt)) !== body.detail_commitment) {
    throw new CheckFailed("detail", "The case shown is not the one that you would sign.");
  }
  if (detail.person !== key.person) {
    throw new CheckFailed("person", "This draft is somebody else's.");
  }
  if (!(Date.parse(string(body.expires)) > now)) {
    throw new CheckFailed("expired", "This draft has expired. Draft it again.");
  }
  for (const window of windows) {
    if (!window.startsWith(`${string(detail.camera)}.`)) {
      throw new CheckFailed("span", "A recording that would open is of another camera.", window);
    }
  }
}

/** Signs and sends; the request's hash. */
export async function ask(draft: Draft, key: KeyFile, server: Server): Promise<string> {
  const entry = signStatement("request", draft.body, key.signing);
  const hash = toHex(leafHash(entry));
  const answer = objectIn(
    await server.post("/api/requests", {
      entry: toBase64(entry),
      detail: draft.detail,
      salt: draft.salt,
    }),
  );
  if (answer.request !== hash) {
    throw new CheckFailed(
      "other-request",
      "The server does not confirm the request that was sent.",
    );
  }
  return hash;
}

const string = (value: Json | undefined): string => (typeof value === "string" ? value : "");

function decoded(salt: string): Bytes {
  try {
    return fromBase64(salt);
  } catch {
    throw badDraft("salt");
  }
}

const badDraft = (detail: string): CheckFailed =>
  new CheckFailed("draft", "This is not the draft of a request. Draft it again.", detail);
