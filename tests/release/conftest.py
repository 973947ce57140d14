"""A town with one recorded window, and an honest server that the tools speak to over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from plainview.testing.desk import Desk, honest, serving
from plainview.testing.errand import Errand
from plainview.testing.town import Town


@contextmanager
def _errand(folder: Path) -> Iterator[Errand]:
    town = Town(folder)
    sealed = town.make_window()
    town.record(sealed)
    town.catch_up()
    desk = Desk(town.settings, town, clock=lambda: town.now)
    with serving(desk) as address:
        yield Errand(town, desk, address, sealed)


@pytest.fixture
def errand(tmp_path: Path) -> Iterator[Errand]:
    """A fresh town."""
    with _errand(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def _asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Errand, str]]:
    with _errand(tmp_path_factory.mktemp("asked")) as found:
        yield found, found.ask()


@pytest.fixture(scope="module")
def _given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Errand, str]]:
    with _errand(tmp_path_factory.mktemp("given")) as found:
        yield found, found.released()


@pytest.fixture
def asked(_asked: tuple[Errand, str]) -> Iterator[tuple[Errand, str]]:
    """A town that tests share as long as they change nothing in it, and a request there."""
    yield _asked
    _asked[0].desk.lie = honest


@pytest.fixture
def given(_given: tuple[Errand, str]) -> Iterator[tuple[Errand, str]]:
    """The same with a request that was released."""
    yield _given
    _given[0].desk.lie = honest
