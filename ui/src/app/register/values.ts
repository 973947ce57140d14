// A record is JSON with parts; fields are named by dotted paths, as the server names them.

import type { Json, JsonObject } from "../../base/canonical.ts";

const isPart = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function valueAt(record: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = record;
  for (const name of path.split(".")) value = isPart(value) ? value[name] : undefined;
  return value;
}

/** The record with a value put in; `undefined` takes the field out, and parts that are empty then. */
export function withValue(record: JsonObject, path: string, value: Json | undefined): JsonObject {
  const [name = "", ...rest] = path.split(".");
  const part = record[name];
  const inner =
    rest.length === 0 ? value : withValue(isPart(part) ? part : {}, rest.join("."), value);
  const left = Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
  const empty = inner === undefined || (isPart(inner) && Object.keys(inner).length === 0);
  return empty ? left : { ...left, [name]: inner };
}

/**
 * A number that somebody typed, in the log's small integer units; `undefined` if it is none, says
 * more than the units can, or may mean a thousand: nothing is rounded in silence.
 */
export function toUnits(typed: string, scale: number): number | undefined {
  const text = typed.trim();
  if (/^-?[1-9]\d{0,2}[.,]\d{3}$/.test(text)) return undefined;
  const units = scaled(text.replace(/[.,]$/, ""), scale);
  return units !== undefined && Math.abs(units - Math.round(units)) < 1e-6
    ? Math.round(units)
    : undefined;
}

function scaled(text: string, scale: number): number | undefined {
  const plain = /^\d{1,3}( \d{3})+$/.test(text) ? text.replaceAll(" ", "") : text;
  if (!/^-?\d+([.,]\d+)?$/.test(plain)) return undefined;
  const units = Number(plain.replace(",", ".")) * scale;
  return Number.isSafeInteger(Math.round(units)) ? units : undefined;
}

/** The same the other way: as few digits as say it exactly. */
export const fromUnits = (value: Json | undefined, scale: number): string =>
  typeof value === "number" ? String(value / scale) : "";

const DEGREE = 1e6;

/** "44.816, 20.46" in millionths of a degree, if it is a place on the earth. */
export function parsePosition(typed: string): [number, number] | undefined {
  const parts = typed.trim().split(/\s*[,;]\s*|\s+/);
  const [lat, lon] = parts.map((part) => scaled(part, DEGREE)).map((one) => one && Math.round(one));
  if (parts.length !== 2 || lat === undefined || lon === undefined) return undefined;
  return Math.abs(lat) <= 90 * DEGREE && Math.abs(lon) <= 180 * DEGREE ? [lat, lon] : undefined;
}

export const positionText = (value: Json | undefined): string => {
  const at = pointOf(value);
  return at === undefined ? "" : `${at[0] / DEGREE}, ${at[1] / DEGREE}`;
};

export function pointOf(value: Json | undefined): [number, number] | undefined {
  if (!Array.isArray(value)) return undefined;
  const [lat, lon] = value;
  return typeof lat === "number" && typeof lon === "number" ? [lat, lon] : undefined;
}

/** One entry a line, without empty ones. */
export const linesOf = (typed: string): string[] =>
  typed
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

export const textsIn = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];

/** An id that the log takes, out of a name: "Mill bridge 2" is mill-bridge-2. */
export const idFrom = (name: string): string =>
  name
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);

export async function sha256Hex(file: Blob): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
