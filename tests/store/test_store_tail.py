"""The live tail: current GOP first, slow readers skip, nothing without bound."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import BadFormat
from plainview.store.records import KEY, Record, parse
from plainview.store.tail import (
    MAX_GOP,
    MAX_WAITING,
    Item,
    RecordItem,
    Tail,
    WindowItem,
    pack_item,
    read_items,
)


def record(number: int, *, key: bool = False, size: int = 100) -> Record:
    return Record(number, KEY if key else 0, 1_763_888_400_000 + number * 40, bytes(size))


def numbers(items: list[Item]) -> list[int]:
    return [next(parse(i.data)).number for i in items if isinstance(i, RecordItem)]


def test_the_current_gop_comes_first_then_live() -> None:
    tail, woken = Tail(), threading.Event()
    for n in range(7):
        tail.publish("w1", record(n, key=n % 5 == 0))
    follower = tail.subscribe(woken.set)
    assert woken.is_set()
    items = follower.take()
    assert items[0] == WindowItem("w1")
    assert numbers(items) == [5, 6]
    tail.publish("w1", record(7))
    assert numbers(follower.take()) == [7]
    follower.close()
    tail.publish("w1", record(8))
    assert follower.take() == []
    assert tail.watched == 0


def test_a_new_window_is_announced() -> None:
    tail = Tail()
    follower = tail.subscribe(lambda: None)
    tail.publish("w1", record(0, key=True))
    tail.publish("w2", record(0, key=True))
    windows = [item.window for item in follower.take() if isinstance(item, WindowItem)]
    assert windows == ["w1", "w2"]


def test_a_slow_reader_goes_on_at_the_next_key_frame_and_is_told_the_window() -> None:
    tail = Tail()
    follower = tail.subscribe(lambda: None)
    tail.publish("w1", record(0, key=True))
    large = MAX_WAITING // 4
    for n in range(1, 6):
        tail.publish("w1", record(n, size=large))
    tail.publish("w1", record(6))
    assert follower.take() == []
    tail.publish("w1", record(7, key=True))
    tail.publish("w1", record(8))
    items = follower.take()
    assert items[0] == WindowItem("w1")
    assert numbers(items) == [7, 8]
    assert follower.skipped > 0


def test_a_reader_two_seconds_behind_goes_on_at_the_next_key_frame() -> None:
    tail = Tail()
    follower = tail.subscribe(lambda: None)
    for n in range(120):
        tail.publish("w1", record(n, key=n % 50 == 0))
    assert numbers(follower.take()) == list(range(100, 120))
    tail.publish("w1", record(120))
    assert numbers(follower.take()) == [120]


def test_memory_is_bounded() -> None:
    tail = Tail()
    follower = tail.subscribe(lambda: None)
    tail.publish("w1", record(0, key=True))
    for n in range(1, 12):
        tail.publish("w1", record(n, size=MAX_GOP // 8))
    assert tail.subscribe(lambda: None).take() == []
    assert sum(len(i.data) for i in follower.take() if isinstance(i, RecordItem)) <= MAX_WAITING


def test_the_end_is_told_and_old_pictures_are_not_shown() -> None:
    tail, woken = Tail(), threading.Event()
    tail.publish("w1", record(0, key=True))
    follower = tail.subscribe(woken.set)
    tail.clear()
    assert tail.subscribe(lambda: None).take() == []
    tail.end()
    assert follower.ended


@given(
    st.lists(
        st.one_of(
            st.builds(WindowItem, st.text(min_size=1, max_size=30)),
            st.builds(RecordItem, st.binary(max_size=200)),
        ),
        max_size=10,
    ),
    st.integers(1, 50),
)
def test_the_stream_survives_any_cutting_into_chunks(items: list[Item], step: int) -> None:
    data = b"".join(map(pack_item, items))
    chunks = [data[at : at + step] for at in range(0, len(data), step)]
    assert list(read_items(chunks)) == items


def test_a_stream_of_something_else_is_refused() -> None:
    with pytest.raises(BadFormat):
        list(read_items([b"HTTP/1.1 200 OK\r\n"]))
