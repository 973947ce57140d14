// open.html: combine what was released, decrypt, and show the original. Nothing leaves this page.

import "@fontsource-variable/inter/wght.css";
import "./tools.css";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import type { JsonObject } from "../base/canonical.ts";
import { download } from "../base/download.ts";
import { texts } from "../messages/tools.ts";
import { canPlay, codecOfFile, play } from "../media/originals.ts";
import type { CheckName } from "../release/checks.ts";
import { openOriginal, type Opened } from "../release/opening.ts";
import type { OpenedSegment } from "../seal/segments.ts";
import { textIn } from "../release/trust.ts";
import { dateTime, shortTime } from "../video/clock.ts";
import { Inbox } from "./inbox.tsx";
import { Checks, Facts, Failure, Gate, show, type Ready } from "./parts.tsx";
import { tell, tellFailure } from "./page.ts";
import { whenWitnessed } from "./retry.ts";
import { useChecks } from "./useChecks.ts";

const LINES: CheckName[] = [
  "logged",
  "people",
  "signature",
  "recipient",
  "detail",
  "windows",
  "expiry",
  "releases",
  "keeper",
  "combine",
  "segments",
];

function Opening({ ready: { key, server, parameters }, hash }: { ready: Ready; hash: string }) {
  const { lines, check, reset } = useChecks(LINES);
  const [opened, setOpened] = useState<Opened | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [waiting, setWaiting] = useState(false);
  const [progress, setProgress] = useState({ segments: 0, bytes: 0 });
  const failed = useEffectEvent((problem: unknown) => {
    setError(problem);
    tellFailure(parameters.server, "open", problem);
  });
  useEffect(() => {
    let current = true;
    whenWitnessed(() => {
      reset();
      return openOriginal(hash, key, server, check, (segments, bytes) =>
        setProgress({ segments, bytes }),
      );
    }, setWaiting).then(
      (result) => current && setOpened(result),
      (problem: unknown) => current && failed(problem),
    );
    return () => {
      current = false;
    };
  }, [check, hash, key, reset, server]);

  const words = texts.open;
  const shown = (): void =>
    tell(parameters.server, "done", "open", { request: hash, segments: String(progress.segments) });
  return (
    <>
      {opened === null ? (
        <>
          <h1>{words.opening}</h1>
          <p className="lead">{words.openingLead}</p>
        </>
      ) : (
        <>
          <h1 data-testid="opened">{words.done}</h1>
          <p className="lead strong">{words.never}</p>
          <Original segments={opened.segments} onShown={shown} />
          {opened.waiting > 0 && <p className="care">{words.unlogged(opened.waiting)}</p>}
          <p className="care">{words.care}</p>
          <Facts
            purpose={opened.asked.purpose}
            detail={opened.asked.detail}
            windows={opened.asked.windows.length}
            camera={opened.asked.camera === null ? null : { ...opened.asked.camera, proven: true }}
            expires={opened.asked.expires}
          />
        </>
      )}
      <Checks lines={lines} waiting={waiting} />
      {opened === null && progress.segments > 0 && (
        <p className="lead">{words.pieces(progress.segments, (progress.bytes / 1e6).toFixed(1))}</p>
      )}
      {error !== null && <Failure error={error} />}
    </>
  );
}

function Original({ segments, onShown }: { segments: OpenedSegment[]; onShown: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const ends = useRef<number[]>([]);
  const [at, setAt] = useState("");
  const [codec] = useState(() =>
    segments[0] === undefined ? null : codecOfFile(segments[0].fmp4),
  );
  const playable = canPlay(codec);
  const shown = useEffectEvent(onShown);
  useEffect(() => {
    const element = video.current;
    if (element === null || codec === null || !playable) {
      shown();
      return;
    }
    element.addEventListener("loadeddata", () => shown(), { once: true });
    element.muted = true;
    void play(
      element,
      segments.map(({ fmp4 }) => fmp4),
      codec,
    ).then((found) => {
      ends.current = found;
      // A browser may forbid to begin by itself: then the person does, with the element's own button.
      return element.play().catch(() => undefined);
    });
  }, [codec, playable, segments]);

  const tellTime = (): void => {
    const now = video.current?.currentTime ?? 0;
    const index = Math.max(
      ends.current.findIndex((end) => now < end),
      0,
    );
    const begin = index === 0 ? 0 : (ends.current[index - 1] ?? 0);
    const start = Date.parse(segments[index]?.start ?? "");
    if (!Number.isNaN(start)) setAt(dateTime(start + (now - begin) * 1000));
  };
  return (
    <>
      {playable ? (
        <figure className="original">
          <video
            ref={video}
            controls
            loop
            playsInline
            onTimeUpdate={tellTime}
            data-testid="original"
          />
          <figcaption>{at}</figcaption>
        </figure>
      ) : (
        <p className="care">{texts.open.cannotPlay}</p>
      )}
      <details className="pieces">
        <summary>{texts.open.saveAll}</summary>
        <ul>
          {segments.map((segment) => (
            <li key={`${segment.window} ${segment.sequence}`}>
              {shortTime(Date.parse(segment.start))} – {shortTime(Date.parse(segment.end))}
              <Save segment={segment} />
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

function Save({ segment: { fmp4, window, sequence } }: { segment: OpenedSegment }) {
  const name = `${window}-${String(sequence).padStart(6, "0")}.mp4`;
  return (
    <button
      type="button"
      className="button quiet"
      onClick={() => download(new Blob([fmp4], { type: "video/mp4" }), name)}
      data-testid="download"
    >
      {texts.open.download} ({(fmp4.length / 1e6).toFixed(1)} MB)
    </button>
  );
}

function Open({ ready }: { ready: Ready }) {
  const [hash, setHash] = useState(ready.parameters.request);
  const words = texts.open;
  if (hash !== null) return <Opening key={hash} ready={ready} hash={hash} />;
  const mine = (row: JsonObject): boolean => row.mine === true;
  const openable = (row: JsonObject): boolean => ["open", "opened"].includes(textIn(row, "state"));
  return (
    <>
      <h1>{words.title}</h1>
      <p className="lead">{words.lead}</p>
      <Inbox
        server={ready.server}
        filter={mine}
        empty={[words.empty, words.emptyHint]}
        action={(row) => (openable(row) ? words.go : null)}
        state={(row) => words.states[textIn(row, "state")] ?? textIn(row, "state")}
        onChoose={setHash}
      />
    </>
  );
}

show(<Gate step="open">{(ready) => <Open ready={ready} />}</Gate>);
