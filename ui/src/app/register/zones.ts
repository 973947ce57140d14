// Areas of the picture that are always hidden: polygons of [x, y] in parts of 10,000, from the top left.

import type { Json } from "../../base/canonical.ts";

export type Corner = [x: number, y: number];
export type Zone = Corner[];

export const WHOLE = 10_000;
export const MOST_ZONES = 32;
export const MOST_CORNERS = 64;
export const LEAST_CORNERS = 3;
/** A ten thousandth of the picture: less hides nothing that anybody sees. */
const LEAST_AREA = (WHOLE * WHOLE) / 10_000;

const held = (value: number): number => Math.min(WHOLE, Math.max(0, Math.round(value)));
export const corner = (x: number, y: number): Corner => [held(x), held(y)];

const isCorner = (value: Json | undefined): value is Corner =>
  Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === "number");

/** What the record holds, without what is no corner. */
export const zonesIn = (value: Json | undefined): Zone[] =>
  Array.isArray(value)
    ? value.map((zone) => (Array.isArray(zone) ? zone.filter(isCorner) : []))
    : [];

export const replaced = <T>(list: T[], index: number, value: T): T[] =>
  list.map((one, at) => (at === index ? value : one));
export const without = <T>(list: T[], index: number): T[] => list.filter((_, at) => at !== index);

/** A small square in the middle, for whoever draws by keyboard. */
export const started = (): Zone => [
  [4000, 4000],
  [6000, 4000],
  [6000, 6000],
  [4000, 6000],
];

/** The zone with one more corner, half way to the next one after `index`. */
export function split(zone: Zone, index: number): Zone {
  const [here, next] = [zone[index], zone[(index + 1) % zone.length]];
  if (here === undefined || next === undefined) return zone;
  const middle = corner((here[0] + next[0]) / 2, (here[1] + next[1]) / 2);
  return [...zone.slice(0, index + 1), middle, ...zone.slice(index + 1)];
}

export type Fault = "corners" | "area" | "crossing";

/** What is wrong with a zone, if something is. */
export function faultOf(zone: Zone): Fault | undefined {
  if (zone.length < LEAST_CORNERS) return "corners";
  if (crosses(zone)) return "crossing";
  return Math.abs(areaOf(zone)) < 2 * LEAST_AREA ? "area" : undefined;
}

/** Twice the area, with the sign of the way round. */
const areaOf = (zone: Zone): number =>
  sides(zone).reduce((sum, [[x1, y1], [x2, y2]]) => sum + (x1 * y2 - x2 * y1), 0);

const sides = (zone: Zone): [Corner, Corner][] =>
  zone.map((one, index) => [one, zone[(index + 1) % zone.length] ?? one]);

const turn = (a: Corner, b: Corner, c: Corner): number =>
  Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));

/** Whether two sides that are no neighbours cross. */
function crosses(zone: Zone): boolean {
  const all = sides(zone);
  return all.some(([a, b], one) =>
    all.some(([c, d], other) => {
      const apart = other - one;
      if (apart < 2 || (one === 0 && other === all.length - 1)) return false;
      return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
    }),
  );
}
