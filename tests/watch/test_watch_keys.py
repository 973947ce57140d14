"""View keys and the pulse: asked for, kept briefly, dropped; nothing while the log is away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from plainview.errors import KeeperAway, LogAway, NotAuthorised, NotLogged, PlainviewError
from plainview.seal.views import ViewCipher
from plainview.watch.pulse import Pulse
from plainview.watch.viewkeys import DROP_AFTER_MS, FRESH_MS, MOST_KEYS, ViewKeys


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


async def begin(keys: ViewKeys) -> str:
    session = await keys.begin("a" * 12, "operator", "live", "cam-01", 0, None, "shift")
    return session.id


def test_a_key_opens_what_was_sealed_and_is_asked_for_once_a_second(keeper: Any) -> None:
    clock = Time()

    async def run() -> None:
        keys = ViewKeys(keeper.client, clock=clock)
        session = await begin(keys)
        sealed = ViewCipher(keeper.keys["w-1"], "w-1").seal(3, "frame", b"picture")
        for _ in range(5):
            cipher = await keys.cipher(session, "w-1")
            assert cipher.open(3, "frame", sealed) == b"picture"
        assert keeper.asked.count("view_key w-1") == 1
        clock.now += FRESH_MS
        await keys.cipher(session, "w-1")
        assert keeper.asked.count("view_key w-1") == 2

    asyncio.run(run())


def test_a_key_in_memory_is_not_used_once_the_log_is_away(keeper: Any) -> None:
    clock = Time()

    async def run() -> None:
        keys = ViewKeys(keeper.client, clock=clock)
        session = await begin(keys)
        await keys.cipher(session, "w-1")
        clock.now += FRESH_MS
        keeper.log_away = True
        with pytest.raises(LogAway):
            await keys.cipher(session, "w-1")
        keeper.stop()
        with pytest.raises(KeeperAway):
            await keys.cipher(session, "w-1")

    asyncio.run(run())


def test_a_session_that_ended_opens_nothing_and_leaves_after_a_minute(keeper: Any) -> None:
    clock = Time()

    async def run() -> None:
        keys = ViewKeys(keeper.client, clock=clock)
        session = await begin(keys)
        await keys.cipher(session, "w-1")
        await keys.end(session)
        assert not keeper.sessions
        with pytest.raises(NotLogged):
            await keys.cipher(session, "w-1")
        clock.now += DROP_AFTER_MS - 1
        keys.drop_old()
        assert keys.sessions == 1
        clock.now += 1
        keys.drop_old()
        assert keys.sessions == 0
        await keys.end(session)

    asyncio.run(run())


def test_keys_go_even_when_the_keeper_cannot_be_told(keeper: Any) -> None:
    clock = Time()

    async def run() -> None:
        keys = ViewKeys(keeper.client, clock=clock)
        session = await begin(keys)
        keeper.stop()
        with pytest.raises(KeeperAway):
            await keys.end(session)
        clock.now += DROP_AFTER_MS
        keys.drop_old()
        assert keys.sessions == 0

    asyncio.run(run())


def test_an_expired_session_goes_by_itself(keeper: Any) -> None:
    clock = Time()
    keeper.expires = clock.now + 1000

    async def run() -> None:
        keys = ViewKeys(keeper.client, clock=clock)
        await begin(keys)
        clock.now += 1000 + DROP_AFTER_MS
        keys.drop_old()
        assert keys.sessions == 0

    asyncio.run(run())


def test_a_session_of_somebody_else_opens_nothing(keeper: Any) -> None:
    async def run() -> None:
        keys = ViewKeys(keeper.client)
        session = await begin(keys)
        keeper.sessions.clear()
        with pytest.raises(NotAuthorised):
            await keys.cipher(session, "w-1")

    asyncio.run(run())


def test_keys_of_one_session_are_bounded(keeper: Any) -> None:
    keeper.keys = {f"w-{number}": bytes(32) for number in range(MOST_KEYS + 10)}

    async def run() -> None:
        keys = ViewKeys(keeper.client)
        session = await begin(keys)
        for window in keeper.keys:
            await keys.cipher(session, window)
        assert len(keys._held[session].ciphers) == MOST_KEYS

    asyncio.run(run())


def test_nobody_watches_while_watching_cannot_be_logged(keeper: Any) -> None:
    keeper.log_away = True

    async def run() -> None:
        keys = ViewKeys(keeper.client)
        with pytest.raises(LogAway):
            await begin(keys)
        assert keys.sessions == 0

    asyncio.run(run())


def test_the_pulse_knows_keeper_and_log(keeper: Any) -> None:
    async def run() -> None:
        pulse = Pulse(keeper.client, every_s=0)
        await pulse.check()
        keeper.log = "log: The log cannot be written: disk full."
        with pytest.raises(LogAway):
            await pulse.check()
        keeper.log, keeper.red = None, ["destruction: waits for the witnesses"]
        await pulse.check()
        keeper.stop()
        with pytest.raises(KeeperAway):
            await pulse.check()
        keeper.start()
        await pulse.check()

    asyncio.run(run())


def test_the_pulse_is_asked_once_for_many(keeper: Any) -> None:
    async def run() -> None:
        pulse = Pulse(keeper.client, every_s=60)
        await asyncio.gather(*(pulse.check() for _ in range(20)))
        assert keeper.asked.count("status") == 1

    asyncio.run(run())


def test_listeners_hear_at_once_and_nobody_asks_without_them(keeper: Any) -> None:
    async def run() -> None:
        pulse = Pulse(keeper.client, every_s=0.05)
        heard: list[PlainviewError] = []
        deaf = pulse.listen(heard.append)
        await asyncio.sleep(0.2)
        assert not heard
        keeper.stop()
        for _ in range(100):
            if heard:
                break
            await asyncio.sleep(0.02)
        assert isinstance(heard[0], KeeperAway)
        deaf()
        await asyncio.sleep(0.2)
        asked, count = len(keeper.asked), len(heard)
        await asyncio.sleep(0.2)
        assert (len(keeper.asked), len(heard)) == (asked, count)
        await pulse.close()

    asyncio.run(run())


async def refused_within(pulse: Pulse, seconds: float) -> bool:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        try:
            await pulse.check()
        except KeeperAway:
            return True
        await asyncio.sleep(0.01)
    return False


def test_a_keeper_that_hangs_up_is_noticed_at_once_and_not_when_it_is_next_asked(
    keeper: Any,
) -> None:
    async def run() -> None:
        pulse = Pulse(keeper.client, every_s=60)
        heard: list[PlainviewError] = []
        pulse.listen(heard.append)
        await pulse.check()
        await asyncio.sleep(0.1)
        asyncio.get_running_loop().call_soon(keeper.stop)
        assert await refused_within(pulse, 10)
        for _ in range(100):
            if heard:
                break
            await asyncio.sleep(0.02)
        assert isinstance(heard[0], KeeperAway)
        await pulse.close()

    asyncio.run(run())


def test_a_keeper_that_ends_an_idle_connection_is_asked_and_goes_on(keeper: Any) -> None:
    async def run() -> None:
        pulse = Pulse(keeper.client, every_s=0.05)
        heard: list[PlainviewError] = []
        pulse.listen(heard.append)
        for _ in range(5):
            await pulse.check()
            await asyncio.sleep(0.06)
            with keeper._server._lock:
                for link in keeper._server._links:
                    link.shutdown(2)
        assert not heard
        assert keeper.asked.count("status") < 25
        await pulse.close()

    asyncio.run(run())
