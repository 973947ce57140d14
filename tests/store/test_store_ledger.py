"""The judge of the fault harness can say no."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

import pytest

from plainview.seal.windows import WindowHeader
from plainview.store.packs import PIXELATED, Kind
from plainview.store.records import parse
from plainview.store.store import Store
from plainview.store.writer import NewSegment
from plainview.testing.ledger import Broken, check_holes

START = 1_763_888_400_000
MakeHeader = Callable[..., WindowHeader]
MakeSegment = Callable[..., NewSegment]


def without_all_but_the_first(segment: NewSegment) -> NewSegment:
    """It still claims its two seconds."""
    first = next(iter(parse(segment.data)))
    return dataclasses.replace(segment, data=first.to_bytes())


def keep(store: Store, window: WindowHeader, segments: Iterable[NewSegment]) -> None:
    with store.writer() as writer:
        for one in segments:
            writer.add(Kind.VIEWS, window, one)
        writer.flush()


def test_a_hole_within_what_is_shown_as_recorded_is_named(
    store: Store, make_header: MakeHeader, make_view: MakeSegment
) -> None:
    views = [make_view(number) for number in range(3)]
    keep(store, make_header(), [views[0], without_all_but_the_first(views[1]), views[2]])
    with pytest.raises(Broken, match="shows 0 ms"):
        check_holes(store, "cam-01")


def test_gaps_and_withheld_pictures_are_owned_up_to(
    store: Store, make_header: MakeHeader, make_view: MakeSegment
) -> None:
    withheld = without_all_but_the_first(make_view(1, pixelated=True, flags=PIXELATED))
    keep(store, make_header(), [make_view(0), withheld, make_view(2), make_view(9)])
    assert {span.state for span in store.spans("cam-01", START, START + 60_000)} == {
        "gap", "recorded", "pixelated",
    }  # fmt: skip
    check_holes(store, "cam-01")
