// What the plan and the map share: what they are told, the keys, the cameras around.

import { useCallback, type KeyboardEvent } from "react";
import { useLoaded } from "../hooks.ts";
import { near, type Neighbour, type Scale } from "./api.ts";
import { toMetres, toPoint, turned, type Metres, type Point } from "./geometry.ts";

/** Millionths of a degree around the plan's middle in which other cameras are shown. */
const SHOWN_REACH = 10_000;
const USUAL_ANGLE = 60;

export interface PlanProps {
  centre: Point;
  point: Point | undefined;
  direction: number | undefined;
  angle: number | undefined;
  field: Point[];
  rings: Scale | undefined;
  turning: boolean;
  own: string;
  onPlace: (point: Point) => void;
  /** `metres` is how far the view is drawn, if that changes, too. */
  onTurn: (direction: number, angle: number, metres?: number) => void;
}

const ARROWS: Record<string, Metres> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** Arrow keys move or turn the camera, + and - change the scale. */
export function usePlanKeys(
  { point, centre, direction, angle, turning, onPlace, onTurn }: PlanProps,
  zoom: (by: number) => void,
): (event: KeyboardEvent) => void {
  return (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const by = ARROWS[event.key];
    if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? -1 : 1);
    else if (by === undefined) return;
    else if (!turning) {
      const step = event.shiftKey ? 10 : 1;
      const from = point === undefined ? { x: 0, y: 0 } : toMetres(point, centre);
      onPlace(toPoint({ x: from.x + by.x * step, y: from.y + by.y * step }, centre));
    } else {
      const step = event.shiftKey ? 1 : 5;
      const now = angle ?? USUAL_ANGLE;
      const wider = Math.min(360, Math.max(1, now - by.y * step));
      onTurn(turned(direction ?? 0, by.x * step), by.x === 0 ? wider : now);
    }
    event.preventDefault();
  };
}

export function useNeighbours([lat, lon]: Point): Neighbour[] {
  const load = useCallback(() => near([lat, lon], SHOWN_REACH), [lat, lon]);
  return useLoaded(load).value ?? [];
}
