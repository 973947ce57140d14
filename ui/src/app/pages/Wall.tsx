// The first thing an operator sees: the live pictures, nothing in their way.

import { useCallback, useEffect, useRef, useState } from "react";
import {
  cameras as fetchCameras,
  me as fetchMe,
  setPurpose,
  type Camera,
  type Me,
} from "../api.ts";
import { useKeys, useLoaded } from "../hooks.ts";
import { Dialog } from "../parts/Dialog.tsx";
import { GotoDialog } from "../parts/GotoDialog.tsx";
import { KeepDialog } from "../parts/KeepDialog.tsx";
import { MarkDialog } from "../parts/MarkDialog.tsx";
import { Problem } from "../parts/Problem.tsx";
import { PurposeForm } from "../parts/PurposeForm.tsx";
import { Tile, type TileHandle } from "../parts/Tile.tsx";
import { go, playbackPath } from "../router.ts";
import { texts } from "../../messages/en.ts";
import { roomTexts } from "../../messages/room.ts";
import { clockTime, serverNow } from "../../video/clock.ts";

const CAMERAS_EVERY_MS = 4_000;
const ASK_BEFORE_MS = 120_000;
/** Browsers count time-outs in 31 bits. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Who does not mean to watch goes on without saying what for. */
const elsewhere = (): void => go("/app/accesses");

export function Wall({ me, onMe }: { me: Me; onMe: (me: Me) => void }) {
  const { value: cameras, error, reload } = useLoaded(fetchCameras, CAMERAS_EVERY_MS);
  if (cameras === null) return error === null ? null : <Problem error={error} onRetry={reload} />;
  if (me.purpose === null || me.purpose === "")
    return <AskPurpose me={me} onMe={onMe} onClose={elsewhere} />;
  if (cameras.length === 0) {
    return (
      <div className="nothing">
        <h1>{texts.wall.empty}</h1>
        <p>{texts.wall.emptyHint}</p>
      </div>
    );
  }
  return (
    <>
      <Pictures me={me} cameras={cameras} />
      <AskAgain key={me.purpose_until} me={me} onMe={onMe} />
    </>
  );
}

/** Two minutes before the purpose ends it is asked for again, over the pictures, which go on. */
function AskAgain({ me, onMe }: { me: Me; onMe: (me: Me) => void }) {
  const until = Date.parse(me.purpose_until ?? "");
  const [due, setDue] = useState(false);
  const [later, setLater] = useState(false);
  useEffect(() => {
    if (Number.isNaN(until) || due) return;
    const early = later ? 0 : ASK_BEFORE_MS;
    const wait = Math.min(Math.max(until - early - serverNow(), 0), LONGEST_WAIT_MS);
    const timer = setTimeout(() => setDue(true), wait);
    return () => clearTimeout(timer);
  }, [until, due, later]);
  const close = (): void => {
    setDue(false);
    // Once it may be put off, to the end of the purpose; then it is said or one goes on elsewhere.
    if (later) elsewhere();
    setLater(true);
  };
  return due ? <AskPurpose me={me} onMe={onMe} onClose={close} until={until} /> : null;
}

interface AskProps {
  me: Me;
  onMe: (me: Me) => void;
  onClose: () => void;
  until?: number;
}

function AskPurpose({ me, onMe, onClose, until }: AskProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const begin = useCallback(
    (purpose: string, incident: string) => {
      setBusy(true);
      setPurpose(purpose, incident)
        .then(fetchMe)
        .then(onMe)
        .catch((reason: unknown) => {
          setError(reason);
          setBusy(false);
        });
    },
    [onMe],
  );
  return (
    <Dialog
      title={until === undefined ? texts.purpose.title : roomTexts.purpose.again}
      lead={
        until === undefined ? roomTexts.purpose.lead : roomTexts.purpose.againLead(clockTime(until))
      }
      onClose={onClose}
      testid="purpose-dialog"
    >
      <Problem error={error} />
      <PurposeForm
        choices={me.purposes ?? texts.purpose.choices}
        submit={until === undefined ? texts.purpose.begin : roomTexts.purpose.goOn}
        busy={busy}
        onCancel={onClose}
        onPurpose={begin}
      />
    </Dialog>
  );
}

