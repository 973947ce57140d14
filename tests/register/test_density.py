"""Pixel density: the standard's own figures, and that it behaves as geometry does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.register.density import (
    BELOW,
    DORI_2014,
    OODPCVS_2025,
    TARGET_CM,
    class_met,
    more_detailed,
    pixels_per_10_metres,
    reach_cm,
)

WIDTHS = st.integers(16, 16_384)
ANGLES = st.integers(1, 360)
HEIGHTS = st.integers(1, 5_000)
DISTANCES = st.integers(50, 50_000)


def test_a_lens_of_90_degrees_sees_twice_as_wide_as_it_is_far() -> None:
    """1920 pixels, 10 m away, at the height of a face: 20 m wide, 96 pixels a metre."""
    assert pixels_per_10_metres(1920, 90, 1_000) == 960
    assert class_met(960, DORI_2014) == "observe"
    assert class_met(960, OODPCVS_2025) == "discern"


def test_height_counts() -> None:
    """3 m along the ground and 4 m above the face are 5 m."""
    assert pixels_per_10_metres(1_000, 90, 300, TARGET_CM + 400) == 1_000
    assert reach_cm(1_000, 1_000, 90, TARGET_CM + 400) == 300
    assert reach_cm(1_000, 1_000, 90, TARGET_CM + 600) is None


@pytest.mark.parametrize(
    ("density", "dori", "oodpcvs"),
    [
        (124, BELOW, BELOW),
        (125, "monitor", BELOW),
        (250, "detect", "overview"),
        (625, "observe", "outline"),
        (1_250, "recognise", "perceive"),
        (2_499, "recognise", "perceive"),
        (2_500, "identify", "characterise"),
        (9_999, "identify", "validate"),
        (15_000, "inspect", "scrutinise"),
    ],
)
def test_classes_of_both_editions(density: int, dori: str, oodpcvs: str) -> None:
    assert class_met(density, DORI_2014) == dori
    assert class_met(density, OODPCVS_2025) == oodpcvs


@given(WIDTHS, ANGLES, DISTANCES, HEIGHTS)
def test_farther_and_wider_show_less(width: int, angle: int, away: int, height: int) -> None:
    here = pixels_per_10_metres(width, angle, away, height)
    assert pixels_per_10_metres(width, angle, away * 2, height) <= here
    assert pixels_per_10_metres(width * 2, angle, away, height) >= here
    if angle < 360:
        assert pixels_per_10_metres(width, angle + 1, away, height) <= here


@given(WIDTHS, ANGLES, HEIGHTS, st.sampled_from(sorted(OODPCVS_2025.values())))
def test_reach_is_where_a_class_ends(width: int, angle: int, height: int, density: int) -> None:
    reach = reach_cm(density, width, angle, height)
    if reach:
        assert pixels_per_10_metres(width, angle, reach, height) >= density
        assert pixels_per_10_metres(width, angle, reach + 2, height) <= density


@pytest.mark.parametrize(
    ("width", "angle", "away"), [(0, 90, 100), (1920, 0, 100), (1920, 361, 100), (1920, 90, 0)]
)
def test_what_no_lens_has(width: int, angle: int, away: int) -> None:
    with pytest.raises(ValueError, match=r"degrees|distance"):
        pixels_per_10_metres(width, angle, away)


def test_more_detailed() -> None:
    assert more_detailed("identify", "detect", DORI_2014)
    assert not more_detailed(BELOW, "monitor", DORI_2014)
    assert not more_detailed("detect", "detect", DORI_2014)
