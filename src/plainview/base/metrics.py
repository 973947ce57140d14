"""Metrics in the Prometheus text format: the catalogue of all of them, and how they are gathered.

Only what stands in the catalogue can be said; `docs/ref/metrics.md` explains each, and a test keeps
the two alike. **No metric counts faces, people, masks or boxes, and none is about a person.** A
state is one series for each of a fixed few, 1 or 0, so that a reason's text never becomes a label.
Nothing is kept between scrapes, and the library's global registry stays empty.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families

from plainview.base.catalogue import METRICS, Described
from plainview.base.clock import Ms

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_KNOWN: Mapping[str, Described] = {one.name: one for one in METRICS}


class Samples:
    """What one scrape found."""

    def __init__(self) -> None:
        self._values: dict[str, dict[tuple[str, ...], float]] = {}

    def add(self, name: str, value: float | None, **labels: str) -> None:
        """One value of a metric in the catalogue; None is what is not known, and is left out."""
        known = _KNOWN[name]
        if value is not None:
            key = tuple(labels.pop(label) for label in known.labels)
            assert not labels, f"{name} has no label {sorted(labels)}"  # noqa: S101 - our own calls
            self._values.setdefault(name, {})[key] = float(value)

    def state(self, name: str, states: Iterable[str], now: str, **labels: str) -> None:
        """One series for each possible state: 1 for the present one, 0 for the others."""
        for state in states:
            self.add(name, state == now, **labels, state=state)

    def take(self, text: str) -> None:
        """What another process of ours says; metrics that this version does not know are left out.

        Raises `ValueError` if the text is not in the Prometheus format.
        """
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                known = _KNOWN.get(sample.name)
                if known is not None and set(sample.labels) == set(known.labels):
                    self.add(sample.name, sample.value, **sample.labels)

    def collect(self) -> Iterator[Metric]:
        """The families, in the order of the catalogue (`prometheus_client`'s collector)."""
        for known in METRICS:
            found = self._values.get(known.name)
            if found:
                kind = CounterMetricFamily if known.kind == "counter" else GaugeMetricFamily
                family = kind(known.name.removesuffix("_total"), known.help, labels=known.labels)
                for labels, value in sorted(found.items()):
                    family.add_metric(list(labels), value)
                yield family


class _Scrape:
    """A collector that asks when it is scraped."""

    def __init__(self, gather: Callable[[], Samples]) -> None:
        self._gather = gather

    def collect(self) -> Iterator[Metric]:
        return self._gather().collect()

    def describe(self) -> Iterable[Metric]:
        return ()


def written(gather: Callable[[], Samples]) -> bytes:
    """The text of one scrape."""
    registry = CollectorRegistry()
    registry.register(_Scrape(gather))
    text = generate_latest(registry)
    return bytes(text)


def build(samples: Samples, version: str) -> None:
    """Which software runs."""
    python = platform.python_version()
    samples.add("plainview_build_info", 1, version=version, python=python)


def process(samples: Samples, name: str, pid: int | None = None) -> None:
    """CPU, memory, open files and start of a process; without what we may not see of it."""
    folder = Path("/proc") / (str(pid) if pid else "self")
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        booted = float(Path("/proc/uptime").read_text().split()[0])
    except OSError:
        return  # it has ended meanwhile
    own = {"process": name}
    spent = (int(fields[11]) + int(fields[12])) / _TICKS
    samples.add("plainview_process_cpu_seconds_total", spent, **own)
    samples.add("plainview_process_resident_memory_bytes", int(fields[21]) * _PAGE, **own)
    samples.add("plainview_process_threads", int(fields[17]), **own)
    samples.add("plainview_process_uptime_seconds", booted - int(fields[19]) / _TICKS, **own)
    try:
        opened = len(list((folder / "fd").iterdir()))
    except OSError:
        return  # another user's
    samples.add("plainview_process_open_files", opened, **own)


def age_s(then: Ms | None, now: Ms) -> float | None:
    """Seconds since a moment, never below 0; None where it never was."""
    return None if not then else max(0.0, (now - then) / 1000)
