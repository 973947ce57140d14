// The log needs a moment until its witnesses have seen a new entry: ask again, for a while.

import { CheckFailed, ServerError } from "../base/errors.ts";

const SERVER_MS = 50_000;
const WITNESS_MS = 15_000;
const PAUSE_MS = 1_000;

/** Repeats `work` while the server says "not yet" or the witnesses lag; a lie is never tried again. */
export async function whenWitnessed<T>(
  work: () => Promise<T>,
  onWait: (waiting: boolean) => void,
): Promise<T> {
  const started = Date.now();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() - started > patience(error)) throw error;
      onWait(true);
      await new Promise((go) => setTimeout(go, PAUSE_MS));
    } finally {
      onWait(false);
    }
  }
}

function patience(error: unknown): number {
  if (error instanceof ServerError && [409, 503].includes(error.status)) return SERVER_MS;
  if (error instanceof CheckFailed && ["witnesses", "stale", "too-few"].includes(error.code))
    return WITNESS_MS;
  return -1;
}
