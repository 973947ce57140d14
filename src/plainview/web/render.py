"""Pages out of Jinja templates: everything escaped, every text out of the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from plainview.base.clock import now_ms, to_iso
from plainview.web import words
from plainview.web.catalogue import Catalogue
from plainview.web.words import Words

TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """Renders templates; `common` gives the values that every page shows."""

    def __init__(self, t: Catalogue, common: Callable[[], dict[str, Any]]) -> None:
        self._common = common
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        plain = Words(t)
        self._templates.globals.update(t=t)
        self._templates.filters.update(
            moment=words.moment,
            second=words.second,
            day=words.day,
            iso=to_iso,
            duration=plain.duration,
            ago=lambda then: plain.ago(then, now_ms()),
            thousands=words.thousands,
            pieces=lambda text: [text[at : at + 16] for at in range(0, len(text), 16)],
        )

    def render(self, template: str, **values: Any) -> HTMLResponse:
        """The page as an answer."""
        page = self._templates.get_template(template)
        return HTMLResponse(page.render(**self._common(), **values))
