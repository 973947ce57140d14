import { describe, expect, it } from "vitest";
import { concat, fromBase64, toBase64, toBase64Url, utf8 } from "../src/base/bytes.ts";
import type { Json, JsonObject } from "../src/base/canonical.ts";
import { CheckFailed } from "../src/base/errors.ts";
import { parseEntry } from "../src/log/entries.ts";
import { checkDraft, readDraft } from "../src/release/asking.ts";
import type { Check } from "../src/release/checks.ts";
import { examineForRelease, release, type Ready } from "../src/release/custodian.ts";
import { readKeyFile, type KeyFile } from "../src/release/keyfile.ts";
import { openOriginal } from "../src/release/opening.ts";
import { checkRecorded } from "../src/release/record.ts";
import type { Server } from "../src/release/server.ts";
import { parseSegments } from "../src/seal/segments.ts";
import { sealAge } from "../src/seal/shares.ts";
import { checkSpan, hashHex, type WindowRecord } from "../src/seal/windows.ts";
import { releaseVector } from "./vectors.ts";

const vector = releaseVector();
const HOUR = 3_600_000;
const silent: Check = async (_name, work) => work();
const key = (role: string, changes: JsonObject = {}): Promise<KeyFile> =>
  readKeyFile(JSON.stringify({ ...vector.keys[role], ...changes }));
const copy = (value: JsonObject): JsonObject => structuredClone(value);
const object = (value: Json | undefined): JsonObject => value as JsonObject;
const list = (value: Json | undefined): JsonObject[] => value as JsonObject[];
const asText = (value: Json | undefined): string => value as string;
const firstWindow = (bundle: JsonObject): JsonObject => object(list(bundle.windows)[0]);
const firstCamera = (bundle: JsonObject): JsonObject => object(list(bundle.cameras)[0]);
const header = (bundle: JsonObject): JsonObject => object(firstWindow(bundle).header);

async function examined(bundle: JsonObject, role = "custodian-a", at = vector.now): Promise<Ready> {
  return examineForRelease(bundle, vector.request, await key(role), silent, () => at);
}

async function code(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CheckFailed) return error.code;
    throw error;
  }
  return "held";
}

/** The same bytes with one bit of one of them changed, as base64. */
function flipped(encoded: Json | undefined, at: number): string {
  const bytes = fromBase64(asText(encoded));
  const where = at < 0 ? bytes.length + at : at;
  bytes[where] = (bytes[where] ?? 0) ^ 1;
  return toBase64(bytes);
}

/** The proof without these signature lines of its checkpoint (0 is the log's own). */
function without(proof: Json | undefined, ...numbers: number[]): string {
  const [head = "", note = "", signatures = ""] = asText(proof).split("\n\n");
  const lines = signatures.trimEnd().split("\n");
  return `${head}\n\n${note}\n\n${lines.filter((_, i) => !numbers.includes(i)).join("\n")}\n`;
}

const otherIndex = (proof: string): string =>
  proof.replace(/index (\d+)/, (_, n: string) => `index ${Number(n) - 1}`);

const LIES: [string, string, (bundle: JsonObject) => void][] = [
  [
    "another entry as the request",
    "inclusion",
    (b) => (b.entry = list(b.people)[0]?.entry ?? null),
  ],
  ["a changed request", "inclusion", (b) => (b.entry = flipped(b.entry, 40))],
  ["another index", "inclusion", (b) => (b.proof = otherIndex(asText(b.proof)))],
  ["a proof of nothing", "proof", (b) => (b.proof = "c2sp.org/tlog-proof@v1\n\n")],
  [
    "a checkpoint that the log did not sign",
    "log-signature",
    (b) => (b.proof = without(b.proof, 0)),
  ],
  ["a checkpoint with too few witnesses", "witnesses", (b) => (b.proof = without(b.proof, 1, 2))],
  ["another case", "detail", (b) => (object(b.detail).case = "K 18/26")],
  ["another salt", "detail", (b) => (b.salt = flipped(b.salt, 0))],
  ["no founding", "founding", (b) => (b.people = list(b.people).slice(1))],
  ["no set of custodians", "answer", (b) => (b.sets = [null])],
  [
    "a changed set of custodians",
    "inclusion",
    (b) => list(b.sets).forEach((s) => (s.entry = flipped(s.entry, 60))),
  ],
  ["another window", "window", (b) => (firstWindow(b).id = "cam-09.20260101T000000Z.1.0")],
  ["no window", "window", (b) => (b.windows = [])],
  [
    "a window that is not logged",
    "inclusion",
    (b) => (firstWindow(b).entry = flipped(firstWindow(b).entry, 90)),
  ],
  [
    "a header of another window",
    "window-header",
    (b) => (object(header(b).record).camera = "cam-09"),
  ],
  [
    "a false share",
    "share-sealed",
    (b) => list(header(b).shares).forEach((s) => (s.sealed = flipped(s.sealed, -1))),
  ],
  ["no share", "share-missing", (b) => (header(b).shares = [])],
  ["no header", "share-missing", (b) => (firstWindow(b).header = null)],
  ["no entry for the camera's name", "camera", (b) => (b.cameras = [])],
  [
    "another entry for the camera's name",
    "camera",
    (b) => (b.cameras = [object(list(b.people)[0])]),
  ],
  [
    "a changed name of the camera",
    "inclusion",
    (b) => (firstCamera(b).entry = flipped(firstCamera(b).entry, 90)),
  ],
];

