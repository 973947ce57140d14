"""What a timeline shows: recorded, pixelated and missing stretches of a camera's view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from plainview.store.index import Loss, Segment

JOIN_MS = 500
"""Segments closer than this belong together: frame times jitter, a gap is marked as one."""

State = Literal["recorded", "pixelated", "gap"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch [start, end) in ms; `state` is recorded, pixelated or gap.

    `reason` says why there is a gap, where the store refused what came: `full`, `limit`, `order`,
    `disk` or `slow` (docs/design/storage.md).
    """

    start: int
    end: int
    state: State
    reason: str = ""


def spans(segments: Iterable[Segment], from_ms: int, to_ms: int) -> list[Span]:
    """The whole of [from_ms, to_ms) as spans without overlap, in order."""
    merged: list[Span] = []
    place = from_ms
    for span, gap_before in _clipped(segments, from_ms, to_ms):
        start = max(span.start, place)
        if start >= span.end:
            continue
        if start - place > JOIN_MS or (gap_before and start > place):
            _push(merged, Span(place, start, "gap"))
        else:
            start = place
        _push(merged, Span(start, span.end, span.state))
        place = span.end
    if to_ms > place:
        last_is_close = bool(merged) and to_ms - place <= JOIN_MS
        _push(merged, Span(place, to_ms, merged[-1].state if last_is_close else "gap"))
    return merged


def with_reasons(found: list[Span], losses: Sequence[Loss]) -> list[Span]:
    """The same timeline, with gaps cut where a loss explains a part of them."""
    out: list[Span] = []
    for span in found:
        out += _explained(span, losses) if span.state == "gap" else [span]
    return out


def _explained(gap: Span, losses: Sequence[Loss]) -> list[Span]:
    out, place = [], gap.start
    for loss in sorted(losses, key=lambda one: one.start_ms):
        start, end = max(loss.start_ms, place), min(loss.end_ms, gap.end)
        if start >= end:
            continue
        if start > place:
            out.append(Span(place, start, "gap"))
        out.append(Span(start, end, "gap", loss.reason))
        place = end
    return [*out, Span(place, gap.end, "gap")] if place < gap.end else out


def _clipped(segments: Iterable[Segment], from_ms: int, to_ms: int) -> Iterator[tuple[Span, bool]]:
    for segment in sorted(segments, key=lambda one: one.start_ms):
        state: State = "pixelated" if segment.pixelated else "recorded"
        start, end = max(segment.start_ms, from_ms), min(segment.end_ms, to_ms)
        if start < end:
            yield Span(start, end, state), segment.gap_before


def _push(merged: list[Span], span: Span) -> None:
    if merged and merged[-1].state == span.state and merged[-1].end == span.start:
        merged[-1] = Span(merged[-1].start, span.end, span.state)
    elif span.end > span.start:
        merged.append(span)
