// How the ground is drawn: calm, so that what the camera sees stands out. Three bases, one look.

import type {
  ExpressionSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from "maplibre-gl";

export type KindOfBase = "pmtiles" | "plan" | "tiles";

/** Names of custom properties in register.css, and the colours that the page gives them now. */
export const COLOURS = [
  "land",
  "green",
  "water",
  "building",
  "edge",
  "street",
  "casing",
  "text",
  "halo",
  "accent",
  "ink",
  "quiet",
  "bad",
] as const;
export type Colours = Record<(typeof COLOURS)[number], string>;

/** Drawn by the browser with the page's own typeface: no file of glyphs is fetched. */
export const FONT = ["Inter Variable"];
export const PICTURES = "pictures";
/** The source that is the ground. */
export const GROUND = "ground";

/** What a PMTiles file says of itself, as far as it matters here. */
export interface Archive {
  vector: boolean;
  layers: string[];
  minzoom: number;
  maxzoom: number;
}

export interface Ground {
  kind: KindOfBase;
  url: string;
  attribution: string;
  archive?: Archive;
  dark: boolean;
}

export function groundStyle(ground: Ground, colours: Colours): StyleSpecification {
  return {
    version: 8,
    sources: { [GROUND]: sourceOf(ground) },
    layers: [
      { id: "land", type: "background", paint: { "background-color": colours.land } },
      ...layersOf(ground, colours),
    ],
  };
}

function sourceOf({ kind, url, attribution, archive }: Ground): SourceSpecification {
  const said = attribution === "" ? {} : { attribution: escaped(attribution) };
  if (kind === "plan") return { type: "geojson", data: url, maxzoom: 16, tolerance: 0.2, ...said };
  if (kind === "tiles")
    return { type: "raster", tiles: [`${PICTURES}://${url}`], tileSize: 256, maxzoom: 19, ...said };
  const tiles = [`pmtiles://${url}/{z}/{x}/{y}`];
  const zooms = { minzoom: archive?.minzoom ?? 0, maxzoom: archive?.maxzoom ?? 15 };
  return archive?.vector === false
    ? { type: "raster", tiles, tileSize: 256, ...zooms, ...said }
    : { type: "vector", tiles, ...zooms, ...said };
}

/** The library puts an attribution into the page as markup; ours is text. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function layersOf({ kind, archive, dark }: Ground, colours: Colours): LayerSpecification[] {
  if (kind === "tiles" || archive?.vector === false) {
    const calm = dark
      ? { "raster-brightness-max": 0.6, "raster-saturation": -0.6 }
      : { "raster-saturation": -0.4 };
    return [{ id: "tiles", type: "raster", source: GROUND, paint: calm }];
  }
  if (kind === "plan") {
    const is = (name: string): ExpressionSpecification => ["==", ["get", "kind"], name];
    return [
      fill("green", colours.green, is("green")),
      fill("water", colours.water, is("water")),
      line("stream", colours.water, is("stream"), 3),
      ...streets(is("street"), colours),
      line("path", colours.quiet, is("path"), 1, [2, 2]),
      line("rail", colours.quiet, is("rail"), 1.5),
      { ...fill("building", colours.building, is("building"), colours.edge) },
      names("names", is("street"), colours, true),
      names("places", is("place"), colours, false),
    ];
  }
  return (archive?.layers ?? []).flatMap((name) => archived(name, colours)).sort(byDepth);
}

type Drawn = Exclude<LayerSpecification, { type: "background" }>;
const ORDER = ["green", "water", "stream", "casing", "street", "line", "building", "names"];
const depth = ({ id }: LayerSpecification): number => ORDER.indexOf(id.split(":")[0] ?? "");
const byDepth = (one: LayerSpecification, other: LayerSpecification): number =>
  depth(one) - depth(other);

/** What a layer's name says it holds, in the schemas that are about: OpenMapTiles, Protomaps, Shortbread. */
const HOLDS: [RegExp, string][] = [
  [/label|name|place|poi|address/, "names"],
  [/water|ocean|sea|river/, "water"],
  [/building/, "building"],
  [/road|street|transport|highway/, "street"],
  [/land|park|green|natural|forest|earth/, "green"],
  [/rail|bound|line/, "line"],
];

function archived(layer: string, colours: Colours): LayerSpecification[] {
  const kind = HOLDS.find(([found]) => found.test(layer))?.[1];
  const on = <T extends Drawn>(one: T): T => ({
    ...one,
    id: `${one.id}:${layer}`,
    "source-layer": layer,
  });
  const area: ExpressionSpecification = ["==", ["geometry-type"], "Polygon"];
  const way: ExpressionSpecification = ["==", ["geometry-type"], "LineString"];
  const named: ExpressionSpecification = ["has", "name"];
  if (layer === "earth") return [];
  if (kind === "water")
    return [on(fill("water", colours.water, area)), on(line("stream", colours.water, way, 2))];
  if (kind === "green") return [on(fill("green", colours.green, area))];
  if (kind === "building") return [on(fill("building", colours.building, area, colours.edge))];
  if (kind === "street")
    return [...streets(way, colours).map(on), on(names("names", named, colours, true))];
  if (kind === "names") return [on(names("names", named, colours, false))];
  if (kind === "line") return [on(line("line", colours.quiet, way, 1))];
  return [];
}

const source = GROUND;

const fill = (
  id: string,
  colour: string,
  filter: ExpressionSpecification,
  edge = colour,
): Drawn => ({
  id,
  type: "fill",
  source,
  filter,
  paint: { "fill-color": colour, "fill-outline-color": edge },
});

const line = (
  id: string,
  colour: string,
  filter: ExpressionSpecification,
  width: number,
  dash?: number[],
): Drawn => ({
  id,
  type: "line",
  source,
  filter,
  paint: {
    "line-color": colour,
    "line-width": width,
    ...(dash === undefined ? {} : { "line-dasharray": dash }),
  },
});

/** A street as wide as it is on the ground, more or less: 6 m, with an edge. */
function streets(filter: ExpressionSpecification, colours: Colours): Drawn[] {
  const width = (more: number): ExpressionSpecification => [
    "interpolate",
    ["exponential", 2],
    ["zoom"],
    13,
    1 + more,
    17,
    8 + more,
    20,
    56 + more,
  ];
  const layout = { "line-cap": "round", "line-join": "round" } as const;
  return [
    {
      id: "casing",
      type: "line",
      source,
      filter,
      layout,
      paint: { "line-color": colours.casing, "line-width": width(2) },
    },
    {
      id: "street",
      type: "line",
      source,
      filter,
      layout,
      paint: { "line-color": colours.street, "line-width": width(0) },
    },
  ];
}

const names = (
  id: string,
  filter: ExpressionSpecification,
  colours: Colours,
  along: boolean,
): Drawn => ({
  id,
  type: "symbol",
  source,
  filter,
  layout: {
    "text-field": ["get", "name"],
    "text-font": FONT,
    "text-size": along ? 12 : 13,
    ...(along ? { "symbol-placement": "line" as const } : { "text-max-width": 8 }),
  },
  paint: { "text-color": colours.text, "text-halo-color": colours.halo, "text-halo-width": 1.5 },
});
