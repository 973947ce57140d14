"""Counting: which boxes are judged, when somebody appears, and what the figures are called."""

from __future__ import annotations

from plainview.bench.hiding.tally import BANDS, Tally, metric_of
from plainview.bench.hiding.truth import Box, Kind, Sequence, Target
from plainview.bench.result import Result

from .conftest import Kit

OVER: Box = (90.0, 30.0, 60.0, 60.0)
FACE: Box = (105.0, 45.0, 24.0, 30.0)
AWAY: Box = (220.0, 45.0, 24.0, 30.0)


def sequence(*, fps: float = 10.0, count: int = 100, still: bool = False) -> Sequence:
    return Sequence("part", (320, 180), fps, count, lambda: iter(()), still=still)


def counted(
    kit: Kit, pictures: list[tuple[int, list[Target]]], *, of: Sequence | None = None,
    masks: tuple[Box, ...] = (OVER,),
) -> Tally:  # fmt: skip
    """A tally of (number, targets), each picture with the masks."""
    of = of or sequence()
    tally = Tally()
    appearances = tally.begin(of)
    for number, targets in pictures:
        tally.add(kit.seen(number, targets, list(masks)), appearances, of)
    return tally


def shares(tally: Tally) -> dict[str, tuple[int, int]]:
    return {name: (count.covered, count.total) for name, count in tally.counts.items()}


def figures(tally: Tally, suffix: str = ".set") -> dict[str, Result]:
    return {one.metric: one for one in tally.results(suffix, bands=True)}


def test_covered_and_missed_faces_are_counted(kit: Kit) -> None:
    pictures = [(n, [kit.target("a", FACE), kit.target("b", AWAY)]) for n in range(3)]
    tally = counted(kit, pictures)
    assert shares(tally)["coverage_16px"] == (3, 6)
    assert shares(tally)["coverage_24_40px"] == (3, 6)
    assert shares(tally)["first_frame"] == (1, 2)
    found = figures(tally)["recall.coverage_16px.set"]
    assert (found.value, found.unit) == (50.0, "%")
    assert found.against == "6 face-frames, 2 distinct faces"


def test_what_is_missed_is_handed_back(kit: Kit) -> None:
    of, tally = sequence(), Tally()
    seen = kit.seen(0, [kit.target("a", FACE), kit.target("b", AWAY)], [OVER])
    assert [one.who for one in tally.add(seen, tally.begin(of), of)] == ["b"]


def test_one_miss_in_a_hundred_thousand_does_not_round_up_to_all(kit: Kit) -> None:
    tally = counted(kit, [(0, [kit.target("a", FACE)])])
    count = tally.counts["coverage_16px"]
    count.total, count.covered = 1_000_000, 999_999
    assert figures(tally)["recall.coverage_16px.set"].value == 99.999


def test_small_hidden_and_uncounted_boxes_are_kept_apart(kit: Kit) -> None:
    small: Box = (105.0, 45.0, 10.0, 13.0)
    tally = counted(
        kit,
        [
            (
                0,
                [
                    kit.target("small", small),
                    kit.target("partly", FACE, visible=0.3),
                    kit.target("gone", FACE, visible=0.05),
                    kit.target("crowd", FACE, counts=False),
                ],
            )
        ],
    )
    assert shares(tally) == {"coverage_12_16px": (1, 1), "partly_hidden": (1, 1)}


def test_heads_from_behind_and_from_the_side_have_figures_of_their_own(kit: Kit) -> None:
    heads = [
        kit.target("a", FACE, Kind.BEHIND),
        kit.target("b", AWAY, Kind.SIDE),
        kit.target("c", AWAY, Kind.HEAD),
    ]
    tally = counted(kit, [(0, heads)])
    assert shares(tally)["heads_behind"] == (1, 1)
    assert shares(tally)["heads_side"] == (0, 1)
    assert shares(tally)["coverage_16px"] == (0, 1)
    assert shares(tally)["first_frame"] == (0, 1)


def test_somebody_appears_anew_only_after_half_a_second(kit: Kit) -> None:
    present = [0, 1, 2, 5, 6, 20, 21]
    pictures = [(n, [kit.target("a", FACE)] if n in present else []) for n in range(25)]
    assert shares(counted(kit, pictures))["first_frame"] == (2, 2)


def test_a_still_picture_is_judged_at_its_first_and_at_its_last(kit: Kit) -> None:
    of = sequence(count=4, still=True)
    pictures = [(n, [kit.target("a", AWAY)]) for n in range(4)]
    found = shares(counted(kit, pictures, of=of))
    assert found["coverage_16px"] == (0, 1)
    assert found["first_frame"] == (0, 1)


def test_withheld_pictures_cover_all_but_are_told(kit: Kit) -> None:
    of, tally = sequence(), Tally()
    seen = kit.seen(0, [kit.target("a", AWAY)], [], pixelated=True)
    assert tally.add(seen, tally.begin(of), of) == []
    found = figures(tally)
    assert found["recall.withheld.set"].value == 100.0
    assert found["recall.masked_area.set"].value == 0.0


def test_false_masks_are_those_beside_every_head(kit: Kit) -> None:
    other: Box = (220.0, 100.0, 32.0, 32.0)
    tally = counted(kit, [(0, [kit.target("a", FACE)])], masks=(OVER, other))
    found = figures(tally)
    assert found["recall.false_masks.set"].value == 1.0
    assert 1.0 < found["recall.false_mask_area.set"].value < 2.5
    tally.complete = False
    assert "recall.false_masks.set" not in figures(tally)


def test_merged_tallies_add_up(kit: Kit) -> None:
    one = counted(kit, [(0, [kit.target("a", FACE)])])
    other = counted(kit, [(0, [kit.target("b", AWAY)]), (1, [])])
    area = one.area + other.area
    one.merge(other)
    assert shares(one)["coverage_16px"] == (1, 2)
    assert one.counts["coverage_16px"].looks == {"a", "b"}
    assert (one.frames, one.area) == (3, area)


def test_every_height_from_8_px_has_one_band() -> None:
    for height in (8, 11.9, 12, 16, 40, 80, 400):
        assert sum(low <= height < high for low, high in BANDS) == 1
    assert [metric_of(band) for band in BANDS][::5] == ["coverage_8_12px", "coverage_80px_up"]
