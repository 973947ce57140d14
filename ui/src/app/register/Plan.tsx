// A plan without any map: the camera, what it sees, its neighbours, north, and a scale.

import { useMemo, useState, type MouseEvent } from "react";
import { registerTexts } from "../../messages/register.ts";
import { classAbove, type Neighbour, type Scale } from "./api.ts";
import {
  arcPath,
  polygonText,
  scaleLength,
  spaced,
  toMetres,
  toPoint,
  towards,
  type Metres,
} from "./geometry.ts";
import { PlanCaption } from "./PlanCaption.tsx";
import { useNeighbours, usePlanKeys, type PlanProps } from "./plan.ts";

const words = registerTexts.plan;
const WIDTHS = [25, 50, 100, 200, 400, 800];
/** Metres that a neighbour's view is drawn far: how far it sees is its own record's business. */
const NEIGHBOUR_M = 18;

export function Plan(props: PlanProps) {
  const { point, direction, angle, field, rings, turning, onPlace } = props;
  const [chosen, setChosen] = useState(props.centre);
  const [width, setWidth] = useState(100);
  const centre = point !== undefined && outside(toMetres(point, chosen), width) ? point : chosen;
  const others = useNeighbours(centre);
  const here = useMemo(
    () => (point === undefined ? undefined : toMetres(point, centre)),
    [point, centre],
  );
  const zoom = (by: number): void =>
    setWidth(WIDTHS[Math.min(WIDTHS.length - 1, Math.max(0, WIDTHS.indexOf(width) + by))] ?? width);

  const click = (event: MouseEvent<SVGSVGElement>): void => {
    if (turning) return;
    const box = event.currentTarget.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width - 0.5) * width;
    const y = ((event.clientY - box.top) / box.height - 0.5) * width;
    onPlace(toPoint({ x, y }, centre));
  };
  const keys = usePlanKeys({ ...props, centre }, zoom);
  return (
    <figure className="plan" data-testid="plan">
      <svg
        viewBox={`${-width / 2} ${-width / 2} ${width} ${width}`}
        tabIndex={0}
        role="application"
        aria-label={turning ? words.labelView : words.label}
        data-turning={turning}
        onClick={click}
        onKeyDown={keys}
      >
        <Grid width={width} />
        {others
          .filter(({ id }) => id !== props.own)
          .map((one) => (
            <Other key={one.id} one={one} at={toMetres(one.position, centre)} size={width / 100} />
          ))}
        {here !== undefined && (
          <>
            {turning && field.length > 2 && (
              <polygon
                className="field-of-view"
                points={polygonText(field.map((corner) => toMetres(corner, centre)))}
              />
            )}
            {turning && direction !== undefined && angle !== undefined && rings !== undefined && (
              <Rings {...{ here, direction, angle, rings, width }} />
            )}
            <circle className="here" cx={here.x} cy={here.y} r={width / 60} />
          </>
        )}
        <North width={width} />
        <ScaleBar width={width} />
      </svg>
      <PlanCaption
        hint={turning ? words.hintView : words.hintPlace}
        zoom={zoom}
        centre={point && (() => setChosen(point))}
      />
    </figure>
  );
}

/** A camera that would not be seen has the plan come to it. */
const outside = ({ x, y }: Metres, width: number): boolean =>
  Math.max(Math.abs(x), Math.abs(y)) > width / 2;

function Grid({ width }: { width: number }) {
  const step = scaleLength(width) / 2;
  const lines = Array.from({ length: Math.ceil(width / step) }, (_, n) =>
    Math.round((n - width / step / 2) * step),
  );
  return (
    <g className="grid">
      {lines.map((at) => (
        <path
          key={at}
          d={`M ${at} ${-width / 2} V ${width / 2} M ${-width / 2} ${at} H ${width / 2}`}
        />
      ))}
    </g>
  );
}

function Other({ one, at, size }: { one: Neighbour; at: Metres; size: number }) {
  const { direction_degrees: direction, angle_degrees: angle } = one;
  return (
    <g className="other">
      <title>{one.name}</title>
      {direction !== null && (
        <polygon
          points={polygonText([
            at,
            towards(at, direction - (angle ?? 60) / 2, NEIGHBOUR_M),
            towards(at, direction + (angle ?? 60) / 2, NEIGHBOUR_M),
          ])}
        />
      )}
      <circle cx={at.x} cy={at.y} r={size * 1.2} />
      <text x={at.x + size * 2} y={at.y + size} fontSize={size * 2.8}>
        {one.name}
      </text>
    </g>
  );
}

interface RingsProps {
  here: Metres;
  direction: number;
  angle: number;
  rings: Scale;
  width: number;
}

function Rings({ here, direction, angle, rings, width }: RingsProps) {
  const found = Object.entries(rings.reaches_cm)
    .map(([name, cm]) => ({ name, metres: cm / 100 }))
    .sort((one, other) => other.metres - one.metres);
  const named = spaced(
    found.map(({ metres }) => metres),
    width / 18,
  );
  const over = classAbove(rings);
  return (
    <g className="rings">
      {found.map(({ name, metres }) => {
        // Names stand at the left edge of the view, where the rings are furthest apart.
        const at = towards(here, direction - Math.min(angle, 350) / 2, metres);
        const left = at.x < here.x;
        return (
          <g key={name} data-over={name === over || undefined}>
            <path d={arcPath(here, direction, angle, metres)} />
            {named.has(metres) && (
              <text
                x={at.x + (left ? -1 : 1) * (width / 100)}
                y={at.y}
                fontSize={width / 38}
                textAnchor={left ? "end" : "start"}
              >
                {name}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

function North({ width }: { width: number }) {
  const [x, y, size] = [width * 0.43, -width * 0.4, width / 100];
  return (
    <g className="north">
      <path
        d={`M ${x} ${y + size * 6} V ${y} l ${-size * 1.6} ${size * 2.6} h ${size * 3.2} L ${x} ${y}`}
      />
      <text x={x} y={y - size * 1.2} fontSize={size * 4} textAnchor="middle">
        {words.north}
      </text>
    </g>
  );
}

function ScaleBar({ width }: { width: number }) {
  const length = scaleLength(width);
  const [x, y] = [-width * 0.46, width * 0.45];
  return (
    <g className="scale">
      <path d={`M ${x} ${y - width / 80} V ${y} H ${x + length} V ${y - width / 80}`} />
      <text x={x} y={y - width / 50} fontSize={width / 32}>
        {words.metres(length)}
      </text>
    </g>
  );
}
