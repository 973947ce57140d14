// The lines that tick off, as state of a page.

import { useCallback, useState } from "react";
import { CheckFailed } from "../base/errors.ts";
import type { Check, CheckName } from "../release/checks.ts";

export interface Line {
  name: CheckName;
  state: "waiting" | "running" | "held" | "failed";
  said: string;
}

/** A short pause, so that a person can follow the lines as they tick off. */
const PACE_MS = 90;

export function useChecks(names: CheckName[]): { lines: Line[]; check: Check; reset: () => void } {
  const fresh = useCallback(
    (): Line[] => names.map((name) => ({ name, state: "waiting", said: "" })),
    [names],
  );
  const [lines, setLines] = useState(fresh);
  const set = (name: CheckName, state: Line["state"], said = ""): void =>
    setLines((now) => now.map((line) => (line.name === name ? { name, state, said } : line)));
  const check: Check = useCallback(async (name, work, said) => {
    set(name, "running");
    await new Promise((go) => setTimeout(go, PACE_MS));
    try {
      const value = await work();
      set(name, "held", said?.(value));
      return value;
    } catch (error) {
      set(name, "failed", error instanceof CheckFailed ? error.detail : "");
      throw error;
    }
  }, []);
  return { lines, check, reset: useCallback(() => setLines(fresh()), [fresh]) };
}
