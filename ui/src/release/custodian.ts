// The custodian's side: open one's own shares, seal them again to the requester, sign, send.

import { fromBase64, toBase64 } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CheckFailed } from "../base/errors.ts";
import { signStatement } from "../log/entries.ts";
import { checkSealed, openShare, sealAge, type Share } from "../seal/shares.ts";
import { hashHex } from "../seal/windows.ts";
import { examine, indexOf, type Asked, type AskedWindow, type Check } from "./checks.ts";
import type { KeyFile } from "./keyfile.ts";
import type { Server } from "./server.ts";
import { listIn, objectIn, prove, textIn } from "./trust.ts";

export interface Ready {
  asked: Asked;
  /** Of the recordings that are not released yet; `sent` is the statement once it was signed. */
  shares: { window: AskedWindow; share: Share; sent?: JsonObject; done?: boolean }[];
}

/** Every check before the person decides; ends with one's own shares in the clear, in this page only. */
export async function examineForRelease(
  bundle: unknown,
  hash: string,
  key: KeyFile,
  check: Check,
  now: () => number = Date.now,
): Promise<Ready> {
  const asked = await examine(objectIn(bundle), hash, key, check, now);
  const released = releasedBefore(objectIn(bundle), asked, key, now());
  const shares = await check("share", async () => {
    if (asked.requester.person === key.person) {
      throw new CheckFailed("own-request", "Nobody is custodian of their own request.");
    }
    const opened = [];
    for (const window of asked.windows) {
      if (released.has(window.record.window)) continue;
      opened.push({ window, share: await ownShare(window, key) });
    }
    return opened;
  });
  return { asked, shares };
}

/** Recordings whose share I released before: proven, so that nobody can pretend it. */
function releasedBefore(bundle: JsonObject, asked: Asked, key: KeyFile, now: number): Set<string> {
  const found = new Set<string>();
  for (const item of listIn(bundle, "releases")) {
    const { entry } = prove(item, key, now);
    const mine = entry.type === "release" && entry.by.join() === key.signing.keyId;
    if (mine && entry.body.request === asked.hash) {
      asked.rules.people.author(entry, "custodian");
      found.add(textIn(entry.body, "window"));
    }
  }
  return found;
}

async function ownShare(window: AskedWindow, key: KeyFile): Promise<Share> {
  const i = indexOf(window, key.person);
  const encoded = window.sealed.get(i);
  if (encoded === undefined) {
    throw new CheckFailed(
      "share-missing",
      "The server no longer shows your share.",
      window.record.window,
    );
  }
  const sealed = fromBase64(encoded);
  checkSealed(window.record, i, sealed);
  return openShare(key.age, sealed, window.record, i);
}

/** Releases every share, one statement each; called again, it goes on where it was broken off. */
export async function release(
  { asked, shares }: Ready,
  key: KeyFile,
  server: Server,
): Promise<void> {
  for (const one of shares.filter(({ done }) => done !== true)) {
    // The same statement again is no second one: an answer may have been lost on its way.
    one.sent ??= await statement(asked, one.window, one.share, key);
    await server.post(`/api/requests/${asked.hash}/release`, one.sent);
    one.done = true;
  }
}

async function statement(
  asked: Asked,
  window: AskedWindow,
  share: Share,
  key: KeyFile,
): Promise<JsonObject> {
  const resealed = await sealAge(asked.recipient, share.json);
  const body = {
    request: asked.hash,
    window: window.record.window,
    index: share.i,
    resealed: hashHex(resealed),
  };
  const entry = signStatement("release", body, key.signing);
  return { entry: toBase64(entry), resealed: toBase64(resealed) };
}

/** The reason is public for ever, so it must name nobody. */
export async function refuse(
  hash: string,
  reason: string,
  key: KeyFile,
  server: Server,
): Promise<void> {
  const entry = signStatement("refusal", { request: hash, reason }, key.signing);
  await server.post(`/api/requests/${hash}/refuse`, { entry: toBase64(entry) });
}
