// What an object of an answer must hold: exactly these names, each with a value of its kind.

import type { JsonObject } from "./canonical.ts";

export type Kind = (value: unknown) => boolean;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isText = (value: unknown): value is string => typeof value === "string";

export const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";

export const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);

export const isStringList = (value: unknown): value is string[] => isListOf(isText)(value);

/** A name as the log allows it: up to 100 characters, none of them blank. */
export const isName = (value: unknown): value is string =>
  isText(value) && /^[^\s\p{Cc}]{1,100}$/u.test(value);

/** A SHA-256. */
export const isDigest = (value: unknown): value is string =>
  isText(value) && /^[0-9a-f]{64}$/.test(value);

export const isListOf =
  (kind: Kind): Kind =>
  (value) =>
    Array.isArray(value) && value.every(kind);

export const isOneOf =
  (...values: unknown[]): Kind =>
  (value) =>
    values.includes(value);

export function hasShape(
  value: unknown,
  needed: Record<string, Kind>,
  allowed: Record<string, Kind> = {},
): value is JsonObject {
  if (!isObject(value)) return false;
  const kinds = new Map(Object.entries({ ...needed, ...allowed }));
  const fits = Object.entries(value).every(([name, item]) => kinds.get(name)?.(item) === true);
  return fits && Object.keys(needed).every((name) => Object.hasOwn(value, name));
}
