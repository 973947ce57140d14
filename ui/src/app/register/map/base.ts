// What lies under the map: a file of our own server, tiles from one address, or nothing.

import { call } from "../../api.ts";
import type { KindOfBase } from "./style.ts";

export interface Base {
  kind: KindOfBase | "none";
  url: string;
  attribution: string;
}

export const mapBase = async (): Promise<Base> =>
  (await call("/api/register/map")).json() as Promise<Base>;

let drawn: boolean | undefined;

/** Whether this browser can draw a map; without, the plan stays. */
export function canDraw(): boolean {
  if (drawn === undefined) {
    const context = document.createElement("canvas").getContext("webgl2");
    drawn = context !== null;
    context?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  return drawn;
}
