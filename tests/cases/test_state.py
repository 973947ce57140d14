"""The state of a request as a pure function of what the log says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.cases.state import Facts, State, check_open_for_custodians, state_of
from plainview.errors import Refused

WINDOWS = ("w1", "w2")
shares = st.frozensets(st.integers(1, 5))
facts = st.builds(
    Facts,
    k=st.integers(2, 4),
    eligible=st.integers(2, 5),
    expires=st.just(1000),
    releases=st.fixed_dictionaries(dict.fromkeys(WINDOWS, shares)),
    refusals=st.frozensets(st.sampled_from("abcde")),
)


@given(facts, st.integers(0, 2000))
def test_every_state_says_what_it_says(found: Facts, now: int) -> None:
    state = state_of(found, now)
    counts = [len(found.releases[window]) for window in WINDOWS]
    assert (state is State.EXPIRED) is (now >= 1000)
    if state is State.OPEN:
        assert min(counts) >= found.k
    if state in (State.REQUESTED, State.RELEASING):
        assert min(counts) < found.k
        assert (state is State.RELEASING) is (max(counts) > 0)
    if state is State.REFUSED:
        assert found.eligible - len(found.refusals) < found.k


@given(facts, shares)
def test_a_release_never_takes_an_open_request_back(found: Facts, more: frozenset[int]) -> None:
    if state_of(found, 0) is State.OPEN:
        wider = {window: given | more for window, given in found.releases.items()}
        again = Facts(found.k, found.eligible, found.expires, wider, found.refusals)
        assert state_of(again, 0) is State.OPEN


@pytest.mark.parametrize("state", list(State))
def test_custodians_answer_only_while_it_matters(state: State) -> None:
    if state in (State.EXPIRED, State.REFUSED):
        with pytest.raises(Refused):
            check_open_for_custodians(state)
    else:
        check_open_for_custodians(state)
