"""Refusing to start when a promise could not be kept, and carrying on after an honest stop."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from plainview.errors import (
    BadFormat,
    KeeperAway,
    LogAway,
    PlainviewError,
    Refused,
    SettingsError,
    UnsafeStart,
)
from plainview.keeper.ids import Ids
from plainview.keeper.process import Keeper
from plainview.keeper.server import CONNECTIONS
from plainview.keys.client import KeeperClient
from plainview.keys.protocol import receive, send
from plainview.node import setup
from plainview.tlog.reader import LogReader
from plainview.tlog.signing import SigningKey


def gate(city: Any, ident: str, reason: str) -> int:
    body = {"camera": "cam-01", "allowed": False, "reason": reason, "register": None}
    return int(city.keeper.desk.gate(ident, **body))


def test_files_and_socket_are_this_users_alone(city: Any) -> None:
    keys = city.settings.keys_dir
    city.windows(1)
    for path in (keys, city.settings.keeper_socket.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in keys.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(city.settings.keeper_socket.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("folder", "socket"), [(0o700, 0o600), (0o755, 0o600), (0o775, 0o600), (0o770, 0o660)]
)
def test_the_group_gets_in_only_where_an_operator_gave_it_the_folder(
    city: Any, folder: int, socket: int
) -> None:
    city.stop()
    path = city.settings.keeper_socket
    path.parent.chmod(folder)
    city.start()
    assert stat.S_IMODE(path.stat().st_mode) == socket


def test_the_first_entries(city: Any) -> None:
    assert [entry.type for entry in city.entries()][:2] == ["founding", "start"]


@pytest.mark.parametrize("name", ["log.key", "keeper.db", "ring.json", "."])
def test_unsafe_modes_are_refused(city: Any, name: str) -> None:
    city.windows(1)
    city.stop()
    path = city.settings.keys_dir / name
    path.chmod(path.stat().st_mode | 0o040)
    with pytest.raises(UnsafeStart, match="alone") as caught:
        city.start()
    assert "chmod" in caught.value.hint
    path.chmod(path.stat().st_mode & ~0o077)
    city.start()


def test_a_second_keeper_is_refused(city: Any) -> None:
    with pytest.raises(UnsafeStart, match="Another keeper"):
        Keeper(city.settings.data)


def test_no_set_up_no_start(tmp_path: Path, city: Any) -> None:
    with pytest.raises(UnsafeStart, match="There is no"):
        Keeper(tmp_path / "empty")
    with pytest.raises(SettingsError, match="already"):
        setup.create(city.settings, city.entries()[0], [], 0)


def test_another_log_key_is_refused(city: Any) -> None:
    city.stop()
    file = city.settings.keys_dir / "log.key"
    before = file.read_bytes()
    file.write_bytes(SigningKey.generate().to_pem())
    with pytest.raises(UnsafeStart, match=r"policy\.txt"):
        city.start()
    file.write_bytes(before)


def test_a_lost_root_key_is_named(city: Any) -> None:
    city.stop()
    for path in city.settings.keys_dir.glob("root-*.key"):
        path.unlink()
    with pytest.raises(UnsafeStart, match="root key"):
        city.start()


def wait_witnessed(city: Any) -> int:
    for _ in range(200):
        status = city.client.status()
        if status["witnessed_size"] == status["size"]:
            return int(status["size"])
        time.sleep(0.05)
    raise AssertionError(status)


def test_checkpoints_get_witnessed(city: Any) -> None:
    size = wait_witnessed(city)
    note = LogReader.folder(city.settings.log_dir).checkpoint_note()
    checked = city.policy.check(note, now=city.clock(), max_age_ms=60_000)
    assert checked.checkpoint.size == size
    assert set(checked.witnesses) == {"w0", "w1"}


def test_too_few_witnesses_are_red_and_publish_nothing(city: Any) -> None:
    size = wait_witnessed(city)
    city.witnesses[1].stop()
    city.add_camera("cam-02")
    for _ in range(100):
        if red := city.client.status()["red"]:
            break
        time.sleep(0.05)
    assert red == ["checkpoint: 1 witnesses cosigned, which is not the quorum."]
    assert city.client.status()["witnessed_size"] == size
    city.witnesses[1].start()
    city.clock.forward(5)
    wait_witnessed(city)
    assert city.client.status()["red"] == []


def test_an_old_copy_of_the_log_is_not_continued(city: Any, tmp_path: Path) -> None:
    wait_witnessed(city)
    city.stop()
    shutil.copytree(city.settings.data, tmp_path / "copy")
    city.start()
    city.add_camera("cam-02")
    wait_witnessed(city)
    city.stop()
    shutil.rmtree(city.settings.data)
    shutil.copytree(tmp_path / "copy", city.settings.data)
    with pytest.raises(UnsafeStart, match="larger or different") as caught:
        city.start()
    assert "Restore" in caught.value.hint


def test_a_forked_log_is_not_continued(city: Any, tmp_path: Path) -> None:
    wait_witnessed(city)
    city.stop()
    shutil.copytree(city.settings.data, tmp_path / "copy")
    city.start()
    city.add_camera("cam-02")
    wait_witnessed(city)
    city.stop()
    for witness in city.witnesses:
        witness.stop()
    shutil.rmtree(city.settings.data)
    shutil.copytree(tmp_path / "copy", city.settings.data)
    city.start()  # nobody can be asked: only a warning
    assert len(city.client.status()["warnings"]) == 2
    city.add_camera("cam-03")
    city.add_camera("cam-04")
    city.stop()
    for witness in city.witnesses:
        witness.start()
    with pytest.raises(UnsafeStart, match="larger or different"):
        city.start()


def test_a_changed_entry_on_the_disk_is_refused(city: Any) -> None:
    city.stop()
    (bundle,) = (city.settings.log_dir / "tile" / "entries").glob("000.p/4")
    data = bundle.read_bytes()
    bundle.write_bytes(data.replace(b"Market square", b"Market squire"))
    with pytest.raises(UnsafeStart, match="cannot be continued"):
        city.start()


def test_a_long_log_is_read_again(city: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries keep their index also when the ids are no longer in memory."""
    monkeypatch.setattr("plainview.keeper.ids.RECENT", 100)
    monkeypatch.setattr("plainview.keeper.scribe.BATCH_SECONDS", 0.0)
    from_here = city.keeper.desk.scribe.writer.size

    def say(number: int, reason: str = "no") -> int:
        return gate(city, f"{number:032x}", reason)

    def check_retries() -> None:
        for number in (7, 150, 299):
            assert city.keeper.desk.scribe.known(f"{number:032x}") == from_here + number
            assert say(number) == from_here + number
            with pytest.raises(Refused, match="Another entry"):
                say(number, "something else")

    assert [say(number) for number in range(300)] == list(range(from_here, from_here + 300))
    check_retries()
    city.stop()
    city.start()
    check_retries()
    assert city.keeper.desk.scribe.known(f"{300:032x}") is None


