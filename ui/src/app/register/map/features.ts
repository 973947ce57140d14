// What lies on the map: the camera's view, rings of pixel density, other cameras. And back: a drag.

import type { Feature, FeatureCollection, Position } from "geojson";
import type { LayerSpecification, SourceSpecification } from "maplibre-gl";
import { classAbove, type Neighbour, type Scale } from "../api.ts";
import {
  bearing,
  distance,
  spaced,
  toMetres,
  toPoint,
  towards,
  turned,
  type Point,
} from "../geometry.ts";
import { FONT, type Colours } from "./style.ts";

const DEGREE = 1e6;
/** Metres that a neighbour's view is drawn far: how far it sees is its own record's business. */
const NEIGHBOUR_M = 18;
const ARC_STEPS = 48;
const HERE = { x: 0, y: 0 };
/** Rings nearer to each other than this, metres, share one name. */
const NAMED_APART_M = 4;
export const FARTHEST_M = 1000;

export const lngLat = ([lat, lon]: Point): [number, number] => [lon / DEGREE, lat / DEGREE];
export const pointAt = ({ lng, lat }: { lng: number; lat: number }): Point => [
  Math.round(lat * DEGREE),
  Math.round(lng * DEGREE),
];

const collection = (features: Feature[]): FeatureCollection => ({
  type: "FeatureCollection",
  features,
});
const feature = (
  geometry: Feature["geometry"],
  properties: Feature["properties"] = {},
): Feature => ({
  type: "Feature",
  geometry,
  properties,
});
const around = (camera: Point, degrees: number, metres: number): Position =>
  lngLat(toPoint(towards(HERE, degrees, metres), camera));
const closed = (corners: Position[]): Position[] => [...corners, ...corners.slice(0, 1)];

export const viewFeatures = (field: Point[]): FeatureCollection =>
  collection(
    field.length < 3
      ? []
      : [feature({ type: "Polygon", coordinates: [closed(field.map(lngLat))] })],
  );

/** One arc for each class, and its name at the left edge of the view. */
export function ringFeatures(
  camera: Point,
  direction: number,
  angle: number,
  rings: Scale,
): FeatureCollection {
  const over = classAbove(rings);
  const found = Object.entries(rings.reaches_cm)
    .map(([name, cm]) => ({ name, metres: cm / 100 }))
    .sort((one, other) => other.metres - one.metres);
  const named = spaced(
    found.map(({ metres }) => metres),
    NAMED_APART_M,
  );
  const half = Math.min(angle, 359.9) / 2;
  return collection(
    found.flatMap(({ name, metres }) => {
      const arc = Array.from({ length: ARC_STEPS + 1 }, (_, step) =>
        around(camera, direction - half + (2 * half * step) / ARC_STEPS, metres),
      );
      const said = { name, over: name === over };
      const at = around(camera, direction - Math.min(half, 175), metres);
      return [
        feature({ type: "LineString", coordinates: arc }, said),
        ...(named.has(metres) ? [feature({ type: "Point", coordinates: at }, said)] : []),
      ];
    }),
  );
}

export const otherFeatures = (others: Neighbour[], own: string): FeatureCollection =>
  collection(
    others
      .filter(({ id }) => id !== own)
      .flatMap((one) => {
        const point = feature(
          { type: "Point", coordinates: lngLat(one.position) },
          { name: one.name },
        );
        const { direction_degrees: direction, angle_degrees: angle } = one;
        if (direction === null) return [point];
        const sides = [-1, 1].map((side) =>
          around(one.position, direction + (side * (angle ?? 60)) / 2, NEIGHBOUR_M),
        );
        const wedge = closed([lngLat(one.position), ...sides]);
        return [feature({ type: "Polygon", coordinates: [wedge] }), point];
      }),
  );

/** Where the handle for direction and reach hangs. */
export const handleAt = (camera: Point, direction: number, metres: number): Point =>
  toPoint(towards(HERE, direction, metres), camera);

/** What a handle dragged to a place says: whole degrees, whole metres. */
export function aimedAt(camera: Point, place: Point): { direction: number; metres: number } {
  const there = toMetres(place, camera);
  return {
    direction: turned(Math.round(bearing(HERE, there)), 0),
    metres: Math.min(FARTHEST_M, Math.max(1, Math.round(distance(HERE, there)))),
  };
}

export const OVERLAYS = ["others", "view", "rings"] as const;
export type Overlay = (typeof OVERLAYS)[number];

export const overlaySources = (): Record<Overlay, SourceSpecification> => ({
  others: { type: "geojson", data: collection([]) },
  view: { type: "geojson", data: collection([]) },
  rings: { type: "geojson", data: collection([]) },
});

export function overlayLayers(colours: Colours): LayerSpecification[] {
  const text = (source: Overlay, colour: string, anchor: "left" | "right"): LayerSpecification => ({
    id: `${source}-names`,
    type: "symbol",
    source,
    filter: ["==", ["geometry-type"], "Point"],
    layout: {
      "text-field": ["get", "name"],
      "text-font": FONT,
      "text-size": 12,
      "text-anchor": anchor,
      "text-offset": [anchor === "left" ? 0.8 : -0.5, 0],
      "text-allow-overlap": source === "rings",
    },
    paint: { "text-color": colour, "text-halo-color": colours.halo, "text-halo-width": 2 },
  });
  return [
    {
      id: "others-views",
      type: "fill",
      source: "others",
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": colours.quiet, "fill-opacity": 0.25 },
    },
    {
      id: "view-fill",
      type: "fill",
      source: "view",
      paint: { "fill-color": colours.accent, "fill-opacity": 0.22 },
    },
    {
      id: "view-edge",
      type: "line",
      source: "view",
      paint: { "line-color": colours.accent, "line-width": 1.6 },
    },
    {
      id: "rings-allowed",
      type: "line",
      source: "rings",
      filter: ["!", ["get", "over"]],
      paint: { "line-color": colours.ink, "line-width": 1, "line-dasharray": [4, 3] },
    },
    {
      id: "rings-over",
      type: "line",
      source: "rings",
      filter: ["all", ["get", "over"], ["==", ["geometry-type"], "LineString"]],
      paint: { "line-color": colours.bad, "line-width": 2.4 },
    },
    {
      id: "others-points",
      type: "circle",
      source: "others",
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-radius": 5,
        "circle-color": colours.quiet,
        "circle-stroke-color": colours.halo,
        "circle-stroke-width": 1.5,
      },
    },
    text("others", colours.text, "left"),
    text("rings", colours.ink, "right"),
  ];
}
