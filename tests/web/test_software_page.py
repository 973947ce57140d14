"""What a server publishes about its own software, and what a stranger's tool makes of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from plainview.base.ids import sha256_hex
from plainview.base.software import PACKAGE, installed


def compare(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plainview.cli", "software", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=os.environ)


def wheel_of_this(folder: Path, *, change: str = "") -> Path:
    """A wheel with the files of this installation; the file `change` has another byte."""
    wheel = folder / "plainview-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for file in installed().files:
            data = (PACKAGE.parent / file.name).read_bytes()
            packed.writestr(file.name, data + b"\n" if file.name == change else data)
    return wheel


def test_the_page_and_the_machines_answer_agree(calm: Any) -> None:
    software = installed()
    with calm.client() as client:
        page = client.get("/software").text
        found = client.get("/api/public/software").json()
        files = client.get("/software/files.txt").text
    assert sha256_hex(files.encode()) == found["sha256"] == software.hash
    assert "".join(f"{one['sha256']}  {one['name']}\n" for one in found["files"]) == files
    assert software.hash in page.replace("<wbr>", "")
    assert found["models"][0]["licence"] == "MIT License"
    assert {"name": "cryptography", "version": dict(software.packages)["cryptography"]} in (
        found["packages"]
    )
    assert str(PACKAGE) not in page + json.dumps(found)


def test_the_keepers_word_on_the_log_stands_beside_it(site: Any) -> None:
    with site.client() as client:
        site.web.register.sync()
        logged = client.get("/api/public/software").json()["logged"]
        assert logged["sha256"] == installed().hash
        assert f"/log/entry/{logged['entry']}" in client.get("/software").text
        assert "The same number as above" in client.get("/software").text
        assert "whose software hash begins with" in client.get(f"/log/entry/{logged['entry']}").text
        for said, shown in (
            (f"plainview 0.2.0 sha256:{'ab' * 32}", "Another number than above"),
            ("plainview 0.2.0", "started without saying what it runs"),
        ):
            site.town.stop_keeper()
            site.town.start_keeper(said)
            site.web.register.sync()
            page = client.get("/software").text
            assert shown in page
            assert "The same number" not in page


def test_a_stranger_compares_a_wheel(calm: Any, tmp_path: Path) -> None:
    wheel = wheel_of_this(tmp_path)
    same = compare("--wheel", str(wheel), "--server", calm.url)
    assert same.returncode == 0, same.stderr
    assert f"software hash {installed().hash}" in same.stdout
    assert "publishes the same." in same.stdout
    assert f"logged {installed().hash}" in same.stdout
    wheel_of_this(tmp_path, change="plainview/errors.py")
    other = compare("--wheel", str(wheel), "--server", calm.url)
    assert other.returncode == 1
    assert "plainview/errors.py differs" in other.stdout
    assert "publishes another software" in other.stderr


def test_the_list_goes_into_a_file(tmp_path: Path) -> None:
    done = compare("--list")
    assert sha256_hex(done.stdout.encode()) == installed().hash


def test_a_server_that_is_away_is_said() -> None:
    done = compare("--server", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert "does not say what it runs" in done.stderr
