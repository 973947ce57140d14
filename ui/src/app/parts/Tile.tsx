// One live camera on the wall: the picture, and beside it only what one must know.

import { useEffect, useEffectEvent, useRef, useState, type Ref, useImperativeHandle } from "react";
import { liveUrl, type Camera } from "../api.ts";
import { texts } from "../../messages/en.ts";
import { roomTexts } from "../../messages/room.ts";
import { clockTime, hundredths } from "../../video/clock.ts";
import { LivePlayer, type LiveStatus } from "../../video/live.ts";
import { hasWebCodecs } from "../../video/decoder.ts";
import { Icon } from "./Icon.tsx";

export interface TileHandle {
  togglePause(): void;
  step(by: -1 | 1): void;
  wallMs(): number | null;
}

interface Props {
  camera: Camera;
  number: number;
  selected: boolean;
  enlarged: boolean;
  onSelect: () => void;
  onFocus: () => void;
  onEnlarge: () => void;
  onMark: () => void;
  onKeep: () => void;
  onPlayback: () => void;
  ref?: Ref<TileHandle>;
}

const START: LiveStatus = {
  feed: { kind: "connecting" },
  wallMs: null,
  latencyMs: null,
  pixelated: false,
  paused: false,
};

/** While the state is not known, the feed itself tells whether there is a picture. */
export const isRecording = (camera: Camera): boolean =>
  !["not_recording", "stopped", "closed", "failed"].includes(camera.state);

export function Tile({
  camera,
  number,
  selected,
  enlarged,
  onSelect,
  onFocus,
  onEnlarge,
  onMark,
  onKeep,
  onPlayback,
  ref,
}: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const player = useRef<LivePlayer | null>(null);
  const [status, setStatus] = useState(START);
  const recording = isRecording(camera);
  const told = useEffectEvent(setStatus);

  useEffect(() => {
    if (!recording || canvas.current === null || video.current === null) return;
    const live = new LivePlayer(camera.id, liveUrl(camera.id), canvas.current, video.current, told);
    player.current = live;
    return () => {
      live.close();
      player.current = null;
      told(START);
    };
  }, [camera.id, recording]);

  useImperativeHandle(ref, () => ({
    togglePause: () => player.current?.togglePause(),
    step: (by) => player.current?.step(by),
    wallMs: () => player.current?.currentWallMs ?? null,
  }));

  const state = recording ? status.feed.kind : "not-recording";
  return (
    <section
      className="tile"
      data-testid={`tile-${camera.id}`}
      data-state={state}
      data-withheld={status.pixelated || undefined}
      data-paused={status.paused || undefined}
      aria-label={`${texts.tile.number(number)}: ${camera.name}`}
      aria-current={selected || undefined}
      onClick={onSelect}
      onFocus={onFocus}
      onDoubleClick={onEnlarge}
    >
      <canvas ref={canvas} hidden={!hasWebCodecs()} data-testid={`picture-${camera.id}`} />
      <video ref={video} hidden={hasWebCodecs()} muted playsInline />
      <TileCover camera={camera} status={status} recording={recording} />
      <span className="number" aria-hidden="true">
        {number}
      </span>
      <div className="tools">
        <TileTool
          icon={status.paused ? "play" : "pause"}
          text={status.paused ? texts.wall.resume : texts.wall.pause}
          onUse={() => player.current?.togglePause()}
        />
        {status.paused && (
          <TileTool icon="back" text={texts.wall.back} onUse={() => player.current?.step(-1)} />
        )}
        {status.paused && (
          <TileTool
            icon="forward"
            text={texts.wall.forward}
            onUse={() => player.current?.step(1)}
          />
        )}
        <TileTool
          icon="mark"
          text={texts.wall.mark}
          onUse={onMark}
          testid={`mark-${camera.id}`}
          asks
        />
        <TileTool
          icon="keep"
          text={roomTexts.keep.title}
          onUse={onKeep}
          testid={`keep-${camera.id}`}
          asks
        />
        <TileTool
          icon="rewind"
          text={texts.wall.playback}
          onUse={onPlayback}
          testid={`playback-${camera.id}`}
        />
        <TileTool
          icon={enlarged ? "shrink" : "enlarge"}
          text={enlarged ? texts.wall.shrink : texts.wall.enlarge}
          onUse={onEnlarge}
        />
      </div>
      <footer>
        <span className="what">
          <strong>{camera.name}</strong>
          {camera.place !== null && <small>{camera.place}</small>}
          {enlarged && <small>{camera.hidden}</small>}
        </span>
        <span className="when">
          {status.paused && <em>{texts.tile.paused}</em>}
          {status.wallMs !== null && recording && (
            <time data-testid={`time-${camera.id}`}>{pictureTime(status)}</time>
          )}
          {status.latencyMs !== null && status.feed.kind === "live" && !status.paused && (
            <small
              className="latency"
              title={texts.tile.latencyTitle}
              data-testid={`latency-${camera.id}`}
            >
              {texts.tile.latency(Math.max(status.latencyMs, 0))}
            </small>
          )}
        </span>
      </footer>
    </section>
  );
}

/** While paused a step is a fraction of a second, so hundredths are shown too. */
function pictureTime({ wallMs, paused }: LiveStatus): string {
  if (wallMs === null) return "";
  const time = clockTime(wallMs);
  return paused ? time.replace(/(:\d\d) /, `$1.${hundredths(wallMs)} `) : time;
}

function TileTool({
  icon,
  text,
  onUse,
  testid,
  asks = false,
}: {
  icon: Parameters<typeof Icon>[0]["name"];
  text: string;
  onUse: () => void;
  testid?: string;
  /** It opens a dialog. */
  asks?: boolean;
}) {
  return (
    <button
      type="button"
      title={text}
      aria-label={text}
      data-testid={testid}
      aria-haspopup={asks ? "dialog" : undefined}
      onClick={(event) => {
        event.stopPropagation();
        // After a click of the mouse the keys steer the picture; who came by keyboard stays here.
        if (!event.currentTarget.matches(":focus-visible")) event.currentTarget.blur();
        onUse();
      }}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      <Icon name={icon} />
    </button>
  );
}

function TileCover({
  camera,
  status,
  recording,
}: {
  camera: Camera;
  status: LiveStatus;
  recording: boolean;
}) {
  const { feed, pixelated, wallMs } = status;
  if (!recording) {
    return (
      <div className="cover solid" data-testid={`cover-${camera.id}`}>
        <strong>{texts.tile.notRecording}</strong>
        {camera.reason !== null && <span>{camera.reason}</span>}
      </div>
    );
  }
  if (feed.kind === "waiting")
    return <Waiting reason={feed.reason} retryAt={feed.retryAt} camera={camera.id} />;
  if (wallMs === null) {
    return (
      <div className="cover solid">
        <span className="breathing">{texts.tile.connecting}</span>
      </div>
    );
  }
  if (pixelated) {
    // The notice is drawn into the picture itself; here it is said to those who do not see it.
    return (
      <p className="unseen" data-testid={`cover-${camera.id}`} role="status">
        {camera.name}: {texts.tile.withheld}. {texts.tile.withheldWhy}
      </p>
    );
  }
  return null;
}

function Waiting({ reason, retryAt, camera }: { reason: string; retryAt: number; camera: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return (
    <div className="cover solid" data-testid={`cover-${camera}`} role="status">
      <strong>{reason === "" ? texts.tile.waiting : reason}</strong>
      <span>{texts.tile.retry(Math.max(0, Math.ceil((retryAt - now) / 1000)))}</span>
    </div>
  );
}
