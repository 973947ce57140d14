// The plan: a flat drawing around a point, x to the east and y to the south, in metres.

export type Point = [lat: number, lon: number];

export interface Metres {
  x: number;
  y: number;
}

/** Metres of a millionth of a degree of latitude, on a sphere of the earth's mean radius. */
const METRES = (6_371_008.8 * Math.PI) / 180 / 1e6;
/** Corners of a drawn field of view, besides the camera itself: the log takes 64 in all. */
const ARC_STEPS = 16;

const narrowing = (lat: number): number => Math.cos((lat / 1e6 / 180) * Math.PI);

export function toMetres(point: Point, centre: Point): Metres {
  return {
    x: (point[1] - centre[1]) * METRES * narrowing(centre[0]),
    y: (centre[0] - point[0]) * METRES,
  };
}

export function toPoint({ x, y }: Metres, centre: Point): Point {
  return [
    Math.round(centre[0] - y / METRES),
    Math.round(centre[1] + x / (METRES * narrowing(centre[0]))),
  ];
}

/** The point `metres` away from `from` in a direction; 0 is north, 90 east. */
export function towards(from: Metres, degrees: number, metres: number): Metres {
  const angle = (degrees / 180) * Math.PI;
  return { x: from.x + Math.sin(angle) * metres, y: from.y - Math.cos(angle) * metres };
}

export const distance = (one: Metres, other: Metres): number =>
  Math.hypot(one.x - other.x, one.y - other.y);

/** The direction from one point to another; 0 is north, 90 east. */
export const bearing = (from: Metres, to: Metres): number =>
  (Math.atan2(to.x - from.x, from.y - to.y) / Math.PI) * 180;

/** What a lens sees on the ground: the camera, then points of the arc from left to right. */
export function fieldOfView(
  camera: Point,
  direction: number,
  angle: number,
  metres: number,
): Point[] {
  const here = { x: 0, y: 0 };
  const whole = angle >= 360;
  const steps = whole ? ARC_STEPS - 1 : ARC_STEPS;
  const arc = Array.from({ length: steps + 1 }, (_, step) =>
    towards(here, direction - angle / 2 + (angle * step) / (whole ? ARC_STEPS : steps), metres),
  );
  return (whole ? arc : [here, ...arc]).map((corner) => toPoint(corner, camera));
}

/** The same corners around another place. */
export const shifted = (corners: Point[], from: Point, to: Point): Point[] =>
  corners.map((corner) => toPoint(toMetres(corner, from), to));

/** How far a drawn field of view reaches, in whole metres. */
export function reachOf(polygon: Point[], camera: Point): number {
  const here = { x: 0, y: 0 };
  const far = polygon.map((corner) => distance(here, toMetres(corner, camera)));
  return Math.round(Math.max(0, ...far));
}

export const polygonText = (corners: Metres[]): string =>
  corners.map(({ x, y }) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" ");

/** An arc around the camera across its view, as an SVG path. */
export function arcPath(from: Metres, direction: number, angle: number, metres: number): string {
  const half = Math.min(angle, 359.9) / 2;
  const [start, end] = [direction - half, direction + half].map((one) =>
    towards(from, one, metres),
  ) as [Metres, Metres];
  const large = angle > 180 ? 1 : 0;
  return `M ${start.x.toFixed(2)} ${start.y.toFixed(2)} A ${metres} ${metres} 0 ${large} 1 ${end.x.toFixed(2)} ${end.y.toFixed(2)}`;
}

/** A length for the scale bar: 1, 2 or 5 times a power of ten, near a quarter of the width. */
export function scaleLength(width: number): number {
  const wanted = width / 4;
  const power = 10 ** Math.floor(Math.log10(wanted));
  return ([5, 2, 1].find((step) => step * power <= wanted) ?? 1) * power;
}

/** Of lengths from long to short, those that lie far enough apart to be labelled. */
export function spaced(lengths: number[], apart: number): Set<number> {
  const kept: number[] = [];
  for (const one of lengths)
    if (one > apart && (kept.at(-1) ?? Infinity) - one > apart) kept.push(one);
  return new Set(kept);
}

export const turned = (degrees: number, by: number): number => (((degrees + by) % 360) + 360) % 360;
