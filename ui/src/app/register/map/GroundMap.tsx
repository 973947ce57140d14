// The map: the ground, the camera to drag, a handle for where it looks and how far. Loaded when it is wanted.

import "maplibre-gl/dist/maplibre-gl.css";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import {
  AttributionControl,
  Map as Ground,
  Marker,
  ScaleControl,
  type GeoJSONSource,
  type StyleSpecification,
} from "maplibre-gl";
import { registerTexts } from "../../../messages/register.ts";
import { reachOf, type Point } from "../geometry.ts";
import { PlanCaption } from "../PlanCaption.tsx";
import { useNeighbours, usePlanKeys, type PlanProps } from "../plan.ts";
import type { Base } from "./base.ts";
import {
  aimedAt,
  handleAt,
  lngLat,
  otherFeatures,
  overlayLayers,
  overlaySources,
  pointAt,
  ringFeatures,
  viewFeatures,
  type Overlay,
} from "./features.ts";
import { COLOURS, GROUND, groundStyle, type Colours, type KindOfBase } from "./style.ts";
import { opened, prepare } from "./worker.ts";

const words = registerTexts.plan;
const NEAR_ZOOM = 18;
const FAR_ZOOM = 12;
/** How far the handle hangs before a view is drawn, metres. */
const HANDLE_M = 40;
const DARK = "(prefers-color-scheme: dark)";

interface Props extends PlanProps {
  base: Base;
  onFail: (reason: unknown) => void;
}

export default function GroundMap(props: Props) {
  const { base, point, centre, turning, onPlace, onTurn } = props;
  const { direction, angle, field, rings, own } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [ground, setGround] = useState<Ground | null>(null);
  const [faults, setFaults] = useState(0);
  const [quiet, setQuiet] = useState(false);
  const others = useNeighbours(point ?? centre);
  const start = useEffectEvent(() => ({ at: point ?? centre, zoom: point ? NEAR_ZOOM : FAR_ZOOM }));
  const failed = useEffectEvent(props.onFail);
  const clicked = useEffectEvent((at: Point) => {
    if (!turning) onPlace(at);
  });

  useEffect(() => {
    let made: Ground | undefined;
    let gone = false;
    const dark = matchMedia(DARK);
    const restyle = (): void => {
      if (frame.current === null) return;
      const holder = frame.current;
      wholeStyle(base, holder, dark.matches).then((style) => {
        if (gone) return;
        if (made !== undefined) {
          made.setStyle(style, { diff: false });
          return;
        }
        const { at, zoom } = start();
        made = makeGround(holder, style, at, zoom);
        made.on("click", ({ lngLat: at }) => clicked(pointAt(at)));
        made.on("error", () => setFaults((n) => n + 1));
        made.on("movestart", () => setQuiet(false));
        // Tiles asked for before the first frame may be left out of it until the map is moved, and those
        // asked for before the plan was read may stay empty.
        made.once("idle", ({ target }) => {
          if (base.kind === "plan") target.refreshTiles(GROUND);
          target.jumpTo({ center: target.getCenter() });
          target.on("idle", () => setQuiet(true));
        });
        setGround(made);
      }, failed);
    };
    restyle();
    dark.addEventListener("change", restyle);
    return () => {
      gone = true;
      dark.removeEventListener("change", restyle);
      made?.remove();
      setGround(null);
    };
  }, [base]);

  useOverlay(ground, "view", turning ? viewFeatures(field) : viewFeatures([]));
  useOverlay(ground, "others", otherFeatures(others, own));
  useOverlay(
    ground,
    "rings",
    turning && point && direction !== undefined && angle !== undefined && rings
      ? ringFeatures(point, direction, angle, rings)
      : viewFeatures([]),
  );
  useMarker(ground, "map-camera", point, words.camera, onPlace);
  const reach = point === undefined ? 0 : reachOf(field, point) || HANDLE_M;
  useMarker(
    ground,
    "map-handle",
    turning && point ? handleAt(point, direction ?? 0, reach) : undefined,
    words.handle,
    (to) => {
      if (point === undefined) return;
      const aimed = aimedAt(point, to);
      onTurn(aimed.direction, angle ?? 60, aimed.metres);
    },
  );
  useEffect(() => {
    if (ground === null || point === undefined) return;
    if (!ground.getBounds().contains(lngLat(point))) ground.jumpTo({ center: lngLat(point) });
  }, [ground, point]);

  const zoom = (by: number): void => void ground?.zoomTo(ground.getZoom() - by, { animate: false });
  const keys = usePlanKeys(props, zoom);
  useEffect(() => {
    const canvas = ground?.getCanvas();
    if (canvas === undefined) return;
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", turning ? words.mapLabelView : words.mapLabel);
  }, [ground, turning]);
  return (
    <figure className="plan map" data-testid="map" data-idle={quiet}>
      <div className="ground" data-turning={turning} onKeyDown={keys}>
        <div ref={frame} className="frame" />
        <span className="north" aria-hidden="true">
          <svg viewBox="0 0 10 14">
            <path d="M5 13V1L2 5h6L5 1" />
          </svg>
          {words.north}
        </span>
      </div>
      <PlanCaption
        hint={turning ? words.mapHintView : words.mapHint}
        zoom={zoom}
        centre={point && (() => ground?.jumpTo({ center: lngLat(point), zoom: NEAR_ZOOM }))}
      />
      {faults > 0 && (
        <p className="problem" role="status" data-testid="map-faults">
          {words.partMissing}
        </p>
      )}
    </figure>
  );
}

