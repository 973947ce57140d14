// Always hidden areas, drawn over a picture that stays in this browser, or over an empty frame.

import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { registerTexts } from "../../messages/register.ts";
import { Label, type Own } from "./label.tsx";
import {
  corner,
  faultOf,
  LEAST_CORNERS,
  MOST_CORNERS,
  MOST_ZONES,
  replaced,
  split,
  started,
  WHOLE,
  without,
  zonesIn,
  type Corner,
  type Zone,
} from "./zones.ts";

const words = registerTexts.zones;
const RATIOS = ["16/9", "4/3", "1/1", "9/16"] as const;
const STEP = 100;
const LARGE_STEP = 1_000;
/** Height of the drawing in its own units; its width follows from the picture. */
const TALL = 1_000;
const ARROWS: Record<string, Corner> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface Chosen {
  zone: number;
  corner: number;
}

export function Zones({ field, value, onValue }: Own) {
  const zones = zonesIn(value);
  const [open, setOpen] = useState<Zone | null>(null);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [ratio, setRatio] = useState<(typeof RATIOS)[number]>("16/9");
  const { picture, choose, failed } = useStill();
  const svg = useRef<SVGSVGElement>(null);
  const set = (next: Zone[]): void => onValue(next.length === 0 ? undefined : next);
  const [wide = 16, tall = 9] = ratio.split("/").map(Number);
  const shape = picture?.shape ?? wide / tall;

  const place = (event: { clientX: number; clientY: number }): Corner => {
    const box = svg.current?.getBoundingClientRect() ?? new DOMRect();
    return corner(
      ((event.clientX - box.left) / box.width) * WHOLE,
      ((event.clientY - box.top) / box.height) * WHOLE,
    );
  };
  const finish = (): void => {
    if (open === null) return;
    if (open.length >= LEAST_CORNERS) set([...zones, open]);
    setOpen(null);
  };
  // Who goes on without closing an area meant it; what is hidden must not get lost.
  const leave = useRef(finish);
  useEffect(() => {
    leave.current = finish;
  });
  useEffect(() => () => leave.current(), []);
  const click = (event: PointerEvent<SVGSVGElement>): void => {
    const here = place(event);
    if (open !== null && open.length < MOST_CORNERS) setOpen([...open, here]);
    else if (open === null && zones.length < MOST_ZONES) {
      setChosen(null);
      setOpen([here]);
    }
  };
  const move = (at: Chosen, to: Corner): void => {
    const zone = zones[at.zone];
    if (zone !== undefined) set(replaced(zones, at.zone, replaced(zone, at.corner, to)));
  };
  const remove = (at: Chosen): void => {
    const zone = zones[at.zone] ?? [];
    const left = without(zone, at.corner);
    set(left.length < LEAST_CORNERS ? without(zones, at.zone) : replaced(zones, at.zone, left));
    setChosen(null);
  };
  const keys = (event: KeyboardEvent, at: Chosen, here: Corner): void => {
    const by = ARROWS[event.key];
    const step = event.shiftKey ? LARGE_STEP : STEP;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (by !== undefined) move(at, corner(here[0] + by[0] * step, here[1] + by[1] * step));
    else if (event.key === "Delete" || event.key === "Backspace") remove(at);
    else if (event.key === "Enter" || event.key === "+") {
      const zone = zones[at.zone] ?? [];
      if (zone.length < MOST_CORNERS) set(replaced(zones, at.zone, split(zone, at.corner)));
    } else return;
    event.preventDefault();
  };
  return (
    <fieldset className="group zones" data-testid="zones">
      <legend>
        <Label field={field} />
      </legend>
      <Under {...{ ratio, picture, failed, onRatio: setRatio, onPicture: choose }} />
      <svg
        ref={svg}
        viewBox={`0 0 ${shape * TALL} ${TALL}`}
        role="group"
        aria-label={words.label}
        onPointerUp={(event) => {
          if (event.target === svg.current || (event.target as Element).tagName === "image")
            click(event);
        }}
      >
        <rect className="blank" width={shape * TALL} height={TALL} />
        {picture !== null && <image href={picture.url} width={shape * TALL} height={TALL} />}
        {zones.map((zone, number) => (
          <Drawn
            key={number}
            {...{ zone, number, shape, chosen, place, move, keys }}
            onChoose={setChosen}
          />
        ))}
        {open !== null && (
          <g className="zone open">
            <polyline points={pointsOf(open, shape)} />
            {open.map(([x, y], index) => (
              <circle key={index} cx={(x / WHOLE) * shape * TALL} cy={(y / WHOLE) * TALL} r={12} />
            ))}
          </g>
        )}
      </svg>
      <p className="hint" role="status">
        {open === null ? words.hint : words.drawing(open.length)}
      </p>
      <div className="actions plainly">
        {open === null ? (
          <button
            type="button"
            className="button"
            data-testid="add-zone"
            disabled={zones.length >= MOST_ZONES}
            onClick={() => set([...zones, started()])}
          >
            {words.add}
          </button>
        ) : (
          <>
            <button
              type="button"
              className="button"
              data-testid="close-zone"
              disabled={open.length < LEAST_CORNERS}
              onClick={finish}
            >
              {words.close}
            </button>
            <button type="button" className="button quiet" onClick={() => setOpen(null)}>
              {words.cancel}
            </button>
          </>
        )}
      </div>
      <Listed zones={zones} onRemove={(number) => set(without(zones, number))} />
    </fieldset>
  );
}

