// The tools' only way to a server: HTTPS, a session by key. Nothing that comes back is believed here.

import { concat, toBase64, utf8, type Bytes } from "../base/bytes.ts";
import type { JsonObject } from "../base/canonical.ts";
import { CheckFailed, ServerError } from "../base/errors.ts";
import { isObject, isoNow } from "../log/entries.ts";
import type { KeyFile } from "./keyfile.ts";

const MAX_ANSWER = 64 * 2 ** 20;
const MAX_ORIGINALS = 2 ** 30;

/** Scheme, host and port. Plain HTTP only to this machine; throws CheckFailed("server"). */
export function originOf(address: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new CheckFailed("server", "This is not a server's address.", address);
  }
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local)) {
    throw new CheckFailed("server", "The server would be spoken to without encryption.", address);
  }
  return url.origin;
}

export class Server {
  private token: Promise<string> | null = null;

  constructor(
    readonly origin: string,
    private readonly key: KeyFile,
  ) {}

  async get(path: string): Promise<unknown> {
    return JSON.parse(new TextDecoder().decode(await this.bytes(path, MAX_ANSWER))) as unknown;
  }

  async post(path: string, body: JsonObject): Promise<unknown> {
    const answer = await this.call(path, { method: "POST", body: JSON.stringify(body) });
    return (await answer.json()) as unknown;
  }

  originals(window: string, request: string): Promise<Bytes> {
    const query = new URLSearchParams({ request });
    return this.bytes(`/api/originals/${encodeURIComponent(window)}?${query}`, MAX_ORIGINALS);
  }

  private async bytes(path: string, most: number): Promise<Bytes> {
    const answer = await this.call(path, {});
    const reader = answer.body?.getReader();
    const parts: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const read = await reader?.read();
      if (read?.value === undefined) break;
      length += read.value.length;
      if (length > most) {
        await reader?.cancel();
        throw new CheckFailed("answer-size", "The server answers without end.", path);
      }
      parts.push(read.value);
    }
    return concat(...parts);
  }

  private async call(path: string, init: RequestInit): Promise<Response> {
    this.token ??= this.signIn();
    return this.fetch(path, { ...init, headers: { Authorization: `Bearer ${await this.token}` } });
  }

  private async fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (init.body !== undefined) headers.set("Content-Type", "application/json");
    let answer: Response;
    try {
      answer = await fetch(this.origin + path, {
        ...init,
        credentials: "omit",
        cache: "no-store",
        headers,
      });
    } catch {
      throw new ServerError(0, "away", "The server cannot be reached.", this.origin);
    }
    if (!answer.ok) throw await refusal(answer);
    return answer;
  }

  private async signIn(): Promise<string> {
    const time = isoNow();
    const { signing } = this.key;
    const sig = toBase64(signing.sign(utf8(`plainview/session/v1\n${this.origin}\n${time}`)));
    const body = JSON.stringify({ key_id: signing.keyId, time, sig });
    const answer: unknown = await (
      await this.fetch("/api/session/key", { method: "POST", body })
    ).json();
    if (!isObject(answer) || typeof answer.token !== "string") {
      throw new CheckFailed("session", "The server gave no session.");
    }
    return answer.token;
  }
}

async function refusal(answer: Response): Promise<ServerError> {
  const said: unknown = await answer.json().catch(() => null);
  const { code, message, hint }: JsonObject = isObject(said) ? said : {};
  const text = (value: unknown): string => (typeof value === "string" ? value.slice(0, 500) : "");
  const fallback = `The server answered ${answer.status}.`;
  return new ServerError(answer.status, text(code), text(message) || fallback, text(hint));
}
