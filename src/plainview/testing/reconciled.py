"""The log, read alone, against the diaries of people at work (`testing.shifts`) and their bytes."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from plainview.base import journal
from plainview.testing.shifts import PATIENCE_S, Diary, key_of, work
from plainview.testing.station import Station
from plainview.tlog.entries import commit, parse
from plainview.tlog.reader import LogReader

NOTICE_S = 2.5
"""So long it may take until nothing goes out: a keeper that stops hangs up, but whether a running
one can write its log is asked once a second."""
LOOKING = ("live", "playback", "snapshot", "clip")
"""Acts under which pictures are sent."""


class Mismatch(AssertionError):
    """Bytes and entries do not agree."""


@dataclass(frozen=True)
class Found:
    """What was compared, once all agreed."""

    entries: int
    lost: int
    """Entries whose answer was lost, so that nothing was shown for them."""
    bytes: int
    outages: int
    refused: int
    noticed_s: float
    """The longest that bytes still went out after keeper or log had gone."""


def reconcile(station: Station, diary: Diary) -> Found:
    """Compare diary, bytes and log. Raises `Mismatch` with the first thing that does not agree."""
    acts = _disclosed(station)
    if diary.problems:
        raise Mismatch(diary.problems[0])
    done = Counter(one.key for one in diary.attempts if one.act and one.done)
    failed = Counter(one.key for one in diary.attempts if one.act and not one.done)
    logged = Counter(acts.values())
    if missing := done - logged:
        raise Mismatch(f"Answered, but not on the log: {next(iter(missing))}")
    if foreign := logged - done - failed:
        raise Mismatch(f"On the log, but nobody tried it: {next(iter(foreign))}")
    for one in diary.attempts:
        if one.entry is not None and acts.get(one.entry) != one.key:
            raise Mismatch(f"Entry {one.entry} is not {one.key}.")
    return Found(
        entries=logged.total(),
        lost=(logged - done).total(),
        bytes=_check_bytes(station, diary),
        outages=len(station.downs),
        refused=diary.statuses[httpx.codes.SERVICE_UNAVAILABLE],
        noticed_s=_check_downs(station),
    )


def town(folder: Path, sessions: int, seed: int, calm_s: float) -> Found:
    """A station of its own, worked in and reconciled; may be run in a process of its own."""
    journal.configure("web", level=logging.ERROR)
    station = Station(folder)
    try:
        return reconcile(station, work(station, sessions, seed, calm_s=calm_s))
    finally:
        station.close()


def _disclosed(station: Station) -> dict[int, tuple[str, str, str]]:
    """Every act on the log with its disclosed detail; waits until all are disclosed.

    Not before all that is logged by now is witnessed: what says how far the witnesses are may be
    late, or silent for a moment.
    """
    least = int(station.town.client.status()["size"])
    end = time.monotonic() + PATIENCE_S
    while True:
        size = int(station.town.client.status()["witnessed_size"])
        acts, details = _read_log(station, size)
        if size >= least and acts.keys() == details.keys():
            return {
                index: key_of(body["actor"], body["act"], details[index])
                for index, body in acts.items()
            }
        if time.monotonic() > end:
            missing = len(acts.keys() - details.keys())
            said = station.town.client.status()
            raise Mismatch(f"{missing} acts were not disclosed; {least} entries, then {said}.")
        time.sleep(0.5)


def _read_log(station: Station, size: int) -> tuple[dict[int, Any], dict[int, dict[str, Any]]]:
    reader = LogReader.folder(station.town.settings.log_dir)
    acts: dict[int, Any] = {}
    details: dict[int, dict[str, Any]] = {}
    for index, raw in reader.entries(0, size):
        entry = parse(raw)
        if entry.type == "act":
            acts[index] = entry.body
        elif entry.type == "reveal":
            of, detail = int(entry.body["of"]), entry.body["detail"]
            if commit(detail, bytes.fromhex(entry.body["salt"])) != acts[of]["detail_commitment"]:
                raise Mismatch(f"Entry {of} committed to something else.")
            details[of] = detail
    return acts, details


def _check_bytes(station: Station, diary: Diary) -> int:
    """Every byte that left belongs to an entry and arrived; how many there were."""
    known = {one.id: one for one in diary.attempts}
    sent = station.tally.by_attempt()
    for ident, size in sent.items():
        attempt = known.get(ident)
        if attempt is None:
            raise Mismatch(f"{size} bytes were sent that nobody asked for.")
        entry = known[attempt.under] if attempt.under else attempt
        if entry.act not in LOOKING or not (entry.done or entry.cut):
            raise Mismatch(f"{size} bytes were sent for {attempt.key} without an entry.")
        if attempt.got > size or (attempt.got != size and not attempt.cut):
            raise Mismatch(f"{size} bytes were sent for {attempt.key}, {attempt.got} arrived.")
    for attempt in diary.attempts:
        if attempt.got and attempt.id not in sent:
            raise Mismatch(f"{attempt.got} bytes arrived that were not sent: {attempt.key}")
    return sent.total()


def _check_downs(station: Station) -> float:
    """Raises `Mismatch` for bytes while keeper or log are away; how long they still went out."""
    longest = 0.0
    for which, since, until in station.downs:
        late = [one.at - since for one in station.tally.sent if since < one.at < until]
        longest = max([longest, *late])
        if longest > NOTICE_S:
            raise Mismatch(f"Bytes went out {longest:.1f} s after the {which} had gone.")
    return longest
