import { describe, expect, it } from "vitest";
import { bearing, reachOf, fieldOfView, type Point } from "../src/app/register/geometry.ts";
import {
  aimedAt,
  handleAt,
  otherFeatures,
  ringFeatures,
  viewFeatures,
} from "../src/app/register/map/features.ts";
import { COLOURS, groundStyle, type Colours } from "../src/app/register/map/style.ts";
import { corner, faultOf, split, zonesIn, type Zone } from "../src/app/register/zones.ts";
import { parseRoute } from "../src/app/router.ts";

const BELGRADE: Point = [44_816_000, 20_460_000];
const colours = Object.fromEntries(COLOURS.map((name) => [name, `#${name}`])) as Colours;

describe("the handle", () => {
  it("says the direction and the distance that it was hung at", () => {
    for (const direction of [0, 45, 90, 179, 270, 359])
      for (const metres of [5, 40, 400])
        expect(aimedAt(BELGRADE, handleAt(BELGRADE, direction, metres))).toEqual({
          direction,
          metres,
        });
    expect(aimedAt(BELGRADE, BELGRADE).metres).toBe(1);
    expect(aimedAt(BELGRADE, handleAt(BELGRADE, 0, 5000)).metres).toBe(1000);
  });

  it("hangs where the drawn view ends", () => {
    const field = fieldOfView(BELGRADE, 120, 60, 80);
    expect(aimedAt(BELGRADE, handleAt(BELGRADE, 120, reachOf(field, BELGRADE)))).toEqual({
      direction: 120,
      metres: 80,
    });
    expect(bearing({ x: 0, y: 0 }, { x: -1, y: 0 })).toBe(-90);
  });
});

describe("what lies on the map", () => {
  it("draws rings as far as they reach, with the one above the cap marked", () => {
    const rings = {
      scale: "dori_2014" as const,
      met: "observe",
      cap: "observe",
      allowed: true,
      from: { monitor: 125, observe: 625, recognise: 1250 },
      reaches_cm: { monitor: 8000, observe: 3000, recognise: 1500 },
    };
    const { features } = ringFeatures(BELGRADE, 90, 60, rings);
    const lines = features.filter(({ geometry }) => geometry.type === "LineString");
    expect(lines.map(({ properties }) => properties)).toEqual([
      { name: "monitor", over: false },
      { name: "observe", over: false },
      { name: "recognise", over: true },
    ]);
    for (const [index, metres] of [80, 30, 15].entries()) {
      const line = lines[index]?.geometry;
      if (line?.type !== "LineString") throw new Error("no arc");
      for (const [lon = 0, lat = 0] of line.coordinates)
        expect(aimedAt(BELGRADE, [lat * 1e6, lon * 1e6]).metres).toBe(metres);
    }
  });

  it("closes polygons, and leaves the camera itself out of the others", () => {
    const [view] = viewFeatures(fieldOfView(BELGRADE, 0, 60, 40)).features;
    if (view?.geometry.type !== "Polygon") throw new Error("no polygon");
    const [ring = []] = view.geometry.coordinates;
    expect(ring.at(-1)).toEqual(ring[0]);
    expect(viewFeatures([]).features).toEqual([]);
    const one = { name: "x", position: BELGRADE, direction_degrees: null, angle_degrees: null };
    const others = [
      { ...one, id: "own" },
      { ...one, id: "b", direction_degrees: 10 },
    ];
    expect(otherFeatures(others, "own").features.map(({ geometry }) => geometry.type)).toEqual([
      "Polygon",
      "Point",
    ]);
  });
});

describe("the ground", () => {
  const own = { url: "https://city.example/x", attribution: '<img src="x">', dark: false };

  it("names no address but its own, and shows an attribution as text", () => {
    for (const kind of ["plan", "tiles", "pmtiles"] as const) {
      const style = groundStyle({ ...own, kind }, colours);
      expect(style.glyphs).toBeUndefined();
      expect(style.sprite).toBeUndefined();
      expect(JSON.stringify(style)).not.toContain("<img");
      const found = JSON.stringify(style).match(/https?:\/\/[^/"]*/g);
      expect(new Set(found)).toEqual(new Set(["https://city.example"]));
    }
  });

  it("knows layers of common schemas by their names, water below streets, names on top", () => {
    const archive = {
      vector: true,
      layers: ["place", "transportation", "transportation_name", "water", "building", "secret"],
      minzoom: 0,
      maxzoom: 14,
    };
    const { layers } = groundStyle({ ...own, kind: "pmtiles", archive }, colours);
    const ids = layers.map(({ id }) => id);
    expect(ids.some((id) => id.includes("secret"))).toBe(false);
    const at = (id: string): number => ids.indexOf(id);
    expect(at("water:water")).toBeGreaterThan(0);
    expect(at("street:transportation")).toBeGreaterThan(at("water:water"));
    expect(at("names:place")).toBeGreaterThan(at("building:building"));
  });
});

describe("always hidden areas", () => {
  const square: Zone = [
    [0, 0],
    [5000, 0],
    [5000, 5000],
    [0, 5000],
  ];

  it("keep to the picture, in whole numbers", () => {
    expect(corner(-3, 10_001.4)).toEqual([0, 10_000]);
    expect(zonesIn([square, "x", [[1, "y"]]])).toEqual([square, [], []]);
    expect(zonesIn(undefined)).toEqual([]);
  });

  it("get another corner between two", () => {
    expect(split(square, 3)[4]).toEqual([0, 2500]);
    expect(split(square, 0)).toHaveLength(5);
  });

  it("are wrong without an area, with few corners, or when sides cross", () => {
    const [a, b, c, d] = square;
    expect(faultOf(square)).toBeUndefined();
    expect(faultOf(square.slice(0, 2))).toBe("corners");
    expect(faultOf([[0, 0], [5000, 0], [9000, 0]])).toBe("area"); // prettier-ignore
    expect(faultOf([a, c, b, d] as Zone)).toBe("crossing");
  });
});

describe("the address of an import", () => {
  it("is a page of the register", () => {
    expect(parseRoute("/app/register/import", "")).toMatchObject({
      page: "register",
      importing: true,
    });
  });
});
