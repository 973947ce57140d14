"""What redaction costs: a file of 1280x720, an idle street, and a live camera.

Processor time of this process, which runs everything on one thread, the networks included. The
baseline of files is the plain transcode: the same reader, the same writer, the same preset, in turn
with ours. `PLAINVIEW_DEFACE` names a `deface` program (PyPI deface 1.5.0, in an environment of its
own) to be run beside ours on the same clip. How the figures are made: docs/design/redaction.md.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

from plainview.bench.catalogue import Options, Say
from plainview.bench.result import Result, alone, compared, in_turn
from plainview.errors import Unavailable
from plainview.media.convert import ClipStyle, write_clip
from plainview.media.decode import Decoder
from plainview.media.encode_file import FileStyle, FileWriter, Preset
from plainview.media.files import VideoFile
from plainview.media.footage import Footage
from plainview.media.frames import Frame
from plainview.redact.files import Choices, redact_video, redactor_of
from plainview.redact.local import LocalDetector
from plainview.redact.pipeline import Redactor, ViewFrame
from plainview.redact.rules import Profile, Rules
from plainview.redact.view import ViewPipeline
from plainview.testing.scene import Scene

NAME = "redact"
SECONDS = 8.0
FPS = 25
CROWD = 5
"""People in the clip: about three faces in a picture."""
LIVE_FPS = 12.5
COVERED, DARK = 0.8, 32
PRESETS = (Preset.MEDIUM, Preset.SUPERFAST)
"""The default of `plainview redact`, and that of live views."""
DEFACE = "PLAINVIEW_DEFACE"


def run(options: Options, say: Say) -> Iterator[Result]:
    """Cost of each profile, of an idle street, beside deface, and of a live camera."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = round(FPS * options.scaled(SECONDS, 1.0))
        say("drawing the street")
        clip = _street(folder / "street.mp4", (1280, 720), count)
        idle = _idle(folder / "idle.mp4", count)
        detector = LocalDetector()
        for profile in Profile:
            for preset in PRESETS if profile in (Profile.FACES, Profile.HEADS) else PRESETS[:1]:
                say(f"{profile}, preset {preset}")
                yield _file(profile.value, clip, profile, preset, detector, options.runs)
        for preset in PRESETS:
            say(f"idle, preset {preset}")
            yield _file("idle", idle, Profile.HEADS, preset, detector, options.runs)
        yield from _beside_deface(clip, count, detector, say)
        say("drawing a street of 1920x1080")
        large = _street(folder / "large.mp4", (1920, 1080), count)
        yield from _live(large, detector, options.runs, say)


def _street(path: Path, size: tuple[int, int], count: int) -> Path:
    scene = Scene(width=size[0], height=size[1], fps=FPS, crowd=CROWD)
    frames = (Frame.from_bgr(scene.frame(number)) for number in range(count))
    write_clip(path, frames, FPS, ClipStyle(crf=22))
    return path


def _idle(path: Path, count: int) -> Path:
    """The street at night's rest: one picture, and the noise of a sensor."""
    scene = Scene(crowd=0)
    picture = scene.frame(0)
    rng = np.random.default_rng(1)
    noise = [rng.normal(0, 1.3, picture.shape).astype(np.int8) for _ in range(8)]
    frames = (
        Frame.from_bgr(np.asarray(cv2.add(picture, noise[number % 8], dtype=cv2.CV_8U), np.uint8))
        for number in range(count)
    )
    write_clip(path, frames, FPS, ClipStyle(crf=22))
    return path


def _file(
    name: str, clip: Path, profile: Profile, preset: Preset, detector: LocalDetector, runs: int
) -> Result:
    style = FileStyle(preset=preset)
    rules = Rules(profile)
    ours, theirs = in_turn(
        lambda: _redact(clip, style, rules, detector), lambda: _transcode(clip, style), runs
    )
    metric = f"redact.cpu_ms_per_frame.{name}"
    metric += "" if preset is PRESETS[0] else f".{preset}"
    return compared(NAME, metric, "ms", ours, theirs, f"plain transcode, {preset}")


def _redact(clip: Path, style: FileStyle, rules: Rules, detector: LocalDetector) -> float:
    """Milliseconds of processor time a frame, once the networks are compiled."""
    with Footage(clip) as footage:
        redactor = redactor_of(footage, detector, Choices(rules))
        redactor.warm_up()
        return _timed(footage, clip, style, redactor.push, redactor.flush)


def _transcode(clip: Path, style: FileStyle) -> float:
    """The same for a plain transcode."""
    with Footage(clip) as footage:
        return _timed(footage, clip, style, lambda frame: [frame], list)


