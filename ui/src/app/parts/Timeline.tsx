// When there is a recording, when there is none, and when the picture was withheld.

import { useRef, useState, type PointerEvent as ReactPointerEvent } from "react";
import { texts } from "../../messages/en.ts";
import { roomTexts } from "../../messages/room.ts";
import { clockTime, dateTime, minuteTime, shortTime } from "../../video/clock.ts";
import { share, ticks, wholeTimeline, type Range, type Span } from "../../video/timeline.ts";

export interface TimeMark {
  id: string;
  from: number;
  to: number;
  at: number;
  state: string;
  /** What became of it, in words. */
  text: string;
}

interface Props {
  spans: Span[];
  view: Range;
  at: number | null;
  marks: TimeMark[];
  onSeek: (at: number) => void;
  onHover: (at: number) => void;
}

const reasons: Record<string, string> = texts.playback.reasons;

const named = ({ state, reason }: Span): string =>
  (reason === undefined ? undefined : reasons[reason]) ?? texts.playback.states[state];

export function Timeline({ spans, view, at, marks: kept, onSeek, onHover }: Props) {
  const track = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<number | null>(null);
  const timeAt = (event: ReactPointerEvent): number => {
    const box = track.current?.getBoundingClientRect();
    const part = box === undefined || box.width === 0 ? 0 : (event.clientX - box.left) / box.width;
    return view.from + Math.min(Math.max(part, 0), 1) * (view.to - view.from);
  };
  const percent = (ms: number): string => `${share(view, ms) * 100}%`;
  const marks = ticks(view, 8);
  const label = (marks[1] ?? 0) - (marks[0] ?? 0) < 60_000 ? shortTime : minuteTime;
  const shown = wholeTimeline(spans, view);
  return (
    <div className="timeline">
      <div
        ref={track}
        className="track"
        role="slider"
        tabIndex={0}
        aria-label={texts.playback.timeline}
        aria-valuemin={view.from}
        aria-valuemax={view.to}
        aria-valuenow={at ?? view.from}
        aria-valuetext={at === null ? "" : dateTime(at)}
        data-testid="timeline"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          onSeek(timeAt(event));
        }}
        onPointerMove={(event) => {
          const time = timeAt(event);
          setHover(time);
          if (event.buttons === 1) onSeek(time);
          else onHover(time);
        }}
        onPointerLeave={() => setHover(null)}
      >
        {shown.map((span) => (
          <span
            key={span.start}
            className="span"
            data-state={span.state}
            data-testid={`span-${span.state}`}
            title={`${named(span)}: ${clockTime(span.start)} – ${clockTime(span.end)}`}
            style={{
              left: percent(span.start),
              width: `${(share(view, span.end) - share(view, span.start)) * 100}%`,
            }}
          />
        ))}
        {kept
          .filter((mark) => mark.at >= view.from && mark.at <= view.to)
          .map((mark) => (
            <span
              key={mark.id}
              className="kept"
              data-state={mark.state}
              data-testid="timeline-mark"
              title={roomTexts.marks.onTimeline(clockTime(mark.at), mark.text)}
              style={{
                left: percent(mark.from),
                width: `${(share(view, mark.to) - share(view, mark.from)) * 100}%`,
              }}
            />
          ))}
        {kept
          .filter((mark) => mark.at >= view.from && mark.at <= view.to)
          .map((mark) => (
            <span
              key={mark.id}
              className="pin"
              data-state={mark.state}
              style={{ left: percent(mark.at) }}
            />
          ))}
        {hover !== null && (
          <span className="hover" style={{ left: percent(hover) }} data-time={shortTime(hover)} />
        )}
        {at !== null && at >= view.from && at <= view.to && (
          <span className="head" style={{ left: percent(at) }} />
        )}
      </div>
      <div className="ticks" aria-hidden="true">
        {marks.map((time) => (
          <span key={time} style={{ left: percent(time) }}>
            {label(time)}
          </span>
        ))}
      </div>
      <p className="legend">
        {(["recorded", "pixelated", "gap"] as const).map((state) => (
          <span key={state} data-state={state}>
            {texts.playback.states[state]}
          </span>
        ))}
      </p>
    </div>
  );
}
