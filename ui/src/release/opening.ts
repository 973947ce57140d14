// The requester's side, second half: combine what was released, decrypt, compare. All in this page.

import type { Json, JsonObject } from "../base/canonical.ts";
import { toBase64 } from "../base/bytes.ts";
import { CheckFailed } from "../base/errors.ts";
import { signStatement } from "../log/entries.ts";
import { openSegment, parseSegments, type OpenedSegment } from "../seal/segments.ts";
import { combineIdentity, openAge, openShare, type Share } from "../seal/shares.ts";
import { hashHex } from "../seal/windows.ts";
import { examine, indexOf, type Asked, type AskedWindow, type Check } from "./checks.ts";
import type { KeyFile } from "./keyfile.ts";
import type { Server } from "./server.ts";
import { checkRecorded, type Pieces } from "./record.ts";
import { bytesIn, listIn, objectIn, prove, textIn } from "./trust.ts";

export interface Opened {
  asked: Asked;
  segments: OpenedSegment[];
  /** How many of the newest pieces the log does not hold yet. */
  waiting: number;
}

/** Tells how many segments of how many bytes are open. */
export type Progress = (segments: number, bytes: number) => void;

/** The whole opening; throws at the first thing that does not hold, with nothing shown. */
export async function openOriginal(
  hash: string,
  key: KeyFile,
  server: Server,
  check: Check,
  progress: Progress,
  now: () => number = Date.now,
): Promise<Opened> {
  const bundle = objectIn(await server.get(`/api/requests/${hash}`));
  const asked = await examine(bundle, hash, key, check, now);
  const released = await check(
    "releases",
    () => checkReleases(bundle, asked, key, now()),
    (all) =>
      `${Math.min(...all.map(({ shares }) => shares.length))} / ${asked.windows[0]?.record.k ?? 0}`,
  );
  const halves = await check("keeper", async () => {
    const found = [];
    for (const { window } of released)
      found.push(await keepersHalf(window, asked, key, server, now()));
    return found;
  });
  const identities = await check("combine", async () => {
    const found = [];
    for (const [i, { window, shares }] of released.entries()) {
      const opened: Share[] = [];
      for (const { i: index, resealed } of shares) {
        opened.push(await openShare(key.age, resealed, window.record, index));
      }
      found.push(await combineIdentity(opened, halves[i] ?? new Uint8Array(), window.record));
    }
    return found;
  });
  const { segments, waiting } = await check(
    "segments",
    async () => {
      const windows = released.map(({ window }) => window);
      const { opened, pieces } = await decrypt(windows, identities, asked, server, progress);
      const evidence = await server.get(`/api/requests/${hash}/evidence`);
      return { segments: opened, waiting: checkRecorded(evidence, pieces, key, now()) };
    },
    ({ segments: list }) => String(list.length),
  );
  await report(asked, key, server);
  return { asked, segments, waiting };
}

interface Released {
  window: AskedWindow;
  shares: { i: number; resealed: Uint8Array }[];
}

function checkReleases(bundle: JsonObject, asked: Asked, key: KeyFile, now: number): Released[] {
  if (asked.requester.person !== key.person) {
    throw new CheckFailed("not-yours", "This request is not yours; only its requester opens it.");
  }
  const all = asked.windows.map((window): Released => ({ window, shares: [] }));
  for (const item of listIn(bundle, "releases")) {
    const { window, i, resealed } = checkRelease(item, asked, key, now);
    const found = all.find((one) => one.window.record.window === window);
    if (found !== undefined && !found.shares.some((share) => share.i === i))
      found.shares.push({ i, resealed });
  }
  for (const { window, shares } of all) {
    const { k } = window.record;
    if (shares.length < k) {
      throw new CheckFailed(
        "too-few",
        `${shares.length} of ${k} custodians have released this recording.`,
        window.record.window,
      );
    }
  }
  return all;
}

function checkRelease(
  item: Json,
  asked: Asked,
  key: KeyFile,
  now: number,
): { window: string; i: number; resealed: Uint8Array } {
  const { entry } = prove(item, key, now);
  const { body } = entry;
  if (entry.type !== "release" || body.request !== asked.hash) {
    throw new CheckFailed("release", "A release that the server shows is for another request.");
  }
  const person = asked.rules.people.author(entry, "custodian");
  const name = textIn(body, "window");
  const window = asked.windows.find(({ record }) => record.window === name);
  if (window === undefined)
    throw new CheckFailed("release", "A release is for another recording.", name);
  const i = indexOf(window, person.person);
  if (body.index !== i || person.person === asked.requester.person) {
    throw new CheckFailed(
      "release",
      "A release is by somebody who has no right to it.",
      person.person,
    );
  }
  const resealed = bytesIn(item, "resealed");
  if (hashHex(resealed) !== body.resealed) {
    throw new CheckFailed(
      "resealed",
      "A share was changed after its custodian released it.",
      hashHex(resealed),
    );
  }
  return { window: name, i, resealed };
}

async function keepersHalf(
  window: AskedWindow,
  asked: Asked,
  key: KeyFile,
  server: Server,
  now: number,
): Promise<Uint8Array> {
  const name = window.record.window;
  const query = new URLSearchParams({ window: name });
  const answer = objectIn(await server.get(`/api/requests/${asked.hash}/opening?${query}`));
  const { entry } = prove(answer, key, now);
  const sealed = bytesIn(answer, "resealed_e");
  const { body } = entry;
  const fits =
    body.request === asked.hash && body.window === name && body.resealed_e === hashHex(sealed);
  if (entry.type !== "opening" || !fits) {
    throw new CheckFailed("keeper", "The keeper's part is not the one that the log names.", name);
  }
  return openAge(key.age, sealed, "keeper-open");
}

async function decrypt(
  windows: AskedWindow[],
  identities: string[],
  asked: Asked,
  server: Server,
  progress: Progress,
): Promise<{ opened: OpenedSegment[]; pieces: Pieces[] }> {
  const out: OpenedSegment[] = [];
  const pieces: Pieces[] = [];
  let bytes = 0;
  for (const [i, { record }] of windows.entries()) {
    let last = -1;
    const hashes: string[] = [];
    pieces.push({ record, hashes });
    for (const segment of parseSegments(await server.originals(record.window, asked.hash))) {
      if (segment.sequence <= last) {
        throw new CheckFailed("segment-order", "Segments arrive out of order.", record.window);
      }
      last = segment.sequence;
      const opened = await openSegment(identities[i] ?? "", record.window, segment);
      out.push(opened);
      hashes.push(hashHex(opened.fmp4));
      bytes += opened.fmp4.length;
      progress(out.length, bytes);
    }
  }
  if (out.length === 0)
    throw new CheckFailed("segments", "The server holds no video of this recording.");
  return { opened: out.sort((a, b) => (a.start < b.start ? -1 : 1)), pieces };
}

/** The requester's own statement on the log that these were opened. */
async function report(asked: Asked, key: KeyFile, server: Server): Promise<void> {
  const windows = asked.windows.map(({ record }) => record.window);
  const entry = signStatement("opened", { request: asked.hash, windows }, key.signing);
  await server.post(`/api/requests/${asked.hash}/opened`, { entry: toBase64(entry) });
}
