"""The journal of every process: one line an event on standard error, without secrets.

JSON where a machine reads it, plain columns at a terminal. Every line says which process of which
node wrote it, and when (UTC). Tracebacks show code and never the values of variables, among which
are keys and cameras' passwords. Three nets catch secrets: values named like one are blanked out;
texts that look like one are (addresses with passwords, private keys, tokens); and whatever is
written past this module (the standard library's logging, an error that nobody caught) comes here
too, through `capture`.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, MutableMapping
from types import TracebackType
from typing import Any

import structlog

SECRET_WORDS = (
    "token", "secret", "cookie", "authorization", "password", "sig", "key", "salt", "identity",
)  # fmt: skip
LEFT_OUT = "(left out)"
Event = MutableMapping[str, Any]
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"AGE-SECRET-KEY-[0-9A-Z-]*", re.IGNORECASE), LEFT_OUT),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*KEY-----|$)", re.DOTALL),
     LEFT_OUT),
    # Some cameras want the password in the path, so nothing of a stream's address but its host.
    (re.compile(r"\b((?:rtsps?|rtmps?|srt|udp)://)(?:[^\s/@'\"]*@)?([^\s/?'\"<>]*)[^\s'\"<>]*",
                re.IGNORECASE), r"\1\2"),
    (re.compile(r"([a-z][a-z0-9+.-]*://)[^\s/@'\"]+@", re.IGNORECASE), r"\1"),
    (re.compile(r"\b(Bearer|Basic|Digest)\s+[\w+/=.~-]{8,}", re.IGNORECASE), rf"\1 {LEFT_OUT}"),
    (re.compile(r"\b(pass(?:word|wd)?|pwd|token|secret|key)=[^\s&'\"]+", re.IGNORECASE),
     rf"\1={LEFT_OUT}"),
    # 32 bytes in base64: a view key or a session's token. Hashes and public keys are longer or hex.
    (re.compile(r"(?<![\w+/=-])[\w+/-]{43}=?(?![\w+/=-])"), LEFT_OUT),
)  # fmt: skip


def scrub(text: str) -> str:
    """The text without anything in it that looks like a secret."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def without_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Blank out values whose name says that they open something, and texts that look like it."""
    for name, value in event.items():
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = LEFT_OUT
        else:
            event[name] = _clean(value)
    return event


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, bytes | bytearray):
        return f"({len(value)} bytes)"
    if isinstance(value, int | float | None):
        return value
    if isinstance(value, dict):
        return dict(without_secrets(None, "", {str(name): one for name, one in value.items()}))
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(one) for one in value]
    return scrub(str(value))


def configure(process: str = "", *, node: str = "", level: int = logging.INFO) -> None:
    """Set the journal up for this process; again, once the node's name is known."""
    fixed = {name: value for name, value in (("process", process), ("node", node)) if value}

    def named(_logger: object, _method: str, event: Event) -> Event:
        return {**fixed, **event}

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            named,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            without_secrets,
            _renderer(sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _renderer(terminal: bool) -> Any:
    if terminal:
        return structlog.dev.ConsoleRenderer(
            timestamp_key="time", exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.processors.JSONRenderer()


class _ToJournal(logging.Handler):
    """Warnings and errors of libraries, which use the standard library's logging."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        tell = log.error if record.levelno >= logging.ERROR else log.warning
        tell(record.getMessage(), library=record.name, exc_info=record.exc_info)


def start(process: str) -> None:
    """The first thing that a command does which runs for long."""
    configure(process)
    capture()


def capture() -> None:
    """Send to the journal what would else be written past it: libraries' words, uncaught errors."""
    root = logging.getLogger()
    root.handlers = [_ToJournal(logging.WARNING)]
    root.setLevel(logging.WARNING)
    sys.excepthook = _uncaught(sys.excepthook)

    def in_thread(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None:
            trace = given.exc_traceback
            _tell(type(given.exc_value), given.exc_value, trace, thread=given.thread)

    threading.excepthook = in_thread


Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def _uncaught(before: Hook) -> Hook:
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            before(kind, error, trace)
        else:
            _tell(kind, error, trace)

    return hook


def _tell(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None, **more: object
) -> None:
    structlog.get_logger().error("uncaught", exc_info=(kind, error, trace), **more)
