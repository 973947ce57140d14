// The part of the web process's API that came with people: marks, clips, who looked (docs/ref/http.md).

import { ServerError } from "../base/errors.ts";
import { roomTexts } from "../messages/room.ts";
import { call } from "./api.ts";

export type MarkState = "open" | "held" | "lapsed" | "destroyed";

export interface Kept {
  mark: string;
  entry: number;
  camera: string;
  at: string;
  from: string;
  to: string;
  note: string;
  made: string;
  actor: string;
  role: string;
  mine: boolean;
  state: MarkState;
  lapses: string;
  destroyed: string | null;
  deadline: string;
  /** Whether recordings are destroyed before the mark lapses. */
  short: boolean;
  held_until: string | null;
  hold: number | null;
  command: string;
}

export interface Access {
  entry: number;
  time: string;
  actor: string;
  role: string;
  act: string;
  revealed: number | null;
  detail: Record<string, string> | null;
  mine: boolean;
}

export interface MyAct {
  index: number;
  entry: string;
  proof: string;
  detail: Record<string, string | null>;
  salt: string;
}

const json = async <T>(answer: Promise<Response>): Promise<T> =>
  (await answer).json() as Promise<T>;

export const keep = (camera: string, at: number, note: string): Promise<Kept> =>
  json(call("/api/marks", "POST", { camera, at: new Date(at).toISOString(), note }));

export const marks = (camera?: string): Promise<Kept[]> =>
  json(call(`/api/marks${camera === undefined ? "" : `?camera=${encodeURIComponent(camera)}`}`));

export const accesses = (
  before: number | null,
): Promise<{ accesses: Access[]; next: number | null }> =>
  json(call(`/api/accesses${before === null ? "" : `?before=${before}`}`));

export const myAct = (entry: number): Promise<MyAct> => json(call(`/api/my/acts/${entry}`));

export const policy = async (): Promise<string> => (await call("/policy.txt")).text();

export interface ClipWish {
  from: number;
  to: number;
  purpose: string;
  incident: string;
  recipient: string;
}

export interface Clip {
  number: string;
  name: string;
  file: Blob;
}

/** The whole file, or nothing: a clip that was cut short is not kept. */
export async function clip(
  playback: string,
  wish: ClipWish,
  onBytes: (bytes: number) => void,
): Promise<Clip> {
  const answer = await call(`/api/playback/${encodeURIComponent(playback)}/clip`, "POST", {
    ...wish,
    from: new Date(wish.from).toISOString(),
    to: new Date(wish.to).toISOString(),
  });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    const reader = answer.body?.getReader();
    for (;;) {
      const piece = await reader?.read();
      if (piece === undefined || piece.done) break;
      parts.push(piece.value);
      onBytes((size += piece.value.length));
    }
  } catch {
    throw new ServerError(0, "cut", roomTexts.clip.cut, "");
  }
  const number = answer.headers.get("x-plainview-entry") ?? "";
  const said = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "");
  return {
    number,
    name: said?.[1] ?? `plainview-clip-${number}.mp4`,
    file: new Blob(parts, { type: "video/mp4" }),
  };
}
