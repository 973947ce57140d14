"""The journal of every process: one JSON line an event on standard error, without secrets.

Tracebacks show code and never the values of variables, among which are keys and cameras'
passwords; what structlog does unasked shows them. Values named like secrets are blanked out.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_WORDS = (
    "token", "secret", "cookie", "authorization", "password", "sig", "key", "salt", "identity",
)  # fmt: skip


def without_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank out values whose name says that they open something."""
    for name in event:
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = "(left out)"
    return event


def configure(level: int = logging.INFO) -> None:
    """Set structlog up for this process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_secrets,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
