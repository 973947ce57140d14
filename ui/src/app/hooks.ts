// Small hooks: something fetched (and fetched again), keys.

import { useCallback, useEffect, useRef, useState } from "react";
import { inBackground } from "./api.ts";

export interface Loaded<T> {
  value: T | null;
  error: unknown;
  reload: () => void;
}

/**
 * Fetches once, then every `everyMs` (0: never again) and when `reload` is called. What the timer
 * asks is no use of the session, which ends under a page that nobody touches.
 */
export function useLoaded<T>(fetch: () => Promise<T>, everyMs = 0): Loaded<T> {
  const [state, setState] = useState<{ value: T | null; error: unknown }>({
    value: null,
    error: null,
  });
  const [round, setRound] = useState(0);
  const reload = useCallback(() => setRound((n) => n + 1), []);
  useEffect(() => {
    let current = true;
    const load = (ask: () => Promise<T>): void => {
      ask().then(
        (value) => current && setState({ value, error: null }),
        (error: unknown) => current && setState(({ value }) => ({ value, error })),
      );
    };
    load(fetch);
    const again = (): void => load(() => inBackground(fetch));
    const timer = everyMs > 0 ? setInterval(again, everyMs) : undefined;
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [fetch, everyMs, round]);
  return { ...state, reload };
}

/** Key presses on the page, but not while somebody types or a dialog is open. */
export function useKeys(handle: (event: KeyboardEvent) => void): void {
  const latest = useRef(handle);
  useEffect(() => {
    latest.current = handle;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement | null;
      // A dialog may have lost the focus, when the button that had it was disabled.
      const asked = document.querySelector("dialog[open]") !== null;
      const typing = asked || target?.closest("input, textarea, select") !== null;
      // Whoever came to a button by keyboard means that button; after a click the keys steer the picture.
      const onButton =
        [" ", "Enter"].includes(event.key) && target?.matches(":is(a, button):focus-visible");
      if (onButton === true) return;
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      latest.current(event);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
