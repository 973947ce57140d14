// The web process's API as this application uses it (docs/design/interfaces.md, "HTTP of the web process").

import { ServerError } from "../base/errors.ts";
import { texts } from "../messages/en.ts";
import { learnServerTime } from "../video/clock.ts";
import type { Segment, Span, SpanState } from "../video/timeline.ts";

export interface Me {
  person: string;
  name: string;
  roles: string[];
  /** Permissions: what the pages may offer; the server decides again at every call. */
  may: string[];
  actor: string;
  purpose: string | null;
  /** Until when the purpose counts; then it is asked for again. */
  purpose_until?: string | null;
  /** What is offered. */
  purposes?: string[];
  server_time: string;
  tools_url?: string;
  demo?: boolean;
}

export interface Camera {
  id: string;
  name: string;
  kind: string;
  place: string | null;
  state: string;
  reason: string | null;
  /** What is hidden in its pictures, in words. */
  hidden: string;
}

export interface Draft {
  draft: string;
  v: number;
  body: Record<string, unknown> & { windows?: string[]; request?: string };
  detail: Record<string, string>;
  salt: string;
}

export interface RequestRow {
  request: string;
  answered?: boolean;
  state: string;
  camera: string;
  from: string;
  to: string;
  purpose: string;
  requester?: string;
  expires: string;
  k: number;
  n: number;
  windows: { id: string; releases: number }[];
  mine: boolean;
}

export type Act = Record<string, unknown>;

let asking = false;
let touched = true;
let onRefused: () => void = () => undefined;

/** Somebody used keyboard or pointer: what the page asks next is that person's doing. */
export const noteUse = (): void => void (touched = true);

/** `tell` is called when an answer says that nobody is signed in; how to stop that comes back. */
export function whenRefused(tell: () => void): () => void {
  onRefused = tell;
  return () => void (onRefused = () => undefined);
}

/**
 * Asks something that nobody asked for: the server does not count it as use of the session, unless
 * somebody touched the page since the last time. Holds for the calls that `ask` makes before it waits.
 */
export function inBackground<T>(ask: () => Promise<T>): Promise<T> {
  asking = !touched;
  touched = false;
  try {
    return ask();
  } finally {
    asking = false;
  }
}

export async function call(path: string, method = "GET", body?: unknown): Promise<Response> {
  let answer: Response;
  const file = body instanceof Blob;
  try {
    answer = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: {
        ...(method === "GET" ? {} : { "X-Plainview": "1" }),
        ...(asking ? { "X-Plainview-Background": "1" } : {}),
        ...(body === undefined
          ? {}
          : { "Content-Type": file ? "application/octet-stream" : "application/json" }),
      },
      ...(body === undefined ? {} : { body: file ? body : JSON.stringify(body) }),
    });
  } catch {
    throw new ServerError(0, "away", texts.errors.away, texts.errors.awayHint);
  }
  if (answer.status === 401) onRefused();
  if (!answer.ok) throw await errorOf(answer);
  return answer;
}

async function errorOf(answer: Response): Promise<ServerError> {
  try {
    const { code, message, hint } = (await answer.json()) as Record<string, string | undefined>;
    return new ServerError(answer.status, code ?? "", message ?? texts.errors.unknown, hint ?? "");
  } catch {
    return new ServerError(answer.status, "", texts.errors.unknown, `HTTP ${answer.status}`);
  }
}

const get = async <T>(path: string): Promise<T> => (await call(path)).json() as Promise<T>;
const post = async <T>(path: string, body: unknown): Promise<T> =>
  (await call(path, "POST", body)).json() as Promise<T>;

export async function me(): Promise<Me> {
  const asked = Date.now();
  const answer = await get<Me>("/api/me");
  learnServerTime(Date.parse(answer.server_time), asked, Date.now());
  return answer;
}

export const setPurpose = (purpose: string, incident = ""): Promise<Response> =>
  call("/api/purpose", "POST", { purpose, incident });
export const signOut = (): Promise<Response> => call("/api/session", "DELETE");
export const cameras = (): Promise<Camera[]> => get("/api/cameras");
/** Names by camera id, as the public register has them: every role may read these. */
export async function cameraNames(): Promise<Map<string, string>> {
  const list = await get<{ camera: string; record: { name: string } }[]>("/api/public/cameras");
  return new Map(list.map(({ camera, record }) => [camera, record.name]));
}

export const requests = (): Promise<RequestRow[]> => get("/api/requests");
export const acts = (): Promise<Act[]> => get("/api/my/acts");

export const liveUrl = (camera: string): string =>
  `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live/${encodeURIComponent(camera)}`;

export interface Playback {
  playback: string;
  from: number;
  to: number;
}

export async function startPlayback(
  camera: string,
  from: number,
  to: number,
  purpose: string,
  incident = "",
): Promise<Playback> {
  const answer = await post<{ playback: string; from: string; to: string }>("/api/playback", {
    camera,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    purpose,
    incident,
  });
  return { playback: answer.playback, from: Date.parse(answer.from), to: Date.parse(answer.to) };
}

export async function timeline(playback: string): Promise<{ spans: Span[]; segments: Segment[] }> {
  const path = `/api/playback/${encodeURIComponent(playback)}/timeline`;
  const answer = await get<{
    spans: { start: string; end: string; state: SpanState; reason?: string }[];
    segments: { seq: number; window: string; start: string; end: string }[];
  }>(path);
  const times = ({
    start,
    end,
  }: {
    start: string;
    end: string;
  }): { start: number; end: number } => ({
    start: Date.parse(start),
    end: Date.parse(end),
  });
  return {
    spans: answer.spans.map((span) => ({
      state: span.state,
      ...(span.reason === undefined ? {} : { reason: span.reason }),
      ...times(span),
    })),
    segments: answer.segments
      .map((one) => ({ seq: one.seq, window: one.window, ...times(one) }))
      .sort((a, b) => a.start - b.start),
  };
}

export async function segment(
  playback: string,
  { window, seq }: Segment,
): Promise<Uint8Array<ArrayBuffer>> {
  const query = new URLSearchParams({ window, seq: String(seq) });
  const answer = await call(`/api/playback/${encodeURIComponent(playback)}/segment?${query}`);
  return new Uint8Array(await answer.arrayBuffer());
}

export async function snapshot(playback: string, at: number): Promise<Blob> {
  const path = `/api/playback/${encodeURIComponent(playback)}/snapshot`;
  return (await call(path, "POST", { at: new Date(at).toISOString() })).blob();
}

export const bookmark = (
  camera: string,
  at: number,
  note: string,
): Promise<{ bookmark: string; draft?: Draft }> =>
  post("/api/bookmarks", { camera, at: new Date(at).toISOString(), note });

export interface DraftWish {
  camera: string;
  from: number;
  to: number;
  purpose: string;
  case: string;
  note: string;
}

export const draft = (wish: DraftWish): Promise<Draft> =>
  post("/api/drafts", {
    ...wish,
    from: new Date(wish.from).toISOString(),
    to: new Date(wish.to).toISOString(),
  });
