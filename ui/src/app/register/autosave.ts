// Saves a draft a moment after one stops writing, one request at a time.

import { useCallback, useEffect, useRef, useState } from "react";
import type { JsonObject } from "../../base/canonical.ts";
import { saveDraft, type DraftRow } from "./api.ts";

const PAUSE_MS = 700;

/** What the record becomes; a function where it follows from what it is by then. */
export type Next = JsonObject | ((now: JsonObject) => JsonObject);

interface Autosave {
  record: JsonObject;
  change: (next: Next) => void;
  /** Save what is not saved; resolves when the server has it or refused. */
  flush: () => Promise<void>;
  state: "saved" | "saving" | "unsaved";
  error: unknown;
}

export function useAutosave(draft: DraftRow): Autosave {
  const [record, setRecord] = useState(draft.record);
  const [state, setState] = useState<Autosave["state"]>("saved");
  const [error, setError] = useState<unknown>(null);
  const latest = useRef(draft.record);
  const kept = useRef({ record: draft.record, saves: draft.saves });
  const running = useRef<Promise<void> | null>(null);

  const save = useCallback(async (): Promise<void> => {
    while (kept.current.record !== latest.current) {
      const sent = latest.current;
      setState("saving");
      const { saves } = await saveDraft(draft.draft, sent, kept.current.saves);
      kept.current = { record: sent, saves };
    }
    setState("saved");
    setError(null);
  }, [draft.draft]);

  const flush = useCallback((): Promise<void> => {
    running.current ??= save()
      .catch((reason: unknown) => {
        setState("unsaved");
        setError(reason);
      })
      .finally(() => {
        running.current = null;
      });
    return running.current;
  }, [save]);

  const change = useCallback((next: Next): void => {
    latest.current = typeof next === "function" ? next(latest.current) : next;
    setRecord(latest.current);
    setState("unsaved");
  }, []);

  useEffect(() => {
    if (kept.current.record === record) return undefined;
    const timer = setTimeout(() => void flush(), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [record, flush]);
  useEffect(() => {
    const leaving = (event: BeforeUnloadEvent): void => {
      if (kept.current.record !== latest.current) event.preventDefault();
    };
    window.addEventListener("beforeunload", leaving);
    return () => {
      window.removeEventListener("beforeunload", leaving);
      void flush();
    };
  }, [flush]);
  return { record, change, flush, state, error };
}
