// Where the camera hangs and where it looks: the plan, the numbers beside it, and the density.

import { useCallback, useState } from "react";
import type { JsonObject } from "../../base/canonical.ts";
import { registerTexts as words } from "../../messages/register.ts";
import { useLoaded } from "../hooks.ts";
import { Problem } from "../parts/Problem.tsx";
import { density, type Density, type Overview, type Scale } from "./api.ts";
import { Chart } from "./Chart.tsx";
import { FieldInput } from "./Fields.tsx";
import { fieldOfView, reachOf, shifted, type Point } from "./geometry.ts";
import type { Base } from "./map/base.ts";
import type { Question } from "./questions.ts";
import { fromUnits, parsePosition, pointOf, positionText, valueAt, withValue } from "./values.ts";

/** How far a new view is drawn, metres, until somebody says otherwise. */
const DRAWN_M = 40;
/** What the drawn view follows; whoever changes another field keeps a view that was drawn elsewhere. */
const TURNS = ["direction_degrees", "angle_degrees"];
/** Where a plan begins when no camera stands anywhere yet. */
const NOWHERE: Point = [0, 0];

interface Props {
  question: Question;
  record: JsonObject;
  subject: string;
  overview: Overview;
  base: Base | null;
  onRecord: (record: JsonObject) => void;
}

const numberAt = (record: JsonObject, path: string): number | undefined => {
  const value = valueAt(record, path);
  return typeof value === "number" ? value : undefined;
};

const cornersOf = (record: JsonObject): Point[] => {
  const value = record.field_of_view;
  if (!Array.isArray(value)) return [];
  return value.map(pointOf).filter((corner) => corner !== undefined);
};

/** The drawn field of view follows the camera: where it stands, looks, and how far it is drawn. */
function redrawn(record: JsonObject, reach?: number): JsonObject {
  const point = pointOf(record.position);
  const direction = numberAt(record, "direction_degrees");
  const angle = numberAt(record, "angle_degrees");
  if (point === undefined || direction === undefined || angle === undefined)
    return withValue(record, "field_of_view", undefined);
  const metres = reach ?? (reachOf(cornersOf(record), point) || DRAWN_M);
  return withValue(record, "field_of_view", fieldOfView(point, direction, angle, metres));
}

export function Place({ question, record, subject, overview, base, onRecord }: Props) {
  const turning = question.plan === "view";
  const point = pointOf(record.position);
  const centre = point ?? overview.centre ?? NOWHERE;
  const [edition, setEdition] = useState<Scale["scale"]>("oodpcvs_2025");
  const lens = ["width_pixels", "angle_degrees", "height_cm", "density.nearest_cm"].map((path) =>
    numberAt(record, path),
  );
  const key = JSON.stringify([lens, record.legal_profile ?? "", record.purpose_kind ?? ""]);
  const load = useCallback(() => askDensity(key), [key]);
  const measured = useLoaded(load);
  const rings = measured.value?.scales.find(({ scale }) => scale === edition);
  const direction = numberAt(record, "direction_degrees");
  const set = (path: string, value: JsonObject[string] | undefined): void => {
    const changed = withValue(record, path, value);
    onRecord(TURNS.includes(path) ? redrawn(changed) : changed);
  };
  const shown = question.fields.filter(({ kind }) => kind !== "json");
  const plan = (point !== undefined || !turning) && (
    <Chart
      base={base}
      {...{ centre, point, direction, rings, turning }}
      angle={numberAt(record, "angle_degrees")}
      field={cornersOf(record)}
      own={subject}
      onPlace={(place) => onRecord(moved(record, place))}
      onTurn={(to, angle, metres) =>
        onRecord(
          redrawn(
            withValue(withValue(record, "direction_degrees", to), "angle_degrees", angle),
            metres,
          ),
        )
      }
    />
  );
  return (
    <>
      {!turning && (
        <PositionInput record={record} onPoint={(place) => onRecord(moved(record, place))} />
      )}
      {plan}
      {shown.map((field) => (
        <FieldInput
          key={field.path}
          {...{ field, record, overview }}
          onValue={(value) => set(field.path, value)}
        />
      ))}
      {turning && point !== undefined && direction !== undefined && (
        <label className="labelled">
          {words.editor.reach} ({words.editor.metres})
          <input
            className="field"
            type="number"
            min={1}
            max={1000}
            value={reachOf(cornersOf(record), point) || ""}
            onChange={(event) => {
              const metres = event.target.valueAsNumber;
              if (metres >= 1 && metres <= 1000) onRecord(redrawn(record, metres));
            }}
          />
        </label>
      )}
      {turning && (
        <>
          <Problem error={measured.error} />
          <DensityTable found={measured.value} edition={edition} onEdition={setEdition} />
        </>
      )}
    </>
  );
}