describe("a custodian's checks", () => {
  it("hold for an honest server", async () => {
    const { asked, shares } = await examined(vector.waiting);
    expect(asked.hash).toBe(vector.request);
    expect(shares.map(({ share }) => share.i)).toEqual([1]);
    expect(asked.camera?.name).not.toBe("");
    const withoutNames = copy(vector.waiting);
    delete withoutNames.cameras;
    expect((await examined(withoutNames)).asked.camera).toBeNull();
  });

  it.each(LIES)("name the lie: %s", async (_what, expected, lie) => {
    const bundle = copy(vector.waiting);
    lie(bundle);
    expect(await code(examined(bundle))).toBe(expected);
  });

  it("want witnesses within the hour, and none from the future", async () => {
    expect(await code(examined(vector.waiting, "custodian-a", vector.now + HOUR + 60_000))).toBe(
      "stale",
    );
    expect(await code(examined(vector.waiting, "custodian-a", vector.now - HOUR))).toBe(
      "witnesses",
    );
  });

  it("want the log and the founding that the key file pins", async () => {
    const pinned = asText(vector.keys["custodian-a"]?.policy);
    const policy = pinned.replace(/log [^+]+/, "log other.example");
    expect(await code(key("custodian-a", { policy }))).toBe("policy");
    const other = await key("custodian-a", { founding: "ab".repeat(32) });
    const work = examineForRelease(vector.waiting, vector.request, other, silent, () => vector.now);
    expect(await code(work)).toBe("founding");
  });

  it("refuse another request than the one that was asked for", async () => {
    const own = await key("custodian-a");
    const work = examineForRelease(vector.waiting, "ab".repeat(32), own, silent, () => vector.now);
    expect(await code(work)).toBe("other-request");
  });

  it("refuse a request that has expired", async () => {
    const { request, minutes, bundle } = vector.brief;
    const own = await key("custodian-a");
    const at = (minute: number): Promise<Ready> =>
      examineForRelease(bundle, request, own, silent, () => vector.now + minute * 60_000);
    expect(await code(at(minutes - 1))).toBe("held");
    expect(await code(at(minutes))).toBe("expired");
  });

  it("let nobody release to themselves, or without a share", async () => {
    expect(await code(examined(vector.waiting, "investigator"))).toBe("own-request");
    expect(await code(examined(vector.waiting, "administrator"))).toBe("no-share");
  });

  it("end in one signed release for each window, sealed to the requester", async () => {
    const own = await key("custodian-a");
    const sent: JsonObject[] = [];
    const post = (_path: string, body: JsonObject): Promise<number> =>
      Promise.resolve(sent.push(body));
    await release(await examined(vector.waiting), own, { post } as unknown as Server);
    expect(sent).toHaveLength(1);
    const entry = parseEntry(fromBase64(asText(sent[0]?.entry)));
    expect(entry.by).toEqual([own.signing.keyId]);
    expect(entry.body).toMatchObject({ request: vector.request, index: 1 });
  });

  it("want a window that holds some of the time that is named, not its neighbour", () => {
    const record = { window: "cam-01.x", camera: "cam-01" } as WindowRecord;
    const check = (start: string, end: string): void =>
      checkSpan({ ...record, start, end }, "cam-01", at(10, 15), at(10, 30));
    const at = (hour: number, minute: number): string =>
      new Date(Date.UTC(2026, 10, 23, hour, minute)).toISOString();
    check(at(10, 15), at(10, 30));
    check(at(10, 29), at(10, 45));
    expect(() => check(at(10, 0), at(10, 15))).toThrow(CheckFailed);
    expect(() => check(at(10, 30), at(10, 45))).toThrow(CheckFailed);
  });

  it("end with one statement, however often an answer is lost", async () => {
    const own = await key("custodian-a");
    const sent: JsonObject[] = [];
    const post = (_path: string, body: JsonObject): Promise<number> => {
      sent.push(body);
      return sent.length < 3 ? Promise.reject(new Error("lost")) : Promise.resolve(1);
    };
    const server = { post } as unknown as Server;
    const ready = await examined(vector.waiting);
    await expect(release(ready, own, server)).rejects.toThrow("lost");
    await expect(release(ready, own, server)).rejects.toThrow("lost");
    await release(ready, own, server);
    await release(ready, own, server);
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map((body) => asText(body.entry))).size).toBe(1);
  });

  it("leave out what this custodian released before, if it is proven", async () => {
    const given = list(vector.released.releases);
    const bundle = { ...copy(vector.waiting), releases: given };
    expect((await examined(bundle)).shares).toEqual([]);
    bundle.releases = given.slice(1);
    expect((await examined(bundle)).shares).toHaveLength(1);
    bundle.releases = [{ ...given[0], proof: asText(vector.waiting.proof) }];
    expect(await code(examined(bundle))).toBe("inclusion");
  });
});

