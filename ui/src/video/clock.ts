// The server's clock as this browser knows it, and times as people read them.

let offsetMs = 0;

/** Remembers how far the server's clock is from this browser's, from one request and its answer. */
export function learnServerTime(serverMs: number, askedMs: number, answeredMs: number): void {
  if (Number.isFinite(serverMs)) offsetMs = serverMs - (askedMs + answeredMs) / 2;
}

export const serverNow = (): number => Date.now() + offsetMs;

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});
const zone = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });
const short = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const minutes = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** 14:03:22 CET */
export const clockTime = (ms: number): string => clock.format(ms);
/** 14:03:22 */
export const shortTime = (ms: number): string => short.format(ms);
/** 14:03 */
export const minuteTime = (ms: number): string => minutes.format(ms);
/** 23 Nov 2026 */
export const dayOf = (ms: number): string => day.format(ms);
export const dateTime = (ms: number): string => `${dayOf(ms)}, ${clockTime(ms)}`;
/** Two digits behind the second: enough to tell frames apart. */
export const hundredths = (ms: number): string =>
  String(Math.floor((ms % 1000) / 10)).padStart(2, "0");

/** CET: the zone in which this browser reads and shows the time `ms` (now, if that is none). */
export const zoneName = (ms: number): string =>
  zone.formatToParts(Number.isNaN(ms) ? Date.now() : ms).find(({ type }) => type === "timeZoneName")
    ?.value ?? "";

/** For `<input type="datetime-local" step="1">`. */
export function toLocalInput(ms: number): string {
  const shifted = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}