/** The camera at another place; what it sees goes along. */
function moved(record: JsonObject, place: Point): JsonObject {
  const before = pointOf(record.position);
  const placed = withValue(record, "position", place);
  const corners = cornersOf(record);
  if (before === undefined || corners.length === 0) return placed;
  return withValue(placed, "field_of_view", shifted(corners, before, place));
}

async function askDensity(key: string): Promise<Density | null> {
  const [[width, angle, height, distance], law, purpose] = JSON.parse(key) as [
    (number | null)[],
    string,
    string,
  ];
  const known = [width, angle, height, distance].every(
    (one) => typeof one === "number" && one >= 1 && one <= 10_000_000,
  );
  if (!known || (angle ?? 0) > 360) return null;
  return density({
    width: width ?? 0,
    angle: angle ?? 0,
    height: height ?? 0,
    distance: distance ?? 0,
    law,
    purpose,
  });
}

interface PositionProps {
  record: JsonObject;
  onPoint: (point: Point) => void;
}

function PositionInput({ record, onPoint }: PositionProps) {
  const said = positionText(record.position);
  const [typed, setTyped] = useState<string | null>(null);
  const wrong = typed !== null && typed.trim() !== "" && parsePosition(typed) === undefined;
  return (
    <label className="labelled">
      {words.editor.position}
      <input
        className="field"
        data-testid="position"
        inputMode="text"
        aria-invalid={wrong}
        value={typed ?? said}
        onChange={(event) => {
          setTyped(event.target.value);
          const point = parsePosition(event.target.value);
          if (point !== undefined) onPoint(point);
        }}
        onBlur={() => setTyped(null)}
      />
      <small>{wrong ? words.editor.badPosition : words.editor.positionHint}</small>
    </label>
  );
}

interface TableProps {
  found: Density | null;
  edition: Scale["scale"];
  onEdition: (edition: Scale["scale"]) => void;
}

const className = (name: string): string => words.classes[name] ?? name;

function DensityTable({ found, edition, onEdition }: TableProps) {
  const texts = words.density;
  return (
    <section className="density" aria-live="polite" data-testid="density">
      <h3>{texts.title}</h3>
      {found === null ? (
        <p>{texts.missing}</p>
      ) : (
        <>
          <p>
            {texts.at(fromUnits(found.distance_cm, 100), fromUnits(found.pixels_per_10_metres, 10))}
          </p>
          <div className="segments" role="group" aria-label={words.plan.rings}>
            <span>{words.plan.rings}</span>
            {found.scales.map(({ scale }) => (
              <button
                key={scale}
                type="button"
                aria-pressed={scale === edition}
                onClick={() => onEdition(scale)}
              >
                {words.plan.editions[scale]}
              </button>
            ))}
          </div>
          {found.scales.map((one) => (
            <dl key={one.scale} className="said" data-scale={one.scale}>
              <div>
                <dt>{words.plan.editions[one.scale]}</dt>
                <dd>
                  {texts.met} <strong>{className(one.met)}</strong>
                </dd>
              </div>
              <div>
                <dt>{texts.cap}</dt>
                <dd>
                  {one.cap === null ? texts.noCap : className(one.cap)}
                  {one.cap !== null && (
                    <p className={one.allowed ? "good" : "bad"}>
                      {one.allowed ? texts.allowed : texts.above}
                    </p>
                  )}
                </dd>
              </div>
              <div>
                <dt>{texts.reaches}</dt>
                <dd>
                  {Object.entries(one.reaches_cm)
                    .map(([name, cm]) => `${name} ${Math.round(cm / 100)} m`)
                    .join(", ")}
                </dd>
              </div>
            </dl>
          ))}
        </>
      )}
    </section>
  );
}
