"""RTP packets into order: whatever the network does, each once, in order, every loss in place."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from plainview.media.rtp.order import MOST_HELD, WINDOW_S, Counts, Item, Order
from plainview.media.rtp.packet import Loss, RtpPacket

RATE = 90_000


def packet(number: int, *, timestamp: int = 0, payload: bytes = b"x") -> RtpPacket:
    return RtpPacket(number & 0xFFFF, timestamp, 7, 96, False, payload)


def numbers(items: list[Item]) -> list[int | str]:
    return [f"-{i.count}" if isinstance(i, Loss) else i.sequence for i in items]


def order(*, first: int | None = None) -> Order:
    return Order(RATE, Counts(), first=first)


@given(
    seed=st.integers(0, 2**32),
    start=st.integers(0, 0xFFFF),
    count=st.integers(1, 400),
    loss=st.sampled_from([0.0, 0.01, 0.2, 0.9]),
    spread=st.sampled_from([0, 3, 20]),
)
def test_every_packet_once_and_every_loss_where_it_was(
    seed: int, start: int, count: int, loss: float, spread: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a test that can be repeated
    sent = [n for n in range(count) if n == 0 or dice.random() >= loss]
    arrivals = [(n + (dice.uniform(0, spread) if n else 0), n) for n in sent]
    arrivals += [(at + dice.uniform(0, 2), n) for at, n in arrivals if dice.random() < 0.1]
    sorter, items = order(first=start), []
    for at, n in sorted(arrivals):
        now = at * WINDOW_S / 40  # out of order by less than the window
        items += sorter.wait_over(now)
        items += sorter.push(packet(start + n), now)
    items += sorter.flush()
    expected: list[int | str] = []
    for before, n in zip([-1, *sent], sent, strict=False):
        expected += [f"-{n - before - 1}"] if n - before > 1 else []
        expected.append((start + n) & 0xFFFF)
    assert numbers(items) == expected
    counts = sorter.counts
    assert counts.received == len(sent)
    assert counts.lost == sent[-1] + 1 - len(sent)
    assert counts.duplicates == len(arrivals) - len(sent)
    assert (counts.late, counts.restarts) == (0, 0)
    assert counts.expected == sent[-1] + 1


def test_a_missing_packet_is_waited_for_no_longer_than_the_window() -> None:
    sorter = order()
    assert numbers(sorter.push(packet(10), 0.0)) == [10]
    assert numbers(sorter.push(packet(12), 1.0)) == []
    assert sorter.due == 1.0 + WINDOW_S
    assert sorter.wait_over(1.0 + WINDOW_S - 0.01) == []
    assert numbers(sorter.wait_over(1.0 + WINDOW_S)) == ["-1", 12]
    assert sorter.due is None
    # It comes after all: too late to be used, but not lost on the way.
    assert sorter.push(packet(11), 1.5) == []
    assert sorter.push(packet(11), 1.6) == []
    counts = sorter.counts
    assert (counts.lost, counts.late, counts.missing, counts.duplicates) == (1, 1, 0, 1)


def test_what_waits_is_bounded() -> None:
    sorter = order()
    sorter.push(packet(0), 0.0)
    items = [i for n in range(2, MOST_HELD + 3) for i in sorter.push(packet(n), 0.0)]
    assert numbers(items)[:2] == ["-1", 2]
    assert len(items) == MOST_HELD + 2
    large = order()
    large.push(packet(0), 0.0)
    got = [i for n in range(2, 200) for i in large.push(packet(n, payload=bytes(60_000)), 0.0)]
    assert numbers(got)[0] == "-1"


def test_numbers_wrap_around() -> None:
    sorter = order()
    items = [i for n in range(0xFFF0, 0x10020) for i in sorter.push(packet(n), 0.0)]
    assert numbers(items) == [n & 0xFFFF for n in range(0xFFF0, 0x10020)]
    assert sorter.counts.lost == 0


def test_one_absurd_number_is_dropped_and_two_in_a_row_are_a_new_beginning() -> None:
    sorter = order()
    sorter.push(packet(100), 0.0)
    assert sorter.push(packet(40_000), 0.0) == []
    assert numbers(sorter.push(packet(101), 0.0)) == [101]
    assert sorter.push(packet(30_000), 0.0) == []
    items = sorter.push(packet(30_001), 0.0)
    assert items[0] == Loss(0, restart=True)
    assert numbers(items[1:]) == [30_000, 30_001]
    assert sorter.counts.restarts == 1
    assert numbers(sorter.push(packet(30_002), 0.0)) == [30_002]


def test_the_first_number_counts_if_it_was_announced_truly() -> None:
    assert numbers(order(first=8).push(packet(10), 0.0)) == []
    sorter = order(first=8)
    sorter.push(packet(10), 0.0)
    assert numbers(sorter.wait_over(1.0)) == ["-2", 10]
    assert numbers(order(first=30_000).push(packet(10), 0.0)) == [10]


def test_jitter_is_that_of_rfc_3550() -> None:
    sorter = order()
    for n in range(2000):
        late = 0.010 if n % 2 else 0.0
        sorter.push(packet(n, timestamp=n * 3600), n * 0.04 + late)
    assert abs(sorter.counts.jitter_ms - 10.0) < 0.1
    assert abs(sorter.jitter_ticks - 900) < 10


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.floats(0, 0.3)), max_size=300))
def test_any_numbers_leave_the_books_in_balance(arrivals: list[tuple[int, float]]) -> None:
    sorter, now, items = order(), 0.0, []
    for number, wait in arrivals:
        now += wait
        items += sorter.wait_over(now)
        items += sorter.push(packet(number), now)
    items += sorter.flush()
    packets = [item for item in items if isinstance(item, RtpPacket)]
    counts = sorter.counts
    assert len(packets) == counts.received - counts.late
    assert sum(item.count for item in items if isinstance(item, Loss)) == counts.lost
    assert sorter.due is None