type Open = { kind: "mark" | "goto" | "keep"; camera: Camera; at: number } | null;

function Pictures({ me, cameras }: { me: Me; cameras: Camera[] }) {
  const [selected, setSelected] = useState(cameras[0]?.id ?? "");
  const [enlarged, setEnlarged] = useState<string | null>(null);
  const [open, setOpen] = useState<Open>(null);
  const tiles = useRef(new Map<string, TileHandle>());
  const index = Math.max(
    cameras.findIndex(({ id }) => id === selected),
    0,
  );
  const current = cameras[index];

  const at = (id: string): number => tiles.current.get(id)?.wallMs() ?? serverNow();
  const choose = (id: string): void => {
    setSelected(id);
    if (enlarged !== null) setEnlarged(id);
  };
  const toggle = (id: string): void => {
    setSelected(id);
    setEnlarged((now) => (now === id ? null : id));
  };

  useKeys((event) => {
    if (current === undefined) return;
    const tile = tiles.current.get(current.id);
    const numbered = cameras[Number(event.key) - 1];
    const actions: Record<string, () => void> = {
      " ": () => tile?.togglePause(),
      ArrowLeft: () => tile?.step(-1),
      ArrowRight: () => tile?.step(1),
      Escape: () => setEnlarged(null),
      Enter: () => toggle(current.id),
      t: () => setOpen({ kind: "goto", camera: current, at: at(current.id) }),
      m: () => setOpen({ kind: "mark", camera: current, at: at(current.id) }),
      k: () => setOpen({ kind: "keep", camera: current, at: at(current.id) }),
    };
    const action =
      numbered === undefined
        ? actions[event.key.length === 1 ? event.key.toLowerCase() : event.key]
        : () => choose(numbered.id);
    if (action === undefined) return;
    event.preventDefault();
    action();
  });

  return (
    <>
      <div
        className="wall"
        data-testid="wall"
        data-count={Math.min(cameras.length, 9)}
        data-enlarged={enlarged !== null || undefined}
      >
        {cameras.map((camera, i) => (
          <div key={camera.id} className="slot" data-large={camera.id === enlarged || undefined}>
            <Tile
              camera={camera}
              number={i + 1}
              selected={camera.id === current?.id}
              enlarged={camera.id === enlarged}
              ref={(handle) => {
                if (handle !== null) tiles.current.set(camera.id, handle);
                return () => void tiles.current.delete(camera.id);
              }}
              onSelect={() => choose(camera.id)}
              onFocus={() => setSelected(camera.id)}
              onEnlarge={() => toggle(camera.id)}
              onMark={() => setOpen({ kind: "mark", camera, at: at(camera.id) })}
              onKeep={() => setOpen({ kind: "keep", camera, at: at(camera.id) })}
              onPlayback={() => go(playbackPath(camera.id, null))}
            />
          </div>
        ))}
      </div>
      <p className="keys" aria-label={texts.wall.hint}>
        {[...texts.keys, ...roomTexts.keys.slice(0, 1)].map(([key, what]) => (
          <span key={key}>
            <kbd>{key}</kbd> {what}
          </span>
        ))}
      </p>
      {open?.kind === "mark" && (
        <MarkDialog me={me} camera={open.camera} at={open.at} onClose={() => setOpen(null)} />
      )}
      {open?.kind === "keep" && (
        <KeepDialog camera={open.camera} at={open.at} onClose={() => setOpen(null)} />
      )}
      {open?.kind === "goto" && (
        <GotoDialog
          camera={open.camera}
          onClose={() => setOpen(null)}
          onGo={(time) => go(playbackPath(open.camera.id, time))}
        />
      )}
    </>
  );
}
