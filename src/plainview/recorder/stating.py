"""What a recorder redacts with, on the public log at every start: software, weights, settings.

The settings are those by whose value somebody could be missed or a picture withheld; they hold no
secret and stand there in clear. A keeper that is away is asked again under the same entry id, so
that a start is one entry. Recording does not wait for it.
"""

from __future__ import annotations

from importlib import metadata
from typing import Any, Protocol

import structlog

from plainview.base.ids import new_id
from plainview.base.settings import Settings
from plainview.base.software import installed
from plainview.errors import WeightsMissing
from plainview.redact import models
from plainview.redact.record import hashes

log = structlog.get_logger()
MATTER = ("search_", "detector_", "view_")
"""How the names of the settings begin that redaction depends on."""
RUNTIME = "openvino"


class Logs(Protocol):
    """Who logs it (`plainview.keys.client.KeeperClient`)."""

    def redaction(self, entry: str, body: dict[str, Any]) -> int:
        """The index of the entry."""
        ...


class Statement:
    """`tell` until it is on the log; cheap afterwards."""

    def __init__(self, settings: Settings, keeper: Logs) -> None:
        self._settings, self._keeper = settings, keeper
        self._entry, self._body = new_id(), dict[str, Any]()
        self.index: int | None = None

    def tell(self) -> None:
        """Log it, once. Raises the keeper's errors."""
        if self.index is None:
            self._body = self._body or body(self._settings)
            self.index = self._keeper.redaction(self._entry, self._body)
            log.info("redaction_stated", entry=self.index)


def body(settings: Settings) -> dict[str, Any]:
    """The body of the entry."""
    return {
        "node": settings.node,
        "software": installed().statement(),
        "models": present(),
        "settings": {**chosen(settings), "runtime": f"{RUNTIME} {metadata.version(RUNTIME)}"},
    }


def present() -> dict[str, str]:
    """File and SHA-256 of each allowed model that is here, whole. Without the rest it withholds."""
    found = {}
    for name, sha256 in hashes().items():
        try:
            models.load(name)
        except WeightsMissing as error:
            log.error("weights_missing", model=name, reason=error.message)
        else:
            found[name] = sha256
    return found


def chosen(settings: Settings) -> dict[str, Any]:
    """The settings that redaction depends on; the log has no floats, so those are text."""
    values = settings.model_dump(mode="json")
    return {
        name: str(value) if isinstance(value, float) else value
        for name, value in values.items()
        if name.startswith(MATTER)
    }