interface Changes {
  bundle?: JsonObject;
  evidence?: JsonObject;
  opening?: JsonObject;
  originals?: string;
}

function serverWith(changes: Changes): { server: Server; posted: string[] } {
  const posted: string[] = [];
  const made = {
    get: (path: string) =>
      Promise.resolve(
        path.includes("/opening?")
          ? (changes.opening ?? vector.opening)
          : path.endsWith("/evidence")
            ? (changes.evidence ?? vector.evidence)
            : (changes.bundle ?? vector.released),
      ),
    originals: () => Promise.resolve(fromBase64(changes.originals ?? vector.originals)),
    post: (path: string) => Promise.resolve(posted.push(path)),
  };
  return { server: made as unknown as Server, posted };
}

describe("opening", () => {
  const open = async (changes: Changes = {}, role = "investigator", at = vector.now) => {
    const { server, posted } = serverWith(changes);
    const opened = await openOriginal(
      vector.request,
      await key(role),
      server,
      silent,
      () => undefined,
      () => at,
    );
    return { ...opened, posted };
  };

  it("gives the very bytes that were sealed, and says so on the log", async () => {
    const { segments, posted } = await open();
    expect(segments.map(({ fmp4 }) => toBase64(fmp4))).toEqual(vector.plain);
    expect(posted).toEqual([`/api/requests/${vector.request}/opened`]);
  });

  it("needs k different releases", async () => {
    const bundle = copy(vector.released);
    const [first = {}] = list(bundle.releases);
    bundle.releases = [first];
    expect(await code(open({ bundle }))).toBe("too-few");
    bundle.releases = [first, first];
    expect(await code(open({ bundle }))).toBe("too-few");
  });

  it("names a share that was changed after its release", async () => {
    const bundle = copy(vector.released);
    object(list(bundle.releases)[1]).resealed = flipped(list(bundle.releases)[1]?.resealed, -1);
    expect(await code(open({ bundle }))).toBe("resealed");
  });

  it("names a keeper's part that is not the logged one", async () => {
    const opening = { ...vector.opening, resealed_e: flipped(vector.opening.resealed_e, -1) };
    expect(await code(open({ opening }))).toBe("keeper");
  });

  it("names a changed segment, a cut one, and none at all", async () => {
    expect(await code(open({ originals: flipped(vector.originals, -1) }))).toBe("segment-cipher");
    const whole = fromBase64(vector.originals);
    expect(await code(open({ originals: toBase64(whole.subarray(0, -3)) }))).toBe("segments");
    expect(await code(open({ originals: "" }))).toBe("segments");
  });

  it("names video that is not what was logged when it was recorded", async () => {
    const all = fromBase64(vector.originals);
    const first = 4 + new DataView(all.buffer).getUint32(0);
    expect(await code(open({ originals: toBase64(all.subarray(first)) }))).toBe("segment-log");
    expect(await code(open({ originals: await resealed() }))).toBe("segment-log");
    const evidence = copy(vector.evidence);
    const [leaf = {}] = Object.values(object(evidence.leaves)).flatMap((leaves) => list(leaves));
    leaf.segments = 2;
    expect(await code(open({ evidence }))).toBe("leaves");
  });

  it("does not believe video that no entry holds, once its time for that is over", async () => {
    const isRoots = (item: Json): boolean =>
      parseEntry(fromBase64(asText(object(item).entry))).type === "roots";
    const shown = Object.entries(object(vector.evidence.entries));
    const kept = Object.fromEntries(shown.filter(([, item]) => !isRoots(item)));
    const evidence = { ...vector.evidence, entries: kept };
    expect(await code(open({ evidence }))).toBe("segment-unlogged");
    const end = Date.parse(asText(windowRecord().end));
    expect((await open()).waiting).toBe(0);
    const pieces = [{ record: windowRecord() as never, hashes: ["ab".repeat(32)] }];
    const own = await key("investigator");
    expect(checkRecorded(evidence, pieces, own, end + 299_000)).toBe(1);
    expect(() => checkRecorded(evidence, pieces, own, end + 300_000)).toThrow(CheckFailed);
  });

  it("is for the requester only", async () => {
    expect(await code(open({}, "custodian-c"))).toBe("not-yours");
  });
});

