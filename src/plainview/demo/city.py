"""`plainview demo --city`: the public pages over a generated city, without any video.

One process: the pages, and a recorder that is played. Nobody can sign in, nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from plainview.base.clock import DAY_MS, now_ms
from plainview.base.ports import loopback_sockets
from plainview.base.settings import load
from plainview.testing.metropolis.place import PlayedRecorder, make
from plainview.web.app import create_app
from plainview.web.server import server

Say = Callable[[str], None]


def show(data: Path, port: int, say: Say) -> None:
    """Make the city in `data` if it is not there, and serve its pages until a signal."""
    settings = load(data=data, port=port)
    if not settings.policy_file.exists():
        say("First start: a city of 8,100 sources and a year of its log are made. Some minutes.")
        make(data, 1.0, now_ms() // DAY_MS * DAY_MS, _seldom(say))
    sockets = loopback_sockets(settings.port)
    try:
        with PlayedRecorder(settings, now_ms()):
            say(f"The city's public pages: {settings.web_url}/cameras")
            server(create_app(settings, generated=True)).run(sockets=sockets)
    finally:
        for opened in sockets:
            opened.close()


def _seldom(say: Say) -> Say:
    """Every tenth word, and never one twice."""
    heard: list[str] = []

    def told(line: str) -> None:
        if line not in heard[-1:]:
            heard.append(line)
            if len(heard) % 10 == 1:
                say(line)

    return told