const pointsOf = (zone: Zone, shape: number): string =>
  zone.map(([x, y]) => `${(x / WHOLE) * shape * TALL},${(y / WHOLE) * TALL}`).join(" ");

interface DrawnProps {
  zone: Zone;
  number: number;
  shape: number;
  chosen: Chosen | null;
  place: (event: { clientX: number; clientY: number }) => Corner;
  move: (at: Chosen, to: Corner) => void;
  keys: (event: KeyboardEvent, at: Chosen, here: Corner) => void;
  onChoose: (chosen: Chosen) => void;
}

function Drawn({ zone, number, shape, chosen, place, move, keys, onChoose }: DrawnProps) {
  return (
    <g className="zone" data-wrong={faultOf(zone) !== undefined || undefined}>
      <polygon points={pointsOf(zone, shape)} />
      {zone.map((here, index) => {
        const at = { zone: number, corner: index };
        const [x, y] = here;
        return (
          <circle
            key={index}
            cx={(x / WHOLE) * shape * TALL}
            cy={(y / WHOLE) * TALL}
            r={16}
            tabIndex={0}
            role="button"
            data-testid={`corner-${number}-${index}`}
            aria-label={words.corner(index + 1, number + 1, x / 100, y / 100)}
            data-chosen={(chosen?.zone === number && chosen.corner === index) || undefined}
            onFocus={() => onChoose(at)}
            onKeyDown={(event) => keys(event, at, here)}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              onChoose(at);
            }}
            onPointerMove={(event) => {
              if (event.currentTarget.hasPointerCapture(event.pointerId)) move(at, place(event));
            }}
          />
        );
      })}
    </g>
  );
}

function Listed({ zones, onRemove }: { zones: Zone[]; onRemove: (number: number) => void }) {
  return (
    <ul className="rows">
      {zones.map((zone, number) => {
        const fault = faultOf(zone);
        return (
          <li key={number} data-testid={`zone-${number}`}>
            <div>
              <strong>{words.zone(number + 1)}</strong>
              <p>{words.corners(zone.length)}</p>
              {fault !== undefined && (
                <p className="bad" role="alert">
                  {words.faults[fault]}
                </p>
              )}
            </div>
            <button type="button" className="button quiet" onClick={() => onRemove(number)}>
              {words.remove(number + 1)}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

interface UnderProps {
  ratio: string;
  picture: Still | null;
  failed: boolean;
  onRatio: (ratio: (typeof RATIOS)[number]) => void;
  onPicture: (file: File | undefined) => void;
}

function Under({ ratio, picture, failed, onRatio, onPicture }: UnderProps) {
  return (
    <div className="under">
      <label className="button filepick">
        {words.picture}
        <input
          type="file"
          accept="image/png,image/jpeg,image/webp"
          className="visually-hidden"
          data-testid="zones-picture"
          onChange={(event) => onPicture(event.target.files?.[0])}
        />
      </label>
      {picture === null ? (
        <label className="ratio">
          {words.shape}
          <select
            className="field"
            value={ratio}
            onChange={(event) => {
              const found = RATIOS.find((one) => one === event.target.value);
              if (found !== undefined) onRatio(found);
            }}
          >
            {RATIOS.map((one) => (
              <option key={one} value={one}>
                {one.replace("/", " : ")}
              </option>
            ))}
          </select>
        </label>
      ) : (
        <button type="button" className="button quiet" onClick={() => onPicture(undefined)}>
          {words.noPicture}
        </button>
      )}
      <small>{failed ? words.badPicture : words.pictureHint}</small>
    </div>
  );
}

interface Still {
  url: string;
  shape: number;
}

/** A picture that somebody chose: shown here, sent nowhere, forgotten with the page. */
function useStill(): {
  picture: Still | null;
  failed: boolean;
  choose: (file: File | undefined) => void;
} {
  const [picture, setPicture] = useState<Still | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(
    () => () => {
      if (picture !== null) URL.revokeObjectURL(picture.url);
    },
    [picture],
  );
  const choose = (file: File | undefined): void => {
    setFailed(false);
    setPicture(null);
    if (file === undefined) return;
    const url = URL.createObjectURL(file);
    const read = new Image();
    read.onload = () => setPicture({ url, shape: read.naturalWidth / read.naturalHeight });
    read.onerror = () => {
      URL.revokeObjectURL(url);
      setFailed(true);
    };
    read.src = url;
  };
  return { picture, failed, choose };
}
