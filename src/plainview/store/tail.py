"""The live tail: the current GOP of each camera's view, encrypted, in memory, with subscribers.

A new subscriber gets the current GOP first. Nobody is buffered without bound: who falls behind
loses what waits and goes on at the next key frame. The items on the wire are those of
docs/design/interfaces.md, "Recorder's tail over HTTP".
"""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from plainview.errors import BadFormat
from plainview.store.records import Record

MAX_GOP = 32 << 20
"""Bytes of the current GOP that are kept; a longer one is not offered to new subscribers."""
MAX_WAITING = 8 << 20
"""Bytes that may wait for one subscriber."""
MAX_LAG_MS = 2_000
"""A subscriber whose oldest waiting picture is older than this has fallen behind."""

_ITEM = struct.Struct(">IB")
_WINDOW, _RECORD = ord("W"), ord("R")
_LARGEST = 32 << 20


@dataclass(frozen=True, slots=True)
class WindowItem:
    """The records that follow belong to this window."""

    window: str


@dataclass(frozen=True, slots=True)
class RecordItem:
    """One record as it stands in a pack (`store.records.Record.to_bytes`)."""

    data: bytes


Item = WindowItem | RecordItem


def pack_item(item: Item) -> bytes:
    """The item on the wire."""
    if isinstance(item, RecordItem):
        return _ITEM.pack(len(item.data), _RECORD) + item.data
    line = json.dumps({"window": item.window}).encode() + b"\n"
    return _ITEM.pack(len(line), _WINDOW) + line


class ItemReader:
    """Parses the stream piece by piece: `feed` bytes as they come, get whole items."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Item]:
        """Items that are whole now. Raises `BadFormat`."""
        self._buffer += data
        while len(self._buffer) >= _ITEM.size:
            length, kind = _ITEM.unpack_from(self._buffer)
            if length > _LARGEST or kind not in (_WINDOW, _RECORD):
                raise BadFormat("the live tail holds something that is not an item.")
            if len(self._buffer) < _ITEM.size + length:
                return
            payload = bytes(self._buffer[_ITEM.size : _ITEM.size + length])
            del self._buffer[: _ITEM.size + length]
            yield RecordItem(payload) if kind == _RECORD else _window(payload)


def read_items(chunks: Iterable[bytes]) -> Iterator[Item]:
    """The items of a stream that comes in chunks. Raises `BadFormat`."""
    reader = ItemReader()
    for chunk in chunks:
        yield from reader.feed(chunk)


def _window(payload: bytes) -> WindowItem:
    try:
        return WindowItem(str(json.loads(payload)["window"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BadFormat("the live tail names no window.") from error


class Subscription:
    """One viewer. `notify` is called, from the producer's thread, whenever there is something."""

    def __init__(self, tail: Tail, notify: Callable[[], None]) -> None:
        self._tail, self._notify = tail, notify
        self._items: list[Item] = []
        self._bytes = 0
        self._oldest = 0
        self._skipping = False
        self.skipped = 0
        self.ended = False

    def take(self) -> list[Item]:
        """Everything that waits, without waiting."""
        with self._tail.lock:
            items, self._items, self._bytes = self._items, [], 0
            return items

    def close(self) -> None:
        """Leave the tail."""
        self._tail.leave(self)

    def offer(self, items: list[Item], size: int, *, key: bool, wall_ms: int) -> None:
        """Called by the tail, with its lock held; `wall_ms` is the newest picture's time."""
        late = bool(self._items) and abs(wall_ms - self._oldest) > MAX_LAG_MS
        if late or self._bytes + size > MAX_WAITING:
            self._items, self._bytes, self._skipping = [], 0, True
        if (self._skipping and not key) or size > MAX_WAITING:
            self._skipping = True
            self.skipped += 1
            return
        self._skipping = False
        if not self._items:
            self._oldest = wall_ms
        self._items += items
        self._bytes += size
        self._notify()

    def end(self) -> None:
        """Called by the tail, with its lock held: nothing more will come."""
        self.ended = True
        self._notify()


class Tail:
    """The current GOP of one camera and those who follow it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._gop: list[Item] = []
        self._bytes = 0
        self._window = ""
        self._wall = 0
        self._subscribers: set[Subscription] = set()

    def publish(self, window: str, record: Record) -> None:
        """A new record of the view."""
        item = RecordItem(record.to_bytes())
        size = len(item.data)
        items: list[Item] = [item]
        if window != self._window or record.key:
            items.insert(0, WindowItem(window))
        with self.lock:
            self._window, self._wall = window, record.wall_ms
            if record.key:
                self._gop, self._bytes = [], 0
            self._bytes += size
            if self._bytes > MAX_GOP:
                self._gop = []
            elif record.key or self._gop:
                self._gop += items
            for subscriber in self._subscribers:
                subscriber.offer(items, size, key=record.key, wall_ms=record.wall_ms)

    def subscribe(self, notify: Callable[[], None]) -> Subscription:
        """Follow the camera: the current GOP first, then everything live."""
        subscription = Subscription(self, notify)
        with self.lock:
            if self._gop:
                subscription.offer(list(self._gop), self._bytes, key=True, wall_ms=self._wall)
            self._subscribers.add(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Forget a subscriber."""
        with self.lock:
            self._subscribers.discard(subscription)

    def clear(self) -> None:
        """Forget the current GOP: the camera stopped, a new viewer must not see an old picture."""
        with self.lock:
            self._gop, self._bytes = [], 0

    def end(self) -> None:
        """Tell everybody that nothing more will come."""
        with self.lock:
            self._gop, self._bytes = [], 0
            for subscriber in self._subscribers:
                subscriber.end()

    @property
    def watched(self) -> int:
        """How many follow the camera."""
        return len(self._subscribers)
