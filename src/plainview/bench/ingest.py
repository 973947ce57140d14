"""What a camera costs to receive, to seal and to store, beside `ffmpeg -c copy`.

Simulated cameras (1080p at 25 frames a second, H.264, 3 Mbit/s, RTSP over TCP) run in a process
of their own. Ours: one process that records them all as a recorder does, without redaction
(`plainview.bench.recording`). Baseline: one ffmpeg a camera that writes 10 s MP4 segments. Both
are measured from outside, over the same length, after a warm-up, in turn.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plainview.bench.cameras import cameras, make_clip
from plainview.bench.catalogue import Options, Say
from plainview.bench.measure import cpu_s, memory_mb
from plainview.bench.result import Result, alone, compared
from plainview.errors import Unavailable

NAME = "ingest"
COUNTS = (4, 40)
CLIP_S = 12.0
SPAN_S = 20.0
"""Two segments of 10 s a camera, so that each run sees every step as often."""
WARM_S = 6.0


@dataclass
class Runs:
    """What the runs with one number of cameras showed."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    open_ms: list[float] = field(default_factory=list)


def run(options: Options, say: Say) -> Iterator[Result]:
    """Percent of a core a camera, at 4 and at 40 cameras; memory; time to the first picture."""
    with tempfile.TemporaryDirectory(prefix="plainview-bench-") as folder:
        say("encoding a clip")
        clip = make_clip(Path(folder) / "clip.mp4", options.scaled(CLIP_S, 4.0))
        ran: dict[int, Runs] = {}
        for full in COUNTS:
            count = round(options.scaled(full, 2))
            ran[full] = _turns(count, clip, Path(folder), options, say)
            yield _cost(f"{NAME}.core_percent_per_camera.{full}", ran[full])
    few, many = (statistics.median(ran[full].memory) for full in COUNTS)
    more = round(options.scaled(COUNTS[1], 2)) - round(options.scaled(COUNTS[0], 2))
    if more > 0:
        yield alone(NAME, f"{NAME}.memory_mb_per_camera", [(many - few) / more], "MB")
    yield alone(NAME, f"{NAME}.open_ms", [ms for one in ran.values() for ms in one.open_ms], "ms")


def ffmpeg_version() -> str | None:
    """The first line of `ffmpeg -version`; None where there is no ffmpeg."""
    program = shutil.which("ffmpeg")
    if program is None:
        return None
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=True)  # noqa: S603
    return " ".join(said.stdout.split()[:3])


def _cost(metric: str, runs: Runs) -> Result:
    unit, version = "% of a core", ffmpeg_version()
    if version is None:
        return alone(NAME, metric, runs.ours, unit)
    return compared(NAME, metric, unit, runs.ours, runs.theirs, f"{version}, -c copy -f segment")


def _turns(count: int, clip: Path, folder: Path, options: Options, say: Say) -> Runs:
    found = Runs()
    span, warm = options.scaled(SPAN_S, 2.0), options.scaled(WARM_S, 1.0)
    with cameras(clip, count) as urls:
        for turn in range(options.runs):
            if ffmpeg_version() is None:
                say("no ffmpeg on this machine: no baseline")
            else:
                say(f"{count} cameras, ffmpeg, run {turn + 1} of {options.runs}")
                with _ffmpegs(urls, folder / f"copies-{count}-{turn}") as pids:
                    found.theirs.append(_percent(pids, count, span, warm))
            say(f"{count} cameras, Plainview, run {turn + 1} of {options.runs}")
            _ours(urls, folder / f"ours-{count}-{turn}", span, warm, found)
    return found


def _percent(pids: list[int], count: int, span: float, warm: float) -> float:
    """Percent of a core a camera, over `span` seconds after `warm`."""
    time.sleep(warm)
    before, began = sum(map(cpu_s, pids)), time.monotonic()
    time.sleep(span)
    used = sum(map(cpu_s, pids)) - before
    return used / (time.monotonic() - began) / count * 100


def _ours(urls: list[str], folder: Path, span: float, warm: float, into: Runs) -> None:
    folder.mkdir()
    command = [sys.executable, "-m", "plainview.bench.recording", str(folder), *urls]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            if child.stdout is None or child.stdout.readline() != "ready\n":
                raise Unavailable("The recorder of the bench did not start.")
            into.ours.append(_percent([child.pid], len(urls), span, warm))
            into.memory.append(memory_mb(child.pid))
            said, _ = child.communicate()
        finally:
            child.kill()
    _check(json.loads(said), span)
    into.open_ms.append(statistics.median(json.loads(said)["open_ms"]))
    shutil.rmtree(folder)


def _check(said: dict[str, Any], span: float) -> None:
    """Raise `Unavailable` unless every camera's video was stored: else the figure means nothing."""
    if any(said["gaps"]) or min(said["stored_ms"]) < span * 1000:
        raise Unavailable(
            f"Not everything was recorded: {said}.", hint="The machine is too slow or too busy."
        )


@contextmanager
def _ffmpegs(urls: list[str], folder: Path) -> Iterator[list[int]]:
    """One ffmpeg a camera, as the baseline is defined."""
    folder.mkdir()
    running = [_ffmpeg(url, folder / f"{n:02}-%03d.mp4") for n, url in enumerate(urls)]
    try:
        yield [one.pid for one in running]
        if any(one.poll() is not None for one in running):
            raise Unavailable("An ffmpeg of the baseline ended.")
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait()
        shutil.rmtree(folder)


def _ffmpeg(url: str, target: Path) -> subprocess.Popen[bytes]:
    program = shutil.which("ffmpeg") or "ffmpeg"
    command = [program, "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp", "-i", url]
    command += ["-map", "0:v", "-c", "copy", "-f", "segment", "-segment_time", "10"]
    command += ["-reset_timestamps", "1", str(target)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
