"""The recorder as a process of its own, with a real camera, a real keeper and a real log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from plainview.base.clock import now_ms
from plainview.media.files import VideoFile, read_packets
from plainview.redact.record import hashes
from plainview.register.projection import Register
from plainview.seal.segments import check_plain, open_segment
from plainview.seal.views import ViewCipher
from plainview.store.check import check
from plainview.store.index import Segment
from plainview.store.packs import Kind
from plainview.store.records import Record, parse
from plainview.store.rooted import RootBook
from plainview.store.store import Store
from plainview.store.tail import ItemReader, RecordItem, WindowItem
from plainview.testing.rtsp import RtspServer
from plainview.tlog.entries import parse as parse_entry

Until = Callable[[Callable[[], object], float, str], None]
Vcl = Callable[[Sequence[Any]], list[str]]
AHEAD = 60_000
STARTS_S = 60
"""How long a first picture may take where other tests run beside; no promise of the product's."""


def health(town: Any) -> dict[str, Any]:
    transport = httpx.HTTPTransport(uds=str(town.settings.recorder_socket))
    with httpx.Client(transport=transport, timeout=5) as client:
        found: dict[str, Any] = client.get("http://recorder/health").json()
        return found


def state(town: Any, camera: str = "cam-01") -> dict[str, Any]:
    found: dict[str, Any] = health(town)["cameras"].get(camera, {})
    return found


def stored(store: Store, kind: Kind, camera: str = "cam-01") -> list[Segment]:
    return store.segments(kind, camera, 0, now_ms() + AHEAD)


def follow(town: Any, count: int) -> list[tuple[str, Record]]:
    """What a viewer gets from the tail, `count` records or more: (window, record)."""
    transport = httpx.HTTPTransport(uds=str(town.settings.recorder_socket))
    reader, window, found = ItemReader(), "", []
    with (
        httpx.Client(transport=transport, timeout=STARTS_S) as client,
        client.stream("GET", "http://recorder/tail/cam-01") as answer,
    ):
        for chunk in answer.iter_raw():
            for item in reader.feed(chunk):
                if isinstance(item, WindowItem):
                    window = item.window
                elif isinstance(item, RecordItem):
                    found += [(window, record) for record in parse(item.data)]
            if len(found) >= count:
                break
    return found


def opened_messages(town: Any, records: list[tuple[str, Record]]) -> list[bytes]:
    session = town.keeper.watch("a-1", "operator", "live", "cam-01", 0, None, "test")
    ciphers: dict[str, ViewCipher] = {}
    for window, _ in records:
        if window not in ciphers:
            ciphers[window] = ViewCipher(town.keeper.view_key(session.id, window), window)
    return [ciphers[w].open(record.number, "frame", record.ciphertext) for w, record in records]


def epochs(segments: list[Segment]) -> set[str]:
    return {segment.window.split(".")[2] for segment in segments}


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_part_of_loop(part: list[str], whole: list[str]) -> bool:
    """Whether `part` is a contiguous piece of `whole`, repeated."""
    start = whole.index(part[0])
    return all(one == whole[(start + at) % len(whole)] for at, one in enumerate(part))


