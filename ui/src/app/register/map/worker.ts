// The library's worker from our own origin, and the two ways in which tiles come to it.

import { addProtocol, setWorkerUrl, type RequestParameters } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { PMTiles, Protocol, TileType } from "pmtiles";
import { PICTURES, type Archive } from "./style.ts";

const archives = new Protocol({ errorOnMissingTile: false });
let ready = false;

/** Once for the page. Tiles are fetched here, not in the worker: this page's policy says from where. */
export function prepare(): void {
  if (ready) return;
  ready = true;
  setWorkerUrl(workerUrl);
  addProtocol("pmtiles", archives.tile);
  addProtocol(PICTURES, picture);
}

/** From elsewhere, so without cookies and without saying which page asks. */
async function picture(
  { url }: RequestParameters,
  stop: AbortController,
): Promise<{ data: ArrayBuffer }> {
  const answer = await fetch(url.slice(PICTURES.length + 3), {
    signal: stop.signal,
    credentials: "omit",
    referrerPolicy: "no-referrer",
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return { data: await answer.arrayBuffer() };
}

/** Opens a PMTiles file of our own server; the source of the same address reads from it. */
export async function opened(url: string): Promise<Archive & { attribution: string }> {
  const archive = new PMTiles(url);
  archives.add(archive);
  const [header, metadata] = await Promise.all([archive.getHeader(), archive.getMetadata()]);
  const said = metadata as { vector_layers?: { id: string }[]; attribution?: string } | null;
  return {
    vector: header.tileType === TileType.Mvt,
    layers: (said?.vector_layers ?? []).map(({ id }) => id),
    minzoom: header.minZoom,
    maxzoom: header.maxZoom,
    attribution: plainText(said?.attribution ?? ""),
  };
}

/** Files carry their attribution as markup; what is shown is its text. */
const plainText = (markup: string): string =>
  new DOMParser().parseFromString(markup, "text/html").body.textContent;
