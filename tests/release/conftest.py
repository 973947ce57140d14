"""A town with one recorded window, and an honest server that the tools speak to over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from plainview.testing.desk import Desk, serving
from plainview.testing.errand import Errand
from plainview.testing.town import Town


@pytest.fixture
def errand(tmp_path: Path) -> Iterator[Errand]:
    town = Town(tmp_path)
    sealed = town.make_window()
    town.record(sealed)
    town.catch_up()
    desk = Desk(town.settings, town, clock=lambda: town.now)
    with serving(desk) as address:
        yield Errand(town, desk, address, sealed)
