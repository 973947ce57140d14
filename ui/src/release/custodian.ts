// The custodian's side: open one's own shares, seal them again to the requester, sign, send.

import { fromBase64, toBase64 } from "../base/bytes.ts";
import { CheckFailed } from "../base/errors.ts";
import { signStatement } from "../log/entries.ts";
import { checkSealed, openShare, sealAge, type Share } from "../seal/shares.ts";
import { hashHex } from "../seal/windows.ts";
import { examine, indexOf, type Asked, type AskedWindow, type Check } from "./checks.ts";
import type { KeyFile } from "./keyfile.ts";
import type { Server } from "./server.ts";
import { objectIn } from "./trust.ts";

export interface Ready {
  asked: Asked;
  shares: { window: AskedWindow; share: Share }[];
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
  const shares = await check("share", async () => {
    if (asked.requester.person === key.person) {
      throw new CheckFailed("own-request", "Nobody is custodian of their own request.");
    }
    const opened = [];
    for (const window of asked.windows) opened.push({ window, share: await ownShare(window, key) });
    return opened;
  });
  return { asked, shares };
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

/** Releases every share, one statement each. */
export async function release(
  { asked, shares }: Ready,
  key: KeyFile,
  server: Server,
): Promise<void> {
  for (const { window, share } of shares) {
    const resealed = await sealAge(asked.recipient, share.json);
    const entry = signStatement(
      "release",
      {
        request: asked.hash,
        window: window.record.window,
        index: share.i,
        resealed: hashHex(resealed),
      },
      key.signing,
    );
    await server.post(`/api/requests/${asked.hash}/release`, {
      entry: toBase64(entry),
      resealed: toBase64(resealed),
    });
  }
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
