"""A viewer's stream: bounded, in order, whole GOPs; frame messages; what watch may import."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.errors import BadFormat, BadSeal
from plainview.keys.client import Session
from plainview.seal.views import ViewCipher
from plainview.store.records import KEY, PIXELATED, Record
from plainview.watch import frames
from plainview.watch.live import opened
from plainview.watch.playback import joined
from plainview.watch.viewer import BEHIND_S, MOST_WAITING, Batch, Frame, Viewer

SESSION = Session("s", 1, "00", 10**15)


def message(number: int, *, key: bool = False, size: int = 10, flags: int = 0) -> bytes:
    head = bytes((1, flags | (1 if key else 0), 0, 0)) + (1000 + number).to_bytes(8, "big")
    return head + (40).to_bytes(4, "big") + number.to_bytes(4, "big") + bytes(size)


class Line:
    """A connection that takes as many bytes as a test lets it."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.waiting = 0
        self.stalled = self.aborted = False

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        if self.stalled:
            self.waiting += len(data)

    def abort(self) -> None:
        self.aborted = True

    def drain(self) -> None:
        self.waiting = 0
        self.stalled = False


def framing(data: bytes) -> bytes:
    return b"<" + data + b">"


def frame(number: int, *, key: bool = False, size: int = 10) -> Frame:
    return Frame(message(number, key=key, size=size), framing)


def batch(*found: Frame) -> Batch:
    return Batch(found)


def heads(line: Line) -> list[frames.FrameHead]:
    return [frames.head(data[1:-1]) for data in line.sent]


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def viewer(line: Line) -> Viewer:
    return Viewer(SESSION, line, framing=framing)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass for viewers."""
    now = [1000.0]
    monkeypatch.setattr("plainview.watch.viewer.time.monotonic", lambda: now[0])

    def pass_time(seconds: float) -> None:
        now[0] += seconds

    return pass_time


def test_the_gop_comes_first_and_then_every_frame(line: Line, viewer: Viewer) -> None:
    viewer.put(batch(frame(7)))  # before it begins: not for this viewer yet
    viewer.begin([frame(0, key=True), frame(1)])
    assert line.sent == [framing(message(0, key=True)) + framing(message(1))]
    viewer.put(batch(frame(2)))
    assert line.sent[1:] == [framing(message(2))]


def test_a_viewer_who_is_behind_for_two_seconds_goes_on_at_a_key_frame_and_is_told(
    line: Line, viewer: Viewer, clock: Callable[[float], None]
) -> None:
    viewer.begin([frame(0, key=True)])
    line.sent.clear()
    line.stalled = True
    viewer.put(batch(frame(1)))
    viewer.put(batch(frame(2)))
    clock(BEHIND_S + 0.1)
    viewer.put(batch(frame(3)))
    viewer.put(batch(frame(4, key=True)))  # still behind: a key frame alone does not help
    assert [head.sequence for head in heads(line)] == [1, 2]
    line.drain()
    viewer.put(batch(frame(5)))
    viewer.put(batch(frame(6, key=True)))
    viewer.put(batch(frame(7)))
    assert [head.sequence for head in heads(line)] == [1, 2, 6, 7]
    assert heads(line)[2].flags == frames.KEY | frames.DISCONTINUITY
    assert heads(line)[3].flags == 0
    assert viewer.dropped == 3


def test_a_short_delay_costs_no_frame(
    line: Line, viewer: Viewer, clock: Callable[[float], None]
) -> None:
    viewer.begin([frame(0, key=True)])
    for number in range(1, 50):
        line.stalled = number % 5 != 0
        if number % 5 == 0:
            line.waiting = 0
        viewer.put(batch(frame(number)))
        clock(0.4)
    assert viewer.dropped == 0
    assert len(line.sent) == 50


def test_a_viewer_who_takes_nothing_is_let_go(
    line: Line, viewer: Viewer, clock: Callable[[float], None]
) -> None:
    async def run() -> None:
        viewer.begin([frame(0, key=True)])
        line.stalled = True
        viewer.put(batch(frame(1)))
        for number in range(2, 30):
            clock(1)
            viewer.put(batch(frame(number)))
        ended = await asyncio.wait_for(viewer.over(), 1)
        assert ended.reason == "slow"
        assert line.aborted

    asyncio.run(run())


def test_the_end_stops_pictures_that_wait(line: Line, viewer: Viewer) -> None:
    async def run() -> None:
        viewer.begin([frame(0, key=True)])
        line.stalled = True
        viewer.put(batch(frame(1)))
        viewer.end("log_away", "The log is away.")
        assert line.aborted
        viewer.put(batch(frame(2)))
        assert len(line.sent) == 2
        viewer.end("left", "")
        assert (await asyncio.wait_for(viewer.over(), 1)).reason == "log_away"

    asyncio.run(run())


def test_a_viewer_who_keeps_up_hears_why_it_ended(line: Line, viewer: Viewer) -> None:
    viewer.begin([frame(0, key=True)])
    viewer.end("session_over", "You are not signed in.")
    assert not line.aborted


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(1, 400_000), st.booleans(), st.floats(0, 3)),
        max_size=200,
    )
)
def test_what_waits_is_bounded_and_half_a_gop_is_never_shown(
    script: list[tuple[bool, int, bool, float]],
) -> None:
    """Whatever comes and however slowly it is taken: each GOP's frames follow one another."""
    now, line = [0.0], Line()
    viewer = Viewer(SESSION, line, framing=framing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("plainview.watch.viewer.time.monotonic", lambda: now[0])
        viewer.begin([frame(0, key=True)])
        for number, (key, size, drained, seconds) in enumerate(script, start=1):
            line.waiting, line.stalled = (0 if drained else line.waiting), not drained
            viewer.put(batch(frame(number, key=key, size=size)))
            assert line.waiting <= MOST_WAITING + 400_100
            now[0] += seconds
    for before, after in pairwise(heads(line)):
        if after.sequence != before.sequence + 1:
            assert after.flags & frames.KEY
            assert after.flags & frames.DISCONTINUITY


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_a_clear_error(data: bytes) -> None:
    try:
        found = frames.head(data)
    except BadFormat:
        return
    assert data[0] == 1
    assert 0 <= found.flags <= 255
    assert frames.access_unit(data)


def test_flags_beside_a_record_must_be_those_inside() -> None:
    cipher = ViewCipher(bytes(32), "w-1")
    inside = message(1, key=True, flags=PIXELATED)
    sealed = cipher.seal(1, "frame", inside)
    good = Record(1, KEY | PIXELATED, 1001, sealed)
    assert opened(cipher, good) == inside
    with pytest.raises(BadSeal):
        opened(cipher, Record(1, KEY, 1001, sealed))
    with pytest.raises(BadSeal):
        opened(cipher, Record(2, KEY | PIXELATED, 1001, sealed))


def test_messages_are_joined_with_their_lengths() -> None:
    assert joined([b"ab", b""]) == b"\0\0\0\2ab\0\0\0\0"


def test_watch_can_open_views_only() -> None:
    """Of `seal`, only the cipher of views is imported: nothing that could open an original."""
    imported = set()
    for file in Path("src/plainview/watch").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("plainview."):
                imported.add(node.module)
    of_seal = {name for name in imported if name and name.startswith("plainview.seal")}
    assert of_seal == {"plainview.seal.views"}
    packages = {str(name).split(".")[1] for name in imported}
    allowed = {"base", "errors", "store", "register", "seal", "media", "keys", "watch"}
    assert packages <= allowed
