"""The generated city on disk, and a recorder that is played: states of cameras, no pictures."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from plainview.base.clock import Ms
from plainview.base.durable import make_folder
from plainview.base.ids import sha256_hex
from plainview.base.settings import Settings
from plainview.errors import GateClosed
from plainview.recorder.tailserver import TailServer
from plainview.register.projection import Register
from plainview.testing.metropolis.year import END, Year
from plainview.tlog.history import History
from plainview.web.looks import Looks

EDITION = 2
"""Changes whenever the same scale and end make another city: what was kept is made again."""
_OUT_OF_ORDER, _WITHHELD = 12, 3
"""Of 1,000 cameras that may record: without a picture, and shown as blocks."""


def city(
    folder: Path, scale: float = 1.0, end: Ms = END, say: Callable[[str], None] = print
) -> Path:
    """A data folder with the city's log, policy and register, made once in `folder`."""
    data = folder / f"city-{EDITION}-{scale:g}-{end // 1000}"
    if not data.exists():
        draft = folder / f"{data.name}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        make(draft, scale, end, say)
        draft.rename(data)
    return data


def make(data: Path, scale: float, end: Ms, say: Callable[[str], None]) -> None:
    """Write the city into `data`: its log, its trust policy, and what follows from them."""
    make_folder(data)
    year = Year(scale, end)
    for size in year.write(data / "log"):
        say(f"writing a year of {len(year.sources)} sources: {size} entries")
    (data / "policy.txt").write_text(year.policy_text())
    say("reading the log into the register")
    settings = Settings(data=data)
    with Register(settings) as register:
        register.sync()
        looks = Looks(register, settings.own_dir / "looks.db")
        while looks.follow():
            say("counting who looked")
        looks.close()


class PlayedRecorder:
    """Answers as a recorder does, for every camera that may record at `now`; a context."""

    def __init__(self, settings: Settings, now: Ms) -> None:
        with Register(settings) as register, register.book() as book:
            allowed = [name for name in book.cameras if _may(book, name, now)]
        said = {"cameras": dict(map(_said, allowed)), "red": [], "problems": []}
        self._server = TailServer(settings.recorder_socket, {}, lambda: said)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()


def _may(book: History, name: str, now: Ms) -> bool:
    try:
        book.may_record(name, now)
    except GateClosed:
        return False
    return True


def _said(name: str) -> tuple[str, dict[str, Any]]:
    lot = int(sha256_hex(name.encode())[:8], 16) % 1_000
    if lot < _OUT_OF_ORDER:
        return name, {"state": "waiting", "reason": "no picture", "redaction": "ok"}
    withheld = lot < _OUT_OF_ORDER + _WITHHELD
    return name, {"state": "recording", "reason": "", "redaction": "withheld" if withheld else "ok"}
