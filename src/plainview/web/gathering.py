"""All metrics of a machine in one answer: recorder, keeper, log, web process."""

from __future__ import annotations

import asyncio
import socket
import struct
from pathlib import Path
from typing import Any

from plainview import __version__
from plainview.base import metrics
from plainview.base.clock import Ms
from plainview.base.metrics import Samples, age_s
from plainview.base.settings import Settings
from plainview.errors import PlainviewError, SourceAway
from plainview.tlog.policy import Policy
from plainview.watch import tail
from plainview.web.condition import Found
from plainview.web.context import Web

_CREDENTIALS = struct.Struct("3i")


async def gathered(web: Web) -> bytes:
    """The text of one scrape; what is away is left out, and its `..._up` is 0."""
    found, samples = await web.condition.look(), Samples()
    try:
        samples.take(await tail.metrics(web.settings.recorder_socket))
    except (SourceAway, ValueError):
        samples.add("plainview_recorder_up", 0)
    samples.add("plainview_viewers", sum(web.live.watched.values()))
    web.requests.tell(samples)
    web.letter_boxes.tell(samples)
    await asyncio.to_thread(_add, samples, web.settings, found)
    return metrics.written(lambda: samples)


def _add(samples: Samples, settings: Settings, found: Found) -> None:
    _keeper(samples, found.keeper)
    _log(samples, settings, found.at)
    for kind in {problem.kind for problem in found.problems}:
        number = sum(one.kind == kind for one in found.problems)
        samples.add("plainview_problems", number, kind=kind)
    for name, known in found.processes.items():
        samples.add("plainview_process_restarts_total", known.get("restarts"), process=name)
        samples.add("plainview_process_hangs_total", known.get("hung"), process=name)
    metrics.build(samples, __version__)
    metrics.process(samples, "web")
    pid = listener(settings.keeper_socket)
    if pid is not None:
        metrics.process(samples, "keeper", pid)


def _keeper(samples: Samples, status: dict[str, Any]) -> None:
    samples.add("plainview_keeper_up", bool(status))
    if not status:
        return
    samples.add("plainview_keeper_problems", len(status.get("red", [])))
    samples.add("plainview_log_writable", status.get("log") is None)
    samples.add("plainview_log_entries", status.get("size"))
    samples.add("plainview_log_witnessed_entries", status.get("witnessed_size"))
    samples.add("plainview_keys_held", status.get("keys"))
    for name, said in status.get("witnesses", {}).items():
        samples.add("plainview_witness_up", said.get("error") is None, witness=name)


def _log(samples: Samples, settings: Settings, now: Ms) -> None:
    """What readers of the published files see, whatever the keeper says."""
    checkpoint = settings.log_dir / "checkpoint"
    try:
        note, made = checkpoint.read_bytes(), int(checkpoint.stat().st_mtime * 1000)
        policy = Policy.parse(settings.policy_file.read_text())
    except (OSError, PlainviewError):
        return
    samples.add("plainview_log_checkpoint_age_seconds", age_s(made, now))
    try:
        seen = policy.check(note).witnesses
    except PlainviewError:
        samples.add("plainview_log_quorum", 0)
        return
    samples.add("plainview_log_quorum", bool(seen))
    for name, time in seen.items():
        samples.add("plainview_witness_age_seconds", age_s(time, now), witness=name)


def listener(path: Path) -> int | None:
    """The process that listens on a Unix socket (SO_PEERCRED), if it accepts."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(1)
        try:
            link.connect(str(path))
            raw = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            return None
    return int(_CREDENTIALS.unpack(raw)[0]) or None
