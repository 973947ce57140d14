// Below the plan and the map alike: what to do, and buttons for whoever has no wheel.

import { registerTexts } from "../../messages/register.ts";

const words = registerTexts.plan;

interface Captioned {
  /** What to do with the pointer and the keys. */
  hint: string;
  zoom: (by: number) => void;
  /** Come to the camera; none while it has no place. */
  centre?: (() => unknown) | undefined;
}

export function PlanCaption({ hint, zoom, centre }: Captioned) {
  return (
    <figcaption>
      <span>{hint}</span>
      <span className="segments">
        <button type="button" onClick={() => zoom(-1)}>
          {words.closer}
        </button>
        <button type="button" onClick={() => zoom(1)}>
          {words.wider}
        </button>
        <button type="button" disabled={centre === undefined} onClick={centre}>
          {words.centre}
        </button>
      </span>
    </figcaption>
  );
}
