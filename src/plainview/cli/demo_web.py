"""`plainview demo-web`: the web process with the story's pages (hidden; `demo` starts it)."""

from __future__ import annotations

from plainview.base import journal
from plainview.base.settings import load
from plainview.demo.pages import router
from plainview.web.server import run


def command() -> None:
    """Run the web process of the demonstration."""
    journal.start("web")
    chosen = load()
    journal.configure("web", node=chosen.node)
    run(chosen, extra_routes=[router])