def _timed(
    footage: Footage, clip: Path, style: FileStyle,
    push: Callable[[Frame], Sequence[Frame | ViewFrame]],
    flush: Callable[[], Sequence[Frame | ViewFrame]],
) -> float:  # fmt: skip
    count = 0
    begun = time.process_time()
    with FileWriter(clip.with_name("out.mp4"), footage.size, footage, style) as out:
        for done in _finished(footage, push, flush):
            out.add(done)
            count += 1
    return (time.process_time() - begun) / count * 1000


def _finished(
    footage: Footage,
    push: Callable[[Frame], Sequence[Frame | ViewFrame]],
    flush: Callable[[], Sequence[Frame | ViewFrame]],
) -> Iterator[Frame]:
    batches = (push(item) for item in footage.read() if isinstance(item, Frame))
    for done in chain(chain.from_iterable(batches), flush()):
        yield done.frame if isinstance(done, ViewFrame) else done


def _beside_deface(clip: Path, count: int, detector: LocalDetector, say: Say) -> Iterator[Result]:
    program = os.environ.get(DEFACE)
    if not program:
        say(f"deface is left out: {DEFACE} is not set")
        return
    say("deface, at full resolution")
    theirs = clip.with_name("deface.mp4")
    before = _children_s()
    command = ["taskset", "-c", "0", program, str(clip), "--output", str(theirs),
               "--replacewith", "solid", "--boxes"]  # fmt: skip
    done = subprocess.run(  # noqa: S603 - the program that the person who measures named
        command, capture_output=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    if done.returncode != 0:
        raise Unavailable(f"deface failed: {done.stderr.decode(errors='replace')[-300:]}")
    cost = (_children_s() - before) / count * 1000
    say("ours beside it")
    ours = clip.with_name("ours.mp4")
    choices = Choices(Rules(Profile.FACES))
    begun = time.process_time()
    redact_video(clip, ours, detector, choices, force=True)
    own = (time.process_time() - begun) / count * 1000
    yield compared(NAME, "redact.against_deface", "ms", [own], [cost], "deface 1.5.0, CPU a frame")
    yield compared(
        NAME, "redact.coverage_beside_deface", "%",
        [_coverage(clip, ours, count)], [_coverage(clip, theirs, count)], "deface 1.5.0",
    )  # fmt: skip


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _coverage(raw: Path, hidden: Path, count: int) -> float:
    """Share (%) of the faces of 16 px and more that are covered in a finished file.

    A pixel counts as covered when it is far from what it was: both tools fill in one colour.
    """
    scene = Scene(fps=FPS, crowd=CROWD)
    covered = total = 0
    with VideoFile(raw) as before, VideoFile(hidden) as after:
        pairs = zip(before.frames(), after.frames(), strict=False)
        for number, (was, now) in zip(range(count), pairs, strict=False):
            far = cv2.absdiff(was.planes[0], now.planes[0])
            flat = cv2.absdiff(now.planes[0], cv2.blur(now.planes[0], (5, 5))) < 4
            for truth in scene.truth(number):
                if truth.face is None or truth.visible < 0.5 or truth.face[3] < 16:
                    continue
                left, top, width, height = (max(0, round(side)) for side in truth.face)
                part = np.s_[top : top + height, left : left + width]
                total += 1
                covered += bool(((far[part] > 8) | flat[part]).mean() >= COVERED)
    return 100 * covered / max(total, 1)


def _live(clip: Path, detector: LocalDetector, runs: int, say: Say) -> Iterator[Result]:
    """Cameras of 1080p25 that one core redacts to 720p12.5: their second costs so much of it."""
    with VideoFile(clip) as video:
        parameters, packets = video.parameters, list(video.packets())
    seconds = len(packets) / FPS
    parts: dict[str, list[float]] = {"decode": [], "all": []}
    for number in range(runs + 1):
        say(f"a live camera, run {number} of {runs}")
        decoder = Decoder(parameters, max_height=720)
        begun = time.process_time()
        for packet in packets:
            decoder.decode(packet)
        decoded = time.process_time() - begun
        view = ViewPipeline(
            Redactor(
                parameters.width, parameters.height, FPS, detector,
                view_height=720, view_fps=LIVE_FPS, rules=Rules(),
            )
        )  # fmt: skip
        view.redactor.warm_up()
        decoder = Decoder(parameters, max_height=720)
        begun = time.process_time()
        for packet in packets:
            for frame in decoder.decode(packet):
                view.push(frame)
        if number:  # the first one warms up
            parts["decode"].append(decoded / seconds)
            parts["all"].append((time.process_time() - begun) / seconds)
    whole = alone(NAME, "redact.core_percent_per_camera", [100 * one for one in parts["all"]], "%")
    yield replace(
        whole, against=f"of which decoding {100 * statistics.median(parts['decode']):.3g}"
    )
    yield alone(NAME, "redact.cameras_per_core", [1 / one for one in parts["all"]], "cameras")
