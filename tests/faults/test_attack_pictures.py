"""Attacks on the way from camera to view: whatever breaks, nothing but coarse blocks comes out."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from plainview.base.settings import Settings
from plainview.errors import BadFormat, DetectorFault, Unavailable
from plainview.ingest.segmenter import MAX_BYTES, Segmenter
from plainview.media import convert, decode
from plainview.media.decode import Decoder
from plainview.media.frames import Frame
from plainview.media.packets import Packet, Parameters
from plainview.recorder.redaction import RedactionThread
from plainview.recorder.windows import Cursor, WindowStock
from plainview.redact.canvas import Known
from plainview.redact.detector import Found, Sought
from plainview.redact.manners import FACE_HEIGHT, FACES
from plainview.redact.pipeline import Redactor
from plainview.redact.seeker import Manner
from plainview.redact.view import ViewItem
from plainview.redact.withheld import CELLS
from plainview.testing.one_camera import standard

SIZE = (320, 192)
WHITE_FACE = Known(np.full((FACE_HEIGHT, FACE_HEIGHT, 3), 255, np.uint8), FACE_HEIGHT)
WHITE_FACES = [Manner(Sought.FACES, WHITE_FACE, FACES)]


class Blind:
    """A detector that fails from its search number `after` on; until then it sees white squares."""

    def __init__(self, after: int = 0, error: Exception | None = None) -> None:
        self.searches, self.after = 0, after
        self.error = error or DetectorFault("The detector failed on purpose.")

    def search(self, picture: np.ndarray[Any, Any], sought: Sought = Sought.FACES) -> Found:
        self.searches += 1
        if self.searches > self.after:
            raise self.error
        luma = picture[: picture.shape[0] * 2 // 3]
        rows, columns = np.nonzero(luma >= 230)
        left, top = columns.min(), rows.min()
        box = [left, top, columns.max() - left + 1, rows.max() - top + 1]
        return Found.of(np.array([box], np.float32), np.array([0.9], np.float32))

    def close(self) -> None:
        """Nothing is held."""


def noise(seed: int, size: tuple[int, int] = SIZE) -> Frame:
    """A picture full of fine detail, darker than the white square."""
    rng = np.random.default_rng(seed)
    fine = rng.integers(20, 200, (size[1], size[0], 3)).astype(np.uint8)
    return Frame.from_bgr(fine, wall_ms=1_000_000 + 40 * seed)


def check_coarse(frame: Frame) -> None:
    """Above the notice's band the picture is at most 16 x 9 flat cells (and what coding adds)."""
    luma = frame.planes[0].astype(np.float32)
    band = slice(0, frame.height // 3)
    cells = cv2.resize(luma, CELLS, interpolation=cv2.INTER_AREA)
    flat = cv2.resize(cells, (frame.width, frame.height), interpolation=cv2.INTER_NEAREST)
    assert np.abs(luma - flat)[band].mean() < 3.0


def redactor(detector: Any, **given: Any) -> Redactor:
    return Redactor(*SIZE, 25.0, detector, searches=WHITE_FACES, view_height=None, **given)


@pytest.mark.parametrize("after", [1, 2, 5])
@pytest.mark.parametrize("view_fps", [25, 10])
def test_frames_held_back_are_coarse_when_the_detector_fails(after: int, view_fps: int) -> None:
    blind = Blind(1000)
    made = redactor(blind, view_fps=view_fps)
    made.warm_up()
    blind.after = blind.searches + after
    views = [view for n in range(30) for view in made.push(noise(n))] + made.flush()
    shown = [at for at, view in enumerate(views) if not view.pixelated]
    assert len(shown) < 3 * after
    for view in views[len(shown) :]:
        assert view.pixelated
        check_coarse(view.frame)


def test_a_start_without_a_detector_shows_blocks_from_the_first_frame() -> None:
    made = redactor(Blind())
    with pytest.raises(DetectorFault):
        made.warm_up()
    views = [view for n in range(12) for view in made.push(noise(n))] + made.flush()
    assert len(views) == 12
    assert all(view.pixelated for view in views)
    for view in views:
        check_coarse(view.frame)


def test_an_error_that_nobody_foresaw_does_not_let_frames_out() -> None:
    blind = Blind(1000, ZeroDivisionError("a fault of ours"))
    made = redactor(blind)
    made.warm_up()
    blind.after = blind.searches + 6
    before: list[Any] = []
    frames = [noise(n) for n in range(30)]
    with pytest.raises(ZeroDivisionError):
        before += itertools.chain.from_iterable(map(made.push, frames))
    blind.after = 1000  # it works again when what was held back is asked for
    left = made.flush()
    assert left
    for view in left:
        assert view.pixelated
        check_coarse(view.frame)


class Kept:
    """Takes the place of `Views`: what would be encrypted, in the clear."""

    def __init__(self) -> None:
        self.items: list[ViewItem] = []
        self.gaps = 0
        self.last_ms, self.trouble, self.wall_source = 0, "", "arrival"
        self.full = False

    def push(self, item: ViewItem) -> None:
        if self.full:
            self.trouble = "cam-01 has no window to record into."
            raise Unavailable(self.trouble)
        self.items.append(item)

    def gap(self) -> None:
        self.gaps += 1

    def close(self) -> None:
        """Nothing is open."""


def clip(size: tuple[int, int], start: int) -> tuple[Parameters, list[Packet]]:
    frames = (noise(n, size) for n in range(start, start + 20))
    return convert.encode_clip(frames, 25.0)


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[Callable[[Any], tuple[RedactionThread, Kept]]]:
    started: list[RedactionThread] = []

    def begin(detector: Any) -> tuple[RedactionThread, Kept]:
        kept = Kept()
        chosen = Settings(data=tmp_path)
        made = RedactionThread("cam-01", chosen, detector, kept, standard, clock=lambda: 0)  # type: ignore[arg-type]
        made.start()
        started.append(made)
        return made, kept

    yield begin
    for one in started:
        one.stop(10)


def test_sizes_that_change_garbage_and_gaps_never_show_a_picture(thread: Any) -> None:
    made, kept = thread(Blind())
    small, large = clip(SIZE, 0), clip((640, 384), 20)
    for parameters, packets in (small, large, small):
        for at, packet in enumerate(packets):
            made.offer(packet, parameters)
            if at == 12:
                broken = Packet(
                    b"\x00\x00\x00\x01\x65" + bytes(range(1, 200)), packet.pts + 1,
                    packet.time_base, False, packet.wall_ms, "arrival", 0, "h264",
                )  # fmt: skip
                made.offer(broken, parameters)
        made.gap()
    # The same stream says another size in the middle, and health knows nothing of it.
    for packet in (*small[1], *large[1]):
        made.offer(packet, small[0])
    made.stop(20)
    assert len(kept.items) > 60
    assert kept.gaps >= 4
    check_items(kept.items)


def check_items(items: list[ViewItem]) -> None:
    """What a viewer would see of them."""
    assert all(item.pixelated for item in items)
    decoder = Decoder(Parameters("h264", 0, 0, b""))
    for at, item in enumerate(items):
        packet = Packet(
            item.annexb, at, Fraction(1, 25), item.key, item.wall_ms, "arrival", 0, "h264"
        )
        for frame in decoder.decode(packet):
            check_coarse(frame)


def test_health_says_that_there_is_no_window_for_the_view(thread: Any) -> None:
    made, kept = thread(Blind())
    kept.full = True
    parameters, packets = clip(SIZE, 0)
    for packet in packets:
        made.offer(packet, parameters)
    end = time.monotonic() + 10
    while not kept.trouble and time.monotonic() < end:
        time.sleep(0.01)
    made.stop(10)
    assert made.state == ("withheld", "cam-01 has no window to record into.")


def test_a_picture_too_large_for_any_level_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "MAX_PIXELS", SIZE[0] * SIZE[1])
    parameters, packets = clip((640, 384), 0)
    decoder = Decoder(parameters)
    with pytest.raises(BadFormat):
        list(map(decoder.decode, packets))


def test_time_stamps_that_stand_still_do_not_fill_the_memory() -> None:
    segmenter = Segmenter(lambda ms: ms + 900_000)
    parameters = Parameters("h264", 64, 48, b"\x00\x00\x00\x01\x67\x01\x00\x00\x00\x01\x68\x01")
    data = bytes(MAX_BYTES // 4)
    held = Packet(data, 7, Fraction(1, 1000), True, 1000, "rtcp", 1000, "h264")
    done = [segment for _ in range(9) for segment in segmenter.push(held, parameters)]
    assert [len(segment.packets) for segment in done] == [4, 4]


def test_a_clock_that_swings_does_not_fill_the_log_with_windows() -> None:
    stock = WindowStock("cam-01", 1, horizon_s=120, window_s=60)
    stock.step_back()
    generation = stock.generation
    for _ in range(50):
        with pytest.raises(Unavailable, match="steps back"):
            stock.step_back()
    assert stock.generation == generation
    assert Cursor(stock).current is None
