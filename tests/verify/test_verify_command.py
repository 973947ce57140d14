"""`plainview verify`: a folder, an address, a package; exit status 0 only if all holds."""

from __future__ import annotations

import functools
import http.server
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from plainview.base.clock import now_ms
from plainview.base.settings import Settings
from plainview.register.follow import Follower
from plainview.register.projection import Register
from plainview.testing.city import RULES, City
from plainview.tlog.entries import make

PERIOD_MS = RULES["key_period_seconds"] * 1000


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Any web server will do; this one is silent."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def verify(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plainview.cli", "verify", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder as a node has it: a story that ended minutes ago, witnessed just now."""
    now = now_ms()
    city = City(start=now - now % PERIOD_MS - 6 * PERIOD_MS)
    city.story()
    city.now = now
    city.publish(tmp_path / "data" / "log")
    (tmp_path / "data" / "policy.txt").write_text(city.policy().text)
    (tmp_path / "mine.txt").write_text(city.policy().text)
    (tmp_path / "other.txt").write_text(City(witnesses=("w8", "w9")).policy().text)
    return tmp_path / "data"


@pytest.fixture
def site(data: Path, tmp_path: Path) -> Iterator[str]:
    """The same, served as the public site serves it."""
    root = tmp_path / "site"
    (root / "log").mkdir(parents=True)
    (root / "log" / "files").symlink_to(data / "log")
    (root / "policy.txt").symlink_to(data / "policy.txt")
    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def spoil(data: Path) -> None:
    path = next((data / "log" / "tile" / "entries").rglob("*.p")) / "17"
    raw = path.read_bytes()
    path.write_bytes(raw[:99] + bytes([raw[99] ^ 1]) + raw[100:])


def test_a_folder_that_holds(data: Path, tmp_path: Path) -> None:
    for target in (data, data / "log"):
        told = verify(target, "--policy", tmp_path / "mine.txt")
        assert told.returncode == 0, told.stderr
        assert told.stdout.startswith("The log: everything holds.")
        assert "witnessed by 3 of 3" in told.stdout
        assert "Note" not in told.stdout
    assert "--policy FILE" in verify(data).stdout


def test_the_registers_of_a_data_folder(data: Path, tmp_path: Path) -> None:
    """Each process of a node may have its own; one that lags is compared as far as it has come."""
    for own, until in (("", None), ("web", 5)):
        follower = Follower(Settings(data=data, own=str(data / own) if own else ""))
        follower.sync(until)
        follower.close()
    size = follower.log_size()
    told = verify(data, "--policy", tmp_path / "mine.txt")
    assert told.returncode == 0, told.stdout
    assert f"says after {size} of {size} entries" in told.stdout
    assert "web/register.db: " in told.stdout
    assert f"says after 5 of {size} entries" in told.stdout
    assert "register.db" not in verify(data / "log", "--policy", tmp_path / "mine.txt").stdout
    with closing(sqlite3.connect(data / "web" / "register.db", isolation_level=None)) as rows:
        rows.execute("UPDATE versions SET status = '\x1b[2J' WHERE type = 'camera'")
        rows.execute("UPDATE statements SET subject = 'cam-02' WHERE type = 'custodian-set'")
    told = verify(data, "--json", "--policy", tmp_path / "mine.txt")
    assert told.returncode == 1
    report = json.loads(told.stdout)
    assert {one["code"] for one in report["findings"]} == {"register"}
    assert report["registers"]["register.db"]["applied"] == size
    where = [one["where"] for one in report["findings"]]
    assert all(one.startswith("web/register.db, ") for one in where)
    assert any("statements idx 1" in one for one in where)
    (data / "web" / "register.db").write_bytes(
        b"not a database, but long enough to be looked at" * 99
    )
    told = verify(data, "--policy", tmp_path / "mine.txt")
    assert told.returncode == 1
    assert "web/register.db, file: it cannot be read" in told.stdout


def test_the_report_stays_json_when_an_entry_is_rejected(tmp_path: Path) -> None:
    city = City(start=now_ms() - PERIOD_MS)
    city.found()
    city.raws.append(make("shred", {"period": "none"}, time=city.now).raw)
    city.publish(tmp_path / "log")
    (tmp_path / "policy.txt").write_text(city.policy().text)
    with Register(Settings(data=tmp_path)) as register:
        register.sync()
    told = verify(tmp_path, "--json")
    assert [one["code"] for one in json.loads(told.stdout)["findings"]] == ["entry"]
    assert not told.stderr


def test_a_folder_that_does_not(data: Path, tmp_path: Path) -> None:
    told = verify(data, "--policy", tmp_path / "other.txt")
    assert told.returncode == 1
    spoil(data)
    told = verify(data, "--json", "--policy", tmp_path / "mine.txt")
    assert told.returncode == 1
    report = json.loads(told.stdout)
    assert not report["ok"]
    assert report["findings"][0]["code"] == "bundle"
    assert "NOT everything holds" in verify(data).stdout


def test_an_address(site: str, data: Path, tmp_path: Path) -> None:
    for target in (site, f"{site}/", f"{site}/log/files"):
        told = verify(target, "--policy", tmp_path / "mine.txt")
        assert told.returncode == 0, told.stdout + told.stderr
    assert verify(site).returncode == 0
    spoil(data)
    assert verify(site).returncode == 1


def test_targets_that_are_not_there(tmp_path: Path) -> None:
    for target in (tmp_path / "none", "http://127.0.0.1:1"):
        told = verify(target)
        assert told.returncode == 1
        assert "Traceback" not in told.stderr
        assert len(told.stderr.strip().splitlines()) == 1


def test_policies_that_cannot_be_read(data: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe")
    for policy in ("bad.txt", "none.txt"):
        told = verify(data, "--policy", tmp_path / policy)
        assert told.returncode == 1
        assert "Traceback" not in told.stderr


def test_a_file_that_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(b"hello")
    told = verify(tmp_path / "p.zip")
    assert told.returncode == 1
    assert "not a zip" in told.stdout
