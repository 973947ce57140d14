// Names of cameras as the server tells them: for reading a list, never for a decision.

import { useEffect, useState } from "react";
import { isObject } from "../log/entries.ts";
import type { Server } from "../release/server.ts";
import type { Named } from "./parts.tsx";

export function useNames(server: Server): Map<string, Named> {
  const [names, setNames] = useState(new Map<string, Named>());
  useEffect(() => {
    let current = true;
    server.get("/api/public/cameras").then(
      (answer) => current && setNames(namesIn(answer)),
      // Without names the ids are shown; what the page is for fails in its own words.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [server]);
  return names;
}

export function namesIn(answer: unknown): Map<string, Named> {
  const found = new Map<string, Named>();
  for (const item of Array.isArray(answer) ? answer : []) {
    if (!isObject(item) || typeof item.camera !== "string" || !isObject(item.record)) continue;
    const { name, place } = item.record;
    if (typeof name !== "string") continue;
    found.set(item.camera, { name, place: typeof place === "string" ? place : "", proven: false });
  }
  return found;
}