function makeGround(
  frame: HTMLElement,
  style: StyleSpecification,
  at: Point,
  zoom: number,
): Ground {
  const ground = new Ground({
    container: frame,
    style,
    center: lngLat(at),
    zoom,
    maxZoom: 21,
    attributionControl: false,
    cooperativeGestures: true,
    keyboard: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 0,
    locale: {
      "CooperativeGesturesHandler.WindowsHelpText": words.scrollHelp,
      "CooperativeGesturesHandler.MacHelpText": words.scrollHelpMac,
      "CooperativeGesturesHandler.MobileHelpText": words.touchHelp,
    },
  });
  ground.touchZoomRotate.disableRotation();
  ground.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-left");
  ground.addControl(new AttributionControl({ compact: false }), "bottom-right");
  return ground;
}

async function wholeStyle(
  base: Base,
  frame: HTMLElement,
  dark: boolean,
): Promise<StyleSpecification> {
  prepare();
  const colours = coloursOf(frame);
  const url = new URL(base.url, location.href).href;
  const kind = base.kind as KindOfBase;
  const archive = kind === "pmtiles" ? await opened(url) : undefined;
  const style = groundStyle(
    {
      kind,
      url: kind === "tiles" ? base.url : url,
      dark,
      attribution: base.attribution || (archive?.attribution ?? ""),
      ...(archive === undefined ? {} : { archive }),
    },
    colours,
  );
  return {
    ...style,
    sources: { ...style.sources, ...overlaySources() },
    layers: [...style.layers, ...overlayLayers(colours)],
  };
}

/** The page's colours as the library reads them: a property may say one for light and one for dark. */
function coloursOf(frame: HTMLElement): Colours {
  const probe = frame.appendChild(document.createElement("span"));
  const found = COLOURS.map((name) => {
    probe.style.color = `var(--map-${name})`;
    return [name, getComputedStyle(probe).color] as const;
  });
  probe.remove();
  return Object.fromEntries(found) as Colours;
}

/** Puts features onto the map, again after each change of style. */
function useOverlay(
  ground: Ground | null,
  name: Overlay,
  features: ReturnType<typeof viewFeatures>,
): void {
  const text = JSON.stringify(features);
  useEffect(() => {
    if (ground === null) return undefined;
    const put = (): void =>
      void ground
        .getSource<GeoJSONSource>(name)
        ?.setData(JSON.parse(text) as ReturnType<typeof viewFeatures>);
    put();
    ground.on("style.load", put);
    return () => void ground.off("style.load", put);
  }, [ground, name, text]);
}

/** Something to drag; where it is dropped on its way, the record follows. */
function useMarker(
  ground: Ground | null,
  className: string,
  at: Point | undefined,
  title: string,
  onDrag: (at: Point) => void,
): void {
  const [marker, setMarker] = useState<Marker | null>(null);
  const dragging = useRef(false);
  const dragged = useEffectEvent(onDrag);
  const shown = at !== undefined;
  const [lat, lon] = at ?? [0, 0];
  const first = useEffectEvent(() => lngLat([lat, lon]));
  useEffect(() => {
    if (ground === null || !shown) return undefined;
    const element = document.createElement("div");
    element.className = className;
    element.dataset.testid = className;
    element.title = title;
    const made = new Marker({ element, draggable: true }).setLngLat(first()).addTo(ground);
    // By keyboard the map itself moves and turns the camera; a second stop would only be in the way.
    element.removeAttribute("tabindex");
    element.removeAttribute("role");
    element.removeAttribute("aria-label");
    element.setAttribute("aria-hidden", "true");
    element.addEventListener("click", (event) => event.stopPropagation());
    made.on("dragstart", () => (dragging.current = true));
    made.on("drag", () => dragged(pointAt(made.getLngLat())));
    made.on("dragend", () => {
      dragging.current = false;
      made.setLngLat(first());
    });
    setMarker(made);
    return () => {
      made.remove();
      setMarker(null);
    };
  }, [ground, shown, className, title]);
  useEffect(() => {
    if (!dragging.current) marker?.setLngLat(lngLat([lat, lon]));
  }, [marker, lat, lon]);
}
