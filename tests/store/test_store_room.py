"""Limits of classes, the order in which recording gives way, and warnings in hours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from plainview.base.clock import to_iso
from plainview.base.settings import Settings
from plainview.errors import StoreFull
from plainview.seal.windows import WindowHeader
from plainview.store import room
from plainview.store.check import check
from plainview.store.index import Pack
from plainview.store.packs import Kind
from plainview.store.room import Headroom, Meter, Room, sentence
from plainview.store.spans import Span
from plainview.store.store import Store
from plainview.store.writer import NewSegment

MakeHeader = Callable[..., WindowHeader]
MakeSegment = Callable[..., NewSegment]
START = 1_763_888_400_000
DAY_MS = 86_400_000
GB = 1_000_000_000


class Hand:
    """A clock that a test moves; in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def of_class(header: WindowHeader, name: str, days: int) -> WindowHeader:
    """The same window in another retention class."""
    values = header.to_dict()
    start = header.record.start_ms
    values["record"] |= {"class": name, "shred": to_iso(start + days * DAY_MS)}
    return WindowHeader.from_dict(values)


def test_a_meter_follows_the_rate_and_forgets() -> None:
    clock = Hand()
    meter = Meter(clock)
    for _ in range(1200):
        clock.now += 1
        meter.add(5_000_000)
    assert meter.rate() == pytest.approx(5_000_000, rel=0.02)
    clock.now += 7200
    assert meter.rate() < 100


def test_a_burst_at_the_start_is_not_taken_for_a_rate() -> None:
    clock = Hand()
    meter = Meter(clock)
    meter.add(60_000_000)
    assert meter.rate() <= 1_000_000


def offered(one: Room, header: WindowHeader, kind: Kind, *, free: int) -> bool:
    """Whether a segment would be taken."""
    try:
        one.check_order(header.record, kind, free, 1000 * GB)
    except StoreFull:
        return False
    return True


def test_what_is_kept_shortest_gives_way_first_and_views_before_originals(
    make_header: MakeHeader,
) -> None:
    clock = Hand()
    one = Room({}, limits={}, last_hours=1, clock=clock)
    short, long = of_class(make_header(), "short", 3), of_class(make_header(), "long", 30)
    steps = [(h, kind) for h in (short, long) for kind in (Kind.VIEWS, Kind.ORIGINALS)]
    for _ in range(3600):  # together 2 MB/s: an hour is 7.2 GB
        clock.now += 1
        for header, _ in steps:
            one.check_limit(header.record, 500_000)
    taken = {
        share: [offered(one, header, kind, free=int(7.2 * GB * share)) for header, kind in steps]
        for share in (0.8, 0.7, 0.4, 0.2, 0.001)
    }
    assert taken == {
        0.8: [True, True, True, True],
        0.7: [False, True, True, True],
        0.4: [False, False, True, True],
        0.2: [False, False, False, True],
        0.001: [False, False, False, True],  # the last goes on until the reserve
    }
    assert set(one.stopped()) == {
        "originals of the class short",
        "views of the class long",
        "views of the class short",
    }
    assert not offered(one, long, Kind.VIEWS, free=int(7.2 * GB * 0.27))  # not at once again
    assert all(offered(one, header, kind, free=10 * GB) for header, kind in steps)
    assert one.stopped() == []


def test_a_class_that_is_recorded_no_more_has_no_say(make_header: MakeHeader) -> None:
    clock = Hand()
    one = Room({}, limits={}, last_hours=1, clock=clock)
    short, long = of_class(make_header(), "short", 3), of_class(make_header(), "long", 30)
    one.check_limit(short.record, 1)
    clock.now += room.FORGOTTEN_S + 1
    for _ in range(600):
        clock.now += 1
        one.check_limit(long.record, 1_000_000)
    hour = 3.6 * GB
    assert offered(one, long, Kind.VIEWS, free=int(hour * 0.6))
    assert not offered(one, long, Kind.VIEWS, free=int(hour * 0.4))


