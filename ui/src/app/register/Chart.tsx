// The map where there is one and the browser can draw it, else the plan; either at one's choice.

import { lazy, Suspense, useState } from "react";
import { texts } from "../../messages/en.ts";
import { registerTexts } from "../../messages/register.ts";
import { canDraw, type Base } from "./map/base.ts";
import { Plan } from "./Plan.tsx";
import type { PlanProps } from "./plan.ts";

const words = registerTexts.plan;
const GroundMap = lazy(() => import("./map/GroundMap.tsx"));

export function Chart({ base, ...plan }: PlanProps & { base: Base | null }) {
  const [wanted, setWanted] = useState(true);
  const [failed, setFailed] = useState(false);
  if (base === null || base.kind === "none") return <Plan {...plan} />;
  const able = canDraw() && !failed;
  if (!able)
    return (
      <>
        <Plan {...plan} />
        <p className="quiet" role="status" data-testid="no-map">
          {words.noMap}
        </p>
      </>
    );
  return (
    <>
      <div className="segments drawn-on" role="group" aria-label={words.drawnOn}>
        <span>{words.drawnOn}</span>
        <button type="button" aria-pressed={wanted} onClick={() => setWanted(true)}>
          {words.onMap}
        </button>
        <button type="button" aria-pressed={!wanted} onClick={() => setWanted(false)}>
          {words.onPlan}
        </button>
      </div>
      {wanted ? (
        <Suspense fallback={<p className="ground breathing">{texts.loading}</p>}>
          <GroundMap {...plan} base={base} onFail={() => setFailed(true)} />
        </Suspense>
      ) : (
        <Plan {...plan} />
      )}
    </>
  );
}