def test_recorded_watched_opened_and_continued_after_a_kill(
    town: Any, camera: RtspServer, clip_file: Path, until: Until, vcl: Vcl,
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    town.publish()
    town.point(camera.url("street"))
    recorder = town.start_recorder()
    with Store(town.settings) as store:
        until(lambda: state(town).get("state") == "recording", STARTS_S, "recording")
        _watched(town)
        begun, spent = time.monotonic(), cpu_seconds(recorder.pid)
        until(lambda: len({s.window for s in stored(store, Kind.ORIGINALS)}) >= 2, 25, "windows")
        until(lambda: list(store.data.glob("log/leaves/*.json")), 65, "roots on the log")
        share = (cpu_seconds(recorder.pid) - spent) / (time.monotonic() - begun) * 100
        record_property("recorder_core_percent_one_camera", round(share, 1))
        recorder.send_signal(signal.SIGKILL)
        recorder.wait()
        before = stored(store, Kind.ORIGINALS)
        (store.data / "roots.db").unlink()
        again = town.start_recorder()
        # What was written but not yet acknowledged is found again at start: that is no new window.
        until(lambda: "2" in epochs(stored(store, Kind.ORIGINALS)), 25, "a new segment")
        assert town.end(again) == 0
        after = stored(store, Kind.ORIGINALS)
        assert after[: len(before)] == before
        assert epochs(after) == {"1", "2"}
        _opened(town, store, clip_file, vcl)
        _rooted(town, store, after)
        result = check(store)
        assert result.findings == []
        assert result.leaves > 0
        states = {span.state for span in store.spans("cam-01", after[0].start_ms, now_ms())}
        assert {"recorded", "gap"} <= states


def _watched(town: Any) -> None:
    """The tail begins with a key frame, opens with a logged session's keys, and is H.264."""
    records = follow(town, 60)
    assert records[0][1].key
    messages = opened_messages(town, records)
    assert messages[0][20:].startswith(b"\0\0\0\1\x67")
    flags = [record.flags for _, record in records]
    assert [(message[0], message[1]) for message in messages] == [(1, flag) for flag in flags]


def _opened(town: Any, store: Store, clip_file: Path, vcl: Vcl) -> None:
    """A released window opens to exactly the camera's own picture units."""
    rows = stored(store, Kind.ORIGINALS)
    window = max(rows, key=lambda row: row.end_ms - row.start_ms).window
    header = store.header(window)
    sk = town.open_window(header)
    with VideoFile(clip_file) as source:
        whole = vcl(list(source.packets()))
    units: list[str] = []
    for row in store.of_window(Kind.ORIGINALS, window):
        data = store.read(row)
        check_plain(sk, data, row.plain_sha256)
        fmp4, meta = open_segment(sk, data)
        assert (meta.window, meta.seq, meta.start) == (window, row.seq, row.start_ms)
        units += vcl(read_packets(fmp4)[1])
    assert len(units) > 50
    assert is_part_of_loop(units, whole)


def _rooted(town: Any, store: Store, rows: list[Segment]) -> None:
    """Everything acknowledged stands in a leaf, and every leaf is on the log."""
    book = RootBook(store.data)
    try:
        counted = book.counted({row.window for row in rows})
        assert sum(counted.values()) == len(rows)
        published = [json.loads(f.read_bytes()) for f in store.data.glob("log/leaves/*.json")]
        assert sum(leaf["segments"] for leaves in published for leaf in leaves) == len(rows)
        assert book.waiting() == []
        with Register(town.settings) as register:
            for batch in book.batches():
                assert batch.index is not None
                entry = json.loads(register.raw(batch.index))
                assert (entry["type"], entry["body"]["leaves"]) == ("roots", len(batch.leaves))
    finally:
        book.close()


def detector_of(recorder: subprocess.Popen[bytes]) -> int:
    """The detector's process, a child of the recorder."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == recorder.pid and b"plainview.redact.worker" in words:
                return int(entry.name)
    pytest.fail("the recorder has no detector")


def test_detector_killed_then_basis_revoked(town: Any, camera: RtspServer, until: Until) -> None:
    town.publish()
    town.point(camera.url("street"))
    recorder = town.start_recorder()
    with Store(town.settings) as store:
        until(lambda: state(town).get("redaction") == "ok", STARTS_S, "redacted pictures")
        count = len(stored(store, Kind.ORIGINALS))
        os.kill(detector_of(recorder), signal.SIGKILL)
        until(lambda: state(town)["redaction"] == "withheld", 5, "pictures to be withheld")
        assert health(town)["red"]
        until(lambda: any(s.pixelated for s in stored(store, Kind.VIEWS)), 8, "a pixelated segment")
        until(lambda: len(stored(store, Kind.ORIGINALS)) > count, 12, "a sealed original")
        town.publish(status="suspended")
        revoked = now_ms()
        until(lambda: state(town)["state"] == "refused", 10, "the end of recording")
        time.sleep(3)
        for kind in Kind:
            assert max(row.end_ms for row in stored(store, kind)) < revoked + 10_000
        town.publish()
        until(lambda: state(town)["state"] == "recording", 10, "recording again")
        assert town.end(recorder) == 0
        with Register(town.settings) as register:
            said = [gate.allowed for gate in register.gates("cam-01", 10)]
        assert said == [True, False, True]
        assert check(store).findings == []


def test_a_new_version_of_the_record_hides_more_within_ten_seconds_and_without_a_restart(
    town: Any, camera: RtspServer, until: Until
) -> None:
    """The record of before, then one that hides more; what it redacts with is on the log, once."""
    town.publish()
    town.point(camera.url("street"))
    recorder = town.start_recorder()
    journal = town.settings.data / "recorder.log"
    with Store(town.settings) as store:
        until(lambda: state(town).get("redaction") == "ok", STARTS_S, "redacted pictures")
        zones = [[[0, 0], [5000, 0], [0, 5000]]]
        town.publish(profile="people", zones=zones, fill="solid")
        until(lambda: "rules_changed" in journal.read_text(), 10, "the new rules")
        later = now_ms() + 2000
        until(lambda: any(r.end_ms > later for r in stored(store, Kind.VIEWS)), 30, "a view")
        assert recorder.poll() is None
        assert state(town)["gaps"] == 0
        assert town.end(recorder) == 0
        assert check(store).findings == []
    with Register(town.settings) as register:
        (said,) = register.of_type("redaction", after=0, limit=10)
        body = parse_entry(register.raw(said)).body
    assert body["node"] == town.settings.node
    assert body["models"] == hashes()


def test_recording_outlives_the_keeper_until_its_windows_end(
    tmp_path: Path, make_town: Callable[..., Any], camera: RtspServer, until: Until
) -> None:
    town = make_town(tmp_path, horizon_seconds=4, window_s=5)
    keeper = town.start_keeper()
    town.add_set()
    town.publish()
    town.point(camera.url("street"))
    recorder = town.start_recorder()
    with Store(town.settings) as store:
        until(lambda: state(town).get("state") == "recording", STARTS_S, "recording")
        town.end(keeper)
        gone = now_ms()
        until(lambda: "no window" in state(town)["reason"], 40, "the stock to end")
        assert state(town)["state"] == "waiting"
        # The only segment may be acknowledged a moment after the stock has ended.
        until(
            lambda: any(row.end_ms > gone for row in stored(store, Kind.ORIGINALS)),
            5,
            "a last segment",
        )
        again = now_ms()
        town.start_keeper()
        until(lambda: stored(store, Kind.ORIGINALS)[-1].start_ms > again, 30, "recording to go on")
        assert town.end(recorder) == 0
        assert any(row.gap_before for row in stored(store, Kind.ORIGINALS)[1:])
        assert check(store).findings == []


def scraped(town: Any) -> dict[str, float]:
    """`name{camera}` -> value of the recorder's metrics."""
    transport = httpx.HTTPTransport(uds=str(town.settings.recorder_socket))
    with httpx.Client(transport=transport, timeout=5) as client:
        text = client.get("http://recorder/metrics").text
    return {
        sample.name + "".join(sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_was_recorded_before_a_stop_is_sealed_committed_and_logged(
    town: Any, camera: RtspServer, until: Until
) -> None:
    town.publish()
    town.point(camera.url("street"))
    recorder = town.start_recorder()
    with Store(town.settings) as store:
        until(lambda: state(town).get("state") == "recording", STARTS_S, "recording")
        until(lambda: state(town)["redaction"] == "ok", STARTS_S, "redacted pictures")
        found = scraped(town)
        assert found["plainview_camera_upcam-01"] == 1
        assert found["plainview_camera_statecam-01recording"] == 1
        assert found["plainview_camera_redaction_statecam-01ok"] == 1
        assert found["plainview_camera_frames_per_secondcam-01"] > 5
        assert found["plainview_camera_last_packet_age_secondscam-01"] < 2
        assert 30 < found["plainview_camera_windows_ahead_secondscam-01"] < 200
        assert 10 < found["plainview_camera_gate_remaining_secondscam-01"] <= 120
        assert found[f"plainview_disk_free_bytes{town.settings.data}"] > 1e6
        assert found["plainview_process_resident_memory_bytesrecorder"] > 1e7
        assert found["plainview_process_cpu_seconds_totaldetector"] > 0
        assert not [name for name in found if "face" in name or "mask" in name]
        last = state(town)
        newest = last["last_packet_ms"] + (last["clock_error_ms"] or 0)
        begun = time.monotonic()
        assert town.end(recorder) == 0
        assert time.monotonic() - begun < 12
        rows = stored(store, Kind.ORIGINALS)
        # In the camera's time; the last packet may be a B-frame, shown before some that came first.
        assert max(row.end_ms for row in rows) >= newest - 200
        assert max(row.end_ms for row in stored(store, Kind.VIEWS)) >= newest - 3_000
        _rooted(town, store, rows)
        assert check(store).findings == []
