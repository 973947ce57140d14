// The playback screen: picture, controls, timeline, keys.

import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import {
  segment as fetchSegment,
  snapshot,
  timeline as fetchTimeline,
  type Camera,
  type Me,
  type Playback,
} from "../api.ts";
import { download } from "../../base/download.ts";
import { messageOf } from "../../base/errors.ts";
import { useKeys, useLoaded } from "../hooks.ts";
import { ClipDialog } from "../parts/ClipDialog.tsx";
import { GotoDialog } from "../parts/GotoDialog.tsx";
import { Icon, type IconName } from "../parts/Icon.tsx";
import { KeepDialog } from "../parts/KeepDialog.tsx";
import { MarkDialog } from "../parts/MarkDialog.tsx";
import { Problem } from "../parts/Problem.tsx";
import { Timeline } from "../parts/Timeline.tsx";
import { marks as fetchMarks } from "../room.ts";
import { go, playbackPath } from "../router.ts";
import { whatBecame } from "./Marks.tsx";
import { texts } from "../../messages/en.ts";
import { roomTexts } from "../../messages/room.ts";
import { clockTime, dateTime, dayOf, shortTime, hundredths } from "../../video/clock.ts";
import { hasWebCodecs } from "../../video/decoder.ts";
import { MsePlayer } from "../../video/mseplayback.ts";
import { CanvasPlayer, type Player, type PlaybackStatus } from "../../video/playback.ts";
import { SegmentCache } from "../../video/segments.ts";
import { segmentFor, viewAround } from "../../video/timeline.ts";

const SPEEDS = [0.5, 1, 2, 4, 8];
const TIMELINE_EVERY_MS = 5_000;
const MARKS_EVERY_MS = 15_000;
const SKIP_MS = 5_000;
const ZOOMS: [string, number][] = [
  ["1 min", 60_000],
  ["5 min", 300_000],
  [texts.playback.all, Infinity],
];
const IDLE: PlaybackStatus = {
  wallMs: null,
  pixelated: false,
  playing: false,
  seeking: false,
  ended: false,
};

interface Props {
  me: Me;
  camera: Camera;
  playback: Playback;
  startAt: number | null;
  onNewer: () => void;
}

