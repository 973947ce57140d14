"""The recorder's process: `run(settings)` is all that a command needs."""

from __future__ import annotations

import os
import resource
import threading

import cv2
import structlog

from plainview.base import shutdown
from plainview.base.settings import Settings
from plainview.errors import PlainviewError, UnsafeStart
from plainview.keys.client import KeeperClient
from plainview.recorder.service import Recorder
from plainview.redact.host import DetectorHost
from plainview.register.projection import Register

log = structlog.get_logger()
FOUNDED_S = 60.0
"""How long a start waits for the log's founding entry, which holds the window's length."""


def run(settings: Settings) -> None:
    """Record until SIGTERM or SIGINT. Raises `UnsafeStart` without a founded log."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # view keys must not reach a core dump
    cv2.setNumThreads(1)  # each camera has a thread of its own; more of them only wait for others
    stop = shutdown.on_signal()
    with (
        Register(settings) as register,
        KeeperClient(settings.keeper_socket) as keeper,
        DetectorHost(threads=searchers(), prepared=True) as detectors,
    ):
        window_s = window_seconds(register, stop)
        if not stop.is_set():
            Recorder(settings, register, keeper, detectors, window_s=window_s).run(stop)


def searchers() -> int:
    """How many searches run at once, each on one thread: decoding and encoding need the rest."""
    return max(2, len(os.sched_getaffinity(0)) // 2)


def window_seconds(register: Register, stop: threading.Event, wait_s: float = FOUNDED_S) -> int:
    """The length of windows, a rule of the log. Raises `UnsafeStart` if there is none in time."""
    waited = 0.0
    while not stop.is_set() and waited < wait_s:
        try:
            rules = register.rules()
        except PlainviewError as error:
            log.warning("no_log_yet", reason=error.message)
            rules = {}
        if rules:
            return int(rules["window_seconds"])
        stop.wait(0.2)
        waited += 0.2
    if stop.is_set():
        return 0
    raise UnsafeStart(
        "There is no log, so nothing may be recorded.", hint="Found it first: plainview demo."
    )
