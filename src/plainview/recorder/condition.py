"""What a recorder says of itself: health for people, metrics for machines.

Nothing here counts what was hidden or seen; addresses come without credentials.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from plainview import __version__
from plainview.base import metrics
from plainview.base.catalogue import CAMERA_STATES, REDACTION_STATES
from plainview.base.clock import Clock, Ms
from plainview.base.metrics import Samples, age_s
from plainview.base.problems import Problem, dated
from plainview.base.settings import Settings
from plainview.base.since import Since
from plainview.recorder.cameras import Camera
from plainview.recorder.making import Maker
from plainview.recorder.sources import SourcesFile
from plainview.redact.load import Load
from plainview.store.room import Headroom, sentence
from plainview.store.writer import Writer


class HasPid(Protocol):
    """The detector's process (`plainview.redact.host.DetectorHost`)."""

    @property
    def pid(self) -> int | None:
        """While it runs."""
        ...


class Condition:
    """Reads the parts of a `Recorder`; any thread may ask."""

    def __init__(
        self, settings: Settings, cameras: Mapping[str, Camera], writer: Writer,
        sources: SourcesFile, maker: Maker, detectors: HasPid, load: Load,
        trouble: Mapping[str, str], clock: Clock,
    ) -> None:  # fmt: skip
        self._settings, self._cameras, self._writer = settings, cameras, writer
        self._sources, self._maker, self._detectors = sources, maker, detectors
        self._load, self._trouble, self._clock = load, trouble, clock
        self._since = Since()

    def health(self) -> dict[str, Any]:
        """What `/health` answers; `problems` with reasons, and the red ones as lines in `red`."""
        cameras = {name: camera.status() for name, camera in list(self._cameras.items())}
        room = self._writer.headroom()
        found = [*self._own(), *self._short(room)]
        found += [problem for item in cameras.items() for problem in _of_camera(*item)]
        problems = dated(found, self._since, self._clock())
        return {
            "node": self._settings.node,
            "cameras": cameras,
            "detector": {"pid": self._detectors.pid},
            "headroom": [asdict(one) for one in room],
            "red": [problem.line() for problem in problems if problem.red],
            "problems": [problem.to_dict() for problem in problems],
        }

    def metrics(self) -> bytes:
        """What `/metrics` answers."""
        return metrics.written(self._samples)

    def _own(self) -> Iterator[Problem]:
        for part, reason in sorted(self._trouble.items()):
            yield Problem("recorder_part", part, reason)
        for complaint in self._writer.complaints():
            yield Problem("store", "store", complaint)
        if self._sources.trouble:
            yield Problem("sources", "sources", self._sources.trouble)
        if self._maker.trouble:
            yield Problem("windows", "windows", self._maker.trouble)
        if self._cameras and self._detectors.pid is None:
            yield Problem("detector_down", "detector", "The detector is not running.", red=False)

    def _short(self, room: Iterable[Headroom]) -> Iterator[Problem]:
        """Disks and retention classes whose room will not last."""
        warn, red = self._settings.room_warn_hours, self._settings.room_red_hours
        for one in room:
            if one.hours is not None and one.hours < warn:
                yield Problem("disk_low", one.name, sentence(one), red=one.hours < red)

    def _samples(self) -> Samples:
        found = Samples()
        found.add("plainview_recorder_up", 1)
        found.add("plainview_detector_up", self._detectors.pid is not None)
        found.add("plainview_redaction_effort", self._load.level)
        found.add("plainview_store_failing", self._writer.trouble is not None)
        found.add("plainview_store_written_bytes_total", self._writer.written)
        for one in self._writer.headroom():
            _room(found, one)
        for name, camera in list(self._cameras.items()):
            _camera(found, name, camera, self._clock())
        metrics.build(found, __version__)
        metrics.process(found, "recorder")
        if self._detectors.pid is not None:
            metrics.process(found, "detector", self._detectors.pid)
        return found


def _of_camera(name: str, status: Mapping[str, Any]) -> Iterator[Problem]:
    kinds = {"refused": "camera_not_allowed", "starting": "camera_starting"}
    state, reason = status["state"], str(status["reason"])
    if state != "recording":
        # A camera that may not record does what it must: a note. All other states are failures.
        kind = kinds.get(str(state), "camera_away")
        yield Problem(kind, name, reason or "It does not answer.", red=state != "refused")
    elif status["redaction"] == "withheld":
        yield Problem("view_withheld", name, str(status["redaction_reason"]))
    elif status["redaction_effort"]:
        yield Problem("view_reduced", name, str(status["redaction_effort"]), red=False)


_COUNTERS = {
    "gaps": "plainview_camera_gaps_total",
    "lost_packets": "plainview_camera_lost_packets_total",
    "damaged": "plainview_camera_damaged_packets_total",
    "connects": "plainview_camera_connects_total",
    "skipped": "plainview_camera_view_skipped_packets_total",
}
_AGES = {
    "last_packet_ms": "plainview_camera_last_packet_age_seconds",
    "last_segment_ms": "plainview_camera_last_segment_age_seconds",
    "last_view_ms": "plainview_camera_last_view_age_seconds",
}
_SPANS: dict[str, tuple[str, Callable[[float], float]]] = {
    "view_lag_ms": ("plainview_camera_view_lag_seconds", lambda ms: ms / 1000),
    "jitter_ms": ("plainview_camera_jitter_seconds", lambda ms: ms / 1000),
    "clock_error_ms": ("plainview_camera_clock_error_seconds", lambda ms: ms / 1000),
    "fps": ("plainview_camera_frames_per_second", float),
}


def _room(found: Samples, one: Headroom) -> None:
    label = {one.kind: one.name}
    found.add(f"plainview_{one.kind}_used_bytes", one.used, **label)
    found.add(f"plainview_{one.kind}_free_bytes", one.room, **label)
    found.add(f"plainview_{one.kind}_written_bytes_per_second", one.rate, **label)
    found.add(f"plainview_{one.kind}_headroom_hours", one.hours, **label)


def _camera(found: Samples, name: str, camera: Camera, now: Ms) -> None:
    status: dict[str, Any] = camera.status()
    found.add("plainview_camera_up", status["state"] == "recording", camera=name)
    found.state("plainview_camera_state", CAMERA_STATES, str(status["state"]), camera=name)
    redaction = str(status["redaction"])
    found.state("plainview_camera_redaction_state", REDACTION_STATES, redaction, camera=name)
    for field, metric in _COUNTERS.items():
        found.add(metric, status.get(field), camera=name)
    for field, metric in _AGES.items():
        found.add(metric, age_s(status.get(field), now), camera=name)
    for field, (metric, scaled) in _SPANS.items():
        value = status.get(field)
        found.add(metric, None if value is None else scaled(value), camera=name)
    ahead, until = camera.stock.ends, camera.gate.until
    found.add("plainview_camera_windows_ahead_seconds", max(0, ahead - now) / 1000, camera=name)
    found.add("plainview_camera_gate_remaining_seconds", max(0, until - now) / 1000, camera=name)