export function Screen({ me, camera, playback, startAt, onNewer }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const player = useRef<Player | null>(null);
  const [cache] = useState(
    () => new SegmentCache((segment) => fetchSegment(playback.playback, segment)),
  );
  const [status, setStatus] = useState(IDLE);
  const [speed, setSpeed] = useState(1);
  const [zoom, setZoom] = useState(Infinity);
  const [fault, setFault] = useState<string | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const [open, setOpen] = useState<"mark" | "goto" | "keep" | "clip" | null>(null);
  const load = useCallback(() => fetchTimeline(playback.playback), [playback.playback]);
  const { value: recorded, error } = useLoaded(load, TIMELINE_EVERY_MS);
  const loadMarks = useCallback(() => fetchMarks(camera.id), [camera.id]);
  const { value: kept, reload: reloadMarks } = useLoaded(loadMarks, MARKS_EVERY_MS);
  const started = useRef(false);
  const told = useEffectEvent(setStatus);
  const failed = useEffectEvent((message: string) => setFault(message));

  useEffect(() => {
    if (canvas.current === null || video.current === null) return;
    const made = hasWebCodecs()
      ? new CanvasPlayer(camera.id, canvas.current, cache, told, failed)
      : new MsePlayer(camera.id, video.current, cache, told, failed);
    player.current = made;
    started.current = false;
    return () => made.close();
  }, [camera.id, cache]);

  useEffect(() => {
    if (recorded === null) return;
    player.current?.setSegments(recorded.segments);
    const first = recorded.segments[0];
    if (started.current || first === undefined) return;
    started.current = true;
    void player.current?.seek(startAt ?? first.start);
  }, [recorded, startAt]);

  const at = status.wallMs;
  const spans = recorded?.spans ?? [];
  const segments = recorded?.segments ?? [];
  const inGap = recorded !== null && segments.length === 0;
  const range = { from: playback.from, to: playback.to };
  const view = viewAround(range, zoom, at ?? range.from);

  const seek = (time: number): void => {
    setFault(null);
    void player.current?.seek(Math.min(Math.max(time, range.from), range.to));
  };
  const goTo = (time: number): void => {
    setOpen(null);
    if (time >= range.from && time <= range.to) seek(time);
    else go(playbackPath(camera.id, time));
  };
  const marks = (kept ?? [])
    .map((mark) => ({
      id: mark.mark,
      from: Date.parse(mark.from),
      to: Date.parse(mark.to),
      at: Date.parse(mark.at),
      state: mark.state,
      text: whatBecame(mark),
    }))
    .sort((a, b) => a.at - b.at);
  const mayClip = me.may.includes("clip.make");
  const nextMark = (): void => {
    const inside = marks.filter((mark) => mark.at >= range.from && mark.at <= range.to);
    // A picture stands at or after the moment asked for: the mark just shown is not the next one.
    const next = inside.find((mark) => mark.at > (at ?? range.from) + 1_000) ?? inside[0];
    if (next !== undefined) seek(next.at);
  };
  const togglePlay = (): void =>
    status.playing ? player.current?.pause() : player.current?.play();
  const changeSpeed = (next: number): void => {
    setSpeed(next);
    player.current?.setSpeed(next);
  };
  const save = (): void => {
    if (at === null) return;
    snapshot(playback.playback, at)
      .then((picture) => {
        download(picture, `${camera.id}-${new Date(at).toISOString().replaceAll(/[:.]/g, "")}.jpg`);
        setNotice(texts.playback.snapshotSaved);
        setTimeout(() => setNotice(null), 4_000);
      })
      .catch((reason: unknown) => setFault(messageOf(reason)));
  };

  useKeys((event) => {
    const skip = event.shiftKey ? SKIP_MS * 6 : SKIP_MS;
    const arrow = (by: -1 | 1): void =>
      status.playing || event.shiftKey
        ? seek((at ?? range.from) + by * skip)
        : void player.current?.step(by);
    const faster = (by: -1 | 1): void => changeSpeed(SPEEDS[SPEEDS.indexOf(speed) + by] ?? speed);
    const actions: Record<string, () => void> = {
      " ": togglePlay,
      ArrowLeft: () => arrow(-1),
      ArrowRight: () => arrow(1),
      Home: () => seek(range.from),
      End: () => seek(range.to),
      "+": () => faster(1),
      "-": () => faster(-1),
      Escape: () => go("/app/"),
      t: () => setOpen("goto"),
      m: () => setOpen("mark"),
      k: () => setOpen("keep"),
      ...(mayClip ? { c: () => setOpen("clip") } : {}),
      n: nextMark,
      s: save,
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });

  return (
    <div
      className="screen"
      data-testid="playback"
      data-playing={status.playing || undefined}
      data-seeking={status.seeking || undefined}
    >
      <div className="stage" onDoubleClick={togglePlay}>
        <canvas ref={canvas} hidden={!hasWebCodecs()} data-testid={`picture-${camera.id}`} />
        <video ref={video} hidden={hasWebCodecs()} muted playsInline />
        {inGap && (
          <div className="cover solid">
            <strong>{texts.playback.nothing}</strong>
            <span>{texts.playback.nothingHint}</span>
          </div>
        )}
        {status.pixelated && (
          <p className="unseen" role="status">
            {texts.playback.withheldHere}
          </p>
        )}
        {notice !== null && <p className="notice">{notice}</p>}
        <div className="caption">
          <span>
            <strong>{camera.name}</strong>
            {camera.place !== null && <small>{camera.place}</small>}
            <small>{camera.hidden}</small>
          </span>
          {at !== null && (
            <time data-testid="playback-time" data-ms={at} title={dateTime(at)}>
              <small>{dayOf(at)}</small> {shortTime(at)}
              <i>.{hundredths(at)}</i> <small>{clockTime(at).split(" ")[1]}</small>
            </time>
          )}
        </div>
      </div>
      {fault !== null && <Problem error={new Error(fault)} />}
      <Problem error={error} />
      <div className="controls">
        <Tool
          icon="back"
          text={texts.playback.back}
          onUse={() => void player.current?.step(-1)}
          testid="step-back"
        />
        <Tool
          icon={status.playing ? "pause" : "play"}
          text={status.playing ? texts.playback.pause : texts.playback.play}
          onUse={togglePlay}
          testid="play"
          big
        />
        <Tool
          icon="forward"
          text={texts.playback.forward}
          onUse={() => void player.current?.step(1)}
          testid="step-forward"
        />
        <div className="segments" role="group" aria-label={texts.playback.speed}>
          {SPEEDS.map((value) => (
            <button
              key={value}
              type="button"
              aria-pressed={speed === value}
              onClick={() => changeSpeed(value)}
              data-testid={`speed-${value}`}
            >
              {value === 0.5 ? "½" : value}×
            </button>
          ))}
        </div>
        <span className="grow" />
        {status.ended && (
          <span className="ended">
            {texts.playback.ended}
            <button type="button" className="button quiet" onClick={onNewer}>
              {texts.playback.newer}
            </button>
          </span>
        )}
        <button
          type="button"
          className="button"
          onClick={save}
          disabled={at === null}
          data-testid="snapshot"
          aria-label={texts.playback.snapshot}
        >
          <Icon name="camera" /> <span>{texts.playback.snapshot}</span>
        </button>
        {mayClip && (
          <button
            type="button"
            className="button"
            onClick={() => setOpen("clip")}
            disabled={at === null}
            data-testid="clip"
            aria-haspopup="dialog"
            aria-label={roomTexts.clip.open}
          >
            <Icon name="clip" /> <span>{roomTexts.clip.open}</span>
          </button>
        )}
        <button
          type="button"
          className="button"
          onClick={() => setOpen("keep")}
          disabled={at === null}
          data-testid="keep"
          aria-haspopup="dialog"
          aria-label={roomTexts.keep.title}
        >
          <Icon name="keep" /> <span>{roomTexts.keep.title}</span>
        </button>
        <button
          type="button"
          className="button primary"
          onClick={() => setOpen("mark")}
          disabled={at === null}
          data-testid="mark"
          aria-haspopup="dialog"
          aria-label={texts.playback.mark}
        >
          <Icon name="mark" /> <span>{texts.playback.mark}</span>
        </button>
      </div>
      <Timeline
        spans={spans}
        view={view}
        at={at}
        marks={marks}
        onSeek={seek}
        onHover={(time) => cache.prefetch(segments[segmentFor(segments, time)])}
      />
      <div className="zooms segments" role="group" aria-label={texts.playback.zoom}>
        <span>{texts.playback.zoom}</span>
        {ZOOMS.map(([label, length]) => (
          <button
            key={label}
            type="button"
            aria-pressed={zoom === length}
            onClick={() => setZoom(length)}
          >
            {label}
          </button>
        ))}
        {marks.length > 0 && (
          <button type="button" onClick={nextMark} data-testid="next-mark">
            {roomTexts.marks.next}
          </button>
        )}
        <span className="grow" />
        <button type="button" onClick={() => go("/app/")}>
          {texts.playback.live}
        </button>
      </div>
      {open === "mark" && (
        <MarkDialog me={me} camera={camera} at={at ?? range.from} onClose={() => setOpen(null)} />
      )}
      {open === "keep" && (
        <KeepDialog
          camera={camera}
          at={at ?? range.from}
          onClose={() => setOpen(null)}
          onKept={reloadMarks}
        />
      )}
      {open === "clip" && (
        <ClipDialog
          me={me}
          camera={camera}
          playback={playback}
          at={at ?? range.from}
          onClose={() => setOpen(null)}
        />
      )}
      {open === "goto" && <GotoDialog camera={camera} onClose={() => setOpen(null)} onGo={goTo} />}
    </div>
  );
}

interface ToolProps {
  icon: IconName;
  text: string;
  testid: string;
  big?: boolean;
  onUse: () => void;
}

function Tool({ icon, text, testid, big, onUse }: ToolProps) {
  return (
    <button
      type="button"
      className={big === true ? "tool big" : "tool"}
      title={text}
      aria-label={text}
      data-testid={testid}
      onClick={onUse}
    >
      <Icon name={icon} />
    </button>
  );
}
