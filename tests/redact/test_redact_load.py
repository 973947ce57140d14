"""The order in which a busy node leaves things out."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from plainview.redact.load import CALM_MS, STEPS, WITHHELD, Load


def test_the_order_is_searches_then_size_then_frames_then_the_picture() -> None:
    kinds = [(s.trust, not s.enlarge, s.part, s.withhold) for s in STEPS]
    assert kinds == [
        (False, False, 1, False),
        (True, False, 1, False),
        (True, True, 1, False),
        (True, True, 2, False),
        (True, True, 4, False),
        (True, True, 8, False),
        (False, False, 8, True),
    ]
    assert [s.above_ms for s in STEPS] == sorted(s.above_ms for s in STEPS)
    assert all(s.says for s in STEPS[1:])


def test_a_lag_of_one_camera_is_a_lag_of_the_node() -> None:
    load = Load()
    assert load.effort(1, 0, 0).level == 0
    assert load.effort(2, 300, 0).level == 3
    assert load.effort(1, 0, 10).level == 3


def test_only_the_camera_that_is_far_behind_is_withheld() -> None:
    load = Load()
    assert load.effort(1, 2000, 0).withhold
    assert not load.effort(2, 0, 0).withhold
    assert load.effort(1, 800, 10).withhold, "until its lag is half"
    assert not load.effort(1, 700, 20).withhold


def test_it_comes_back_step_by_step() -> None:
    load = Load()
    load.effort(1, 900, 0)
    levels = [load.effort(1, 0, at).level for at in range(0, 7 * CALM_MS, CALM_MS // 2)]
    assert levels[0] == 5
    assert levels[-1] == 0
    assert all(0 <= a - b <= 1 for a, b in itertools.pairwise(levels))


def test_a_camera_that_left_holds_nobody_up() -> None:
    load = Load()
    load.effort(1, 900, 0)
    load.leave(1)
    levels = [load.effort(2, 0, at).level for at in range(0, 7 * CALM_MS, CALM_MS)]
    assert levels[-1] == 0


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5000), st.integers(-5000, 90_000))),
)
def test_whatever_the_lags_and_clocks_a_step_is_taken(asked: list[tuple[int, int, int]]) -> None:
    load = Load()
    for camera, lag, now in asked:
        effort = load.effort(camera, lag, now)
        assert effort in STEPS
        assert effort.withhold == (effort is WITHHELD)
        if lag > WITHHELD.above_ms:
            assert effort.withhold
        elif not effort.withhold:
            assert effort.above_ms <= max(lag, STEPS[load.level].above_ms)
