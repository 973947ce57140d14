"""Times that people type, and text that somebody else wrote."""

from __future__ import annotations

import pytest

from plainview.base.clock import to_iso
from plainview.cli.options import moment, printable, shown
from plainview.errors import BadFormat


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-23T08:50:00Z", "2026-11-23T08:50:00.000Z"),
        ("2026-11-23T08:50Z", "2026-11-23T08:50:00.000Z"),
        ("2026-11-23 08:50", "2026-11-23T08:50:00.000Z"),
        ("2026-11-23T09:50+01:00", "2026-11-23T08:50:00.000Z"),
        ("2026-11-23T07:50-01:00", "2026-11-23T08:50:00.000Z"),
        ("2026-11-23", "2026-11-23T00:00:00.000Z"),
    ],
)
def test_moments(typed: str, meant: str) -> None:
    assert to_iso(moment(typed)) == meant
    assert shown(moment(typed)) == f"{meant[:10]} {meant[11:19]} UTC"


@pytest.mark.parametrize("typed", ["", "soon", "2026-13-01", "08:50"])
def test_what_is_no_moment(typed: str) -> None:
    with pytest.raises(BadFormat):
        moment(typed)


def test_controls_do_not_reach_a_terminal() -> None:
    assert printable("a\x1b[2Jb\nc\u202e") == "a?[2Jb?c?"