def test_small_disks_do_not_give_way_while_they_are_almost_empty(make_header: MakeHeader) -> None:
    clock = Hand()
    one = Room({}, limits={}, last_hours=1, clock=clock)
    for _ in range(600):
        clock.now += 1
        one.check_limit(make_header().record, 10_000_000)
    one.check_order(make_header().record, Kind.VIEWS, 2 * GB, 10 * GB)
    with pytest.raises(StoreFull, match="give way"):
        one.check_order(make_header().record, Kind.VIEWS, GB // 10, 10 * GB)


def test_head_room_is_in_hours_and_told_in_a_sentence() -> None:
    found = [
        Headroom("disk", "/mnt/a", 0, 0, 1e6, 100.0),
        Headroom("disk", "/mnt/b", 0, 0, 1e6, 47.6),
        Headroom("class", "street", 0, 0, 1e6, 5.2),
        Headroom("class", "tram", 0, 0, 1e6, 0.5),
        Headroom("class", "idle", 0, -1, 0.0, None),
    ]
    assert [sentence(one) for one in found] == [
        "disk /mnt/a has room for 100 hours more at the present rate.",
        "disk /mnt/b has room for 48 hours more at the present rate.",
        "class street has room for 5 hours more at the present rate.",
        "class tram has room for 30 minutes more at the present rate.",
        "class idle has room: nothing is written.",
    ]
    assert room.hours_of(3_600_000_000, 1_000_000) == 1
    assert room.hours_of(10, 0.0) is None


def test_usage_follows_packs_that_go() -> None:
    one = Room({"street": 500}, limits={"street": 1000}, last_hours=1)
    pack = Pack("p", Kind.VIEWS, "c", "w", 0, 1, True, retention="street", bytes=300)
    one.gone([pack])
    assert [(h.used, h.room) for h in one.headroom()] == [(200, 800)]


@pytest.mark.bar("bad input")
def test_a_class_at_its_limit_stops_alone_deletes_nothing_and_goes_on_by_itself(
    tmp_path: Path,
    make_header: MakeHeader,
    make_original: MakeSegment,
    make_view: MakeSegment,
    record_property: Callable[[str, object], None],
) -> None:
    settings = Settings(
        data=tmp_path, commit_seconds=60, disk_reserve_mb=1, class_limits_gb={"short": 0.0001}
    )
    first = of_class(make_header(), "short", 3)
    second = of_class(make_header(epoch=2), "short", 3)
    other = of_class(make_header(camera="cam-02"), "long", 30)
    with Store(settings) as store, store.writer() as writer:
        kept = [writer.add(Kind.ORIGINALS, first, make_original(n, size=30_000)) for n in range(3)]
        kept += [writer.add(Kind.VIEWS, first, make_view(0))]
        over = writer.add(Kind.VIEWS, first, make_view(1))
        late = writer.add(Kind.ORIGINALS, first, make_original(3, size=30_000))
        free = writer.add(Kind.ORIGINALS, other, make_original(0, size=300_000))
        writer.flush()
        over.wait(0)
        with pytest.raises(StoreFull, match=r"limit of 0\.0001 GB"):
            late.wait(0)
        for ticket in [*kept, free]:
            ticket.wait(0)
        assert "limit" in writer.complaints()[0]
        (full,) = [one for one in writer.headroom() if (one.kind, one.name) == ("class", "short")]
        assert 90_000 < full.used <= 100_000
        assert full.hours is not None
        assert full.hours < 1
        rows = store.of_window(Kind.ORIGINALS, first.record.window)
        assert [row.seq for row in rows] == [0, 1, 2]  # nothing went to make room
        writer.close_window(Kind.ORIGINALS, first)
        writer.close_window(Kind.VIEWS, first)
        writer.flush()
        store.drop_windows([first.record.window])  # due: the log said so
        writer.add(Kind.ORIGINALS, second, make_original(3, size=30_000))
        writer.flush()
        assert not writer.complaints()
    with Store(settings) as store:
        assert check(store).findings == []
        assert store.usage()["short"] < 40_000
    record_property("bar", json.dumps({"row": "limit of a class", "measured": "0 deleted early"}))


def test_a_gap_says_why(
    tmp_path: Path, make_header: MakeHeader, make_view: MakeSegment, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data=tmp_path, commit_seconds=60, disk_reserve_mb=1)
    with Store(settings) as store, store.writer() as writer:
        writer.add(Kind.VIEWS, make_header(), make_view(0))
        writer.flush()
        monkeypatch.setattr(writer._volumes.data, "_free", lambda _: 0)
        for number in (1, 2, 3):
            writer.add(Kind.VIEWS, make_header(), make_view(number))
            writer.flush()
        monkeypatch.undo()
        writer.add(Kind.VIEWS, make_header(), make_view(4))
        writer.flush()
        assert store.spans("cam-01", START, START + 12_000) == [
            Span(START, START + 2000, "recorded"),
            Span(START + 2000, START + 8000, "gap", "full"),
            Span(START + 8000, START + 10_000, "recorded"),
            Span(START + 10_000, START + 12_000, "gap"),
        ]