def test_a_full_temporary_folder_is_told_and_loses_nothing(
    city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = city.keeper.desk.scribe.writer.size
    with monkeypatch.context() as patched:
        full = sqlite3.OperationalError("database or disk is full")
        patched.setattr(Ids, "add", Mock(side_effect=full))
        with pytest.raises(LogAway, match="disk is full"):
            gate(city, f"{1:032x}", "no")
        city.stop()
        with pytest.raises(UnsafeStart, match="disk is full"):
            city.start()
    city.start()
    scribe = city.keeper.desk.scribe
    assert scribe.known(f"{1:032x}") is None
    assert gate(city, f"{1:032x}", "no") > size
    with monkeypatch.context() as patched:
        patched.setattr(Ids, "add", Mock(side_effect=full))
        with pytest.raises(LogAway):
            gate(city, f"{2:032x}", "no")
    # The same process reads the log again and goes on.
    assert gate(city, f"{2:032x}", "no") == scribe.writer.size - 1


def test_the_keeper_logs_no_id_that_it_could_not_read_back(city: Any) -> None:
    with pytest.raises(BadFormat, match="32 hex digits"):
        gate(city, "cam-01-closed", "no")
    city.stop()
    city.start()


def test_the_process_runs_and_ends(city: Any, tmp_path: Path) -> None:
    city.stop()
    code = (
        "import sys; from pathlib import Path;"
        "from plainview.keeper.process import run; run(Path(sys.argv[1]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(setup.__file__).parents[2])}
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(city.settings.data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
    )
    try:
        with KeeperClient(city.settings.keeper_socket) as client:
            for _ in range(200):
                try:
                    assert client.status()["size"] >= 5
                    break
                except KeeperAway:
                    time.sleep(0.05)
            limits = Path(f"/proc/{child.pid}/limits").read_text()
            core = next(line for line in limits.splitlines() if "core file" in line)
            assert core.split()[4:6] == ["0", "0"]
    finally:
        child.terminate()
        output, _ = child.communicate(timeout=20)
    assert child.returncode == 0
    assert b"keeper started" in output


def test_the_client_reconnects(city: Any) -> None:
    assert city.client.status()["size"] > 0
    city.client.status()
    keeper = city.keeper
    keeper.close()
    city.keeper = None
    with pytest.raises(KeeperAway) as caught:
        city.client.status()
    assert caught.value.hint
    city.start()
    assert city.client.status()["size"] > 0


def test_another_user_is_refused(city: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("plainview.keeper.server.os.getuid", lambda: 12_345)
    assert city.client.status(), "of our group, let in by the folder"
    monkeypatch.setattr("plainview.keeper.server.os.getgid", lambda: 12_345)
    with pytest.raises((KeeperAway, PlainviewError)):
        KeeperClient(city.settings.keeper_socket).status()


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff\n", b"[]\n", b"{}x\n", b'{"op": "status"}'])
def test_nonsense_ends_the_connection(city: Any, data: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(city.settings.keeper_socket))
        link.sendall(data)
        link.shutdown(socket.SHUT_WR)
        assert receive(link.makefile("rb")) is None
    assert city.client.status()["size"] > 0


def test_connections_are_bounded(city: Any) -> None:
    city.client.close()
    with contextlib.ExitStack() as links:
        for _ in range(CONNECTIONS):
            link = links.enter_context(socket.socket(socket.AF_UNIX))
            link.settimeout(5)
            while link.connect_ex(str(city.settings.keeper_socket)) == errno.EAGAIN:
                time.sleep(0.01)
            send(link, {"op": "status"})
            assert receive(link.makefile("rb"))
        with pytest.raises(KeeperAway):
            city.client.status()
    time.sleep(0.1)
    assert city.client.status()["size"] > 0


def test_no_secret_is_in_plain_sight(city: Any) -> None:
    drafts = city.drafts(1)
    city.client.make_windows("cam-01", city.register, drafts)
    files = [p for p in city.settings.data.rglob("*") if p.is_file()]
    assert len(files) > 8
    for path in files:
        data = path.read_bytes()
        for secret in (drafts[0].e, drafts[0].view):
            assert secret.encode() not in data, path
    assert json.loads((city.settings.keys_dir / "ring.json").read_bytes())["keys"]