/** The window as the log holds it. */
function windowRecord(): JsonObject {
  return object(header(vector.waiting).record);
}

/** What a server can do that never saw a picture: other video, sealed to the window's public key. */
async function resealed(): Promise<string> {
  const [pieces] = [parseSegments(fromBase64(vector.originals))];
  const made = [];
  for (const { sequence } of pieces) {
    const plain = fromBase64(vector.plain[sequence] ?? "");
    plain[40] = (plain[40] ?? 0) ^ 1;
    const sealed = await sealAge(asText(windowRecord().pk), plain);
    const hashes = { plain_sha256: hashHex(plain), cipher_sha256: hashHex(sealed) };
    const item = concat(utf8(`${JSON.stringify({ seq: sequence, ...hashes })}\n`), sealed);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, item.length);
    made.push(length, item);
  }
  return toBase64(concat(...made));
}

describe("asking", () => {
  const draft = (change: (draft: JsonObject) => void = () => undefined): string => {
    const changed = copy(vector.draft);
    change(changed);
    return toBase64Url(utf8(JSON.stringify(changed)));
  };
  const check = async (encoded: string, role = "investigator"): Promise<void> =>
    checkDraft(readDraft(encoded), await key(role), vector.now);

  it("accepts the draft that the server made", async () => {
    expect(await code(check(draft()))).toBe("held");
  });

  it.each<[string, string, (d: JsonObject) => void]>([
    ["a recipient that is not mine", "recipient", (d) => (object(d.body).recipient = "age1other")],
    ["another case", "detail", (d) => (object(d.detail).case = "other")],
    ["a further field", "draft", (d) => (object(d.body).extra = 1)],
    ["no windows", "draft", (d) => (object(d.body).windows = [])],
    [
      "another camera's window",
      "span",
      (d) => (object(d.body).windows = ["cam-09.20260101T000000Z.1.0"]),
    ],
    [
      "an end that has passed",
      "expired",
      (d) => (object(d.body).expires = "2020-01-01T00:00:00.000Z"),
    ],
  ])("refuses %s", async (_what, expected, change) => {
    expect(await code(check(draft(change)))).toBe(expected);
  });

  it("refuses somebody else's draft, and what is no draft", async () => {
    expect(await code(check(draft(), "custodian-a"))).toBe("recipient");
    expect(await code(check("!!"))).toBe("draft");
  });
});

describe("key files", () => {
  it("are refused when something is missing", async () => {
    for (const changes of [
      { v: 2 },
      { founding: "x" },
      { age: "AGE-SECRET-KEY-1X" },
      { signing: "pem" },
    ]) {
      expect(await code(key("custodian-a", changes))).toBe("key-file");
    }
    expect(await code(readKeyFile("{"))).toBe("key-file");
  });

  it("are refused when they want no witness", async () => {
    const pinned = asText(vector.keys["custodian-a"]?.policy);
    const policy = pinned.replace(/^quorum .*$/m, "quorum none");
    expect(await code(key("custodian-a", { policy }))).toBe("key-file");
  });
});
