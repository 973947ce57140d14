"""A viewer's queue: bounded, in order, whole GOPs; frame messages; what watch may import."""

from __future__ import annotations

import ast
import asyncio
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
from plainview.watch.live import MOST_BYTES, MOST_FRAMES, Ended, Viewer, opened
from plainview.watch.playback import joined

SESSION = Session("s", 1, "00", 10**15)


def message(number: int, *, key: bool = False, size: int = 10, flags: int = 0) -> bytes:
    head = bytes((1, flags | (1 if key else 0), 0, 0)) + (1000 + number).to_bytes(8, "big")
    return head + (40).to_bytes(4, "big") + number.to_bytes(4, "big") + bytes(size)


async def take(viewer: Viewer, count: int) -> list[bytes]:
    return [await asyncio.wait_for(viewer.next(), 2) for _ in range(count)]


def test_frames_come_in_order() -> None:
    async def run() -> None:
        viewer = Viewer(SESSION)
        sent = [message(number, key=number % 5 == 0) for number in range(20)]
        for one in sent:
            viewer.put(one)
        assert await take(viewer, 20) == sent

    asyncio.run(run())


def test_a_slow_viewer_goes_on_at_the_next_key_frame_and_is_told() -> None:
    async def run() -> None:
        viewer = Viewer(SESSION)
        for number in range(MOST_FRAMES + 1):
            viewer.put(message(number, key=number == 0))
        viewer.put(message(500))
        viewer.put(message(501, key=True))
        viewer.put(message(502))
        first, second = await take(viewer, 2)
        assert frames.head(first).sequence == 501
        assert frames.head(first).flags == frames.KEY | frames.DISCONTINUITY
        assert frames.head(second).sequence == 502
        assert viewer.dropped == MOST_FRAMES + 2

    asyncio.run(run())


def test_the_end_comes_before_frames_that_wait() -> None:
    async def run() -> None:
        viewer = Viewer(SESSION)
        viewer.put(message(0, key=True))
        viewer.end("log_away", "The log is away.")
        viewer.put(message(1))
        with pytest.raises(Ended) as ended:
            await viewer.next()
        assert ended.value.reason == "log_away"
        viewer.end("left", "")
        with pytest.raises(Ended) as ended:
            await viewer.next()
        assert ended.value.reason == "log_away"

    asyncio.run(run())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 400_000), st.integers(0, 3)), max_size=400))
def test_a_queue_is_bounded_and_never_shows_half_a_gop(
    script: list[tuple[bool, int, int]],
) -> None:
    """Whatever comes and however slowly it is taken: each GOP's frames follow one another."""

    async def run() -> None:
        viewer, seen = Viewer(SESSION), []
        for number, (key, size, taken) in enumerate([(True, 1, 0), *script]):
            viewer.put(message(number, key=key, size=size))
            assert len(viewer._queue) <= MOST_FRAMES
            assert viewer._bytes == sum(map(len, viewer._queue)) <= MOST_BYTES
            for _ in range(min(taken, len(viewer._queue))):
                seen.append(frames.head(await viewer.next()))
        for before, after in pairwise(seen):
            if after.sequence != before.sequence + 1:
                assert after.flags & frames.KEY
                assert after.flags & frames.DISCONTINUITY

    asyncio.run(run())


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
