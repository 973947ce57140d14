"""A backup and a restore for real, by the commands that stand in the operator's guide."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from plainview.base.clock import now_ms

ROOT = Path(__file__).resolve().parents[2]
BACKUP = ROOT / "deploy/plainview-backup"
GUIDE = ROOT / "docs/guide/operations.md"


def backup(city: Any, *words: str) -> None:
    """Run the script; what it wants of systemd is done by a small program of ours."""
    command = [str(BACKUP), *words]
    environment = {
        **os.environ,
        "PLAINVIEW_DATA": str(city.data), "PLAINVIEW_PYTHON": sys.executable,
        "PLAINVIEW_CTL": str(city.folder / "ctl"), "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def write_ctl(city: Any) -> None:
    """`ctl stop|start plainview-keeper`: stops the keeper, and starts it as the test did."""
    own = city.folder / "keeper.pid"
    pid = own.read_text().strip() if own.exists() else city.running["keeper"].pid
    settings, python = city.settings, sys.executable
    script = f"""#!/bin/sh
echo "$1 $2" >> {city.folder}/ctl.log
[ "$2" = plainview-keeper ] || exit 1
if [ "$1" = stop ]; then
    kill -TERM {pid}
    while [ -e {city.data}/run/keeper.sock ]; do sleep 0.05; done
    while kill -0 {pid} 2>/dev/null && grep -q 'State:.[RSD]' /proc/{pid}/status; do
        sleep 0.05
    done
else
    {python} -m plainview.cli keeper --settings {settings} >> {city.folder}/keeper.log 2>&1 &
    echo $! > {city.folder}/keeper.pid
fi
"""
    (city.folder / "ctl").write_text(script)
    (city.folder / "ctl").chmod(0o755)


def restore_commands(city: Any) -> list[str]:
    """The lines of the guide, for this city's folders; systemd's own are left to the test."""
    block = GUIDE.read_text().partition("<!-- restore -->")[2].partition("<!-- end -->")[0]
    lines = [line.strip() for line in block.splitlines() if line.startswith("    ")]
    assert len(lines) == 8
    plainview = f"{sys.executable} -m plainview.cli"
    found = []
    for line in lines:
        if line.startswith("systemctl"):
            continue
        if line.startswith("systemd-tmpfiles"):
            continue
        line = re.sub(r"^runuser -u plainview-recorder -- ", "", line)
        line = re.sub(r"^plainview ", f"{plainview} ", line)
        for there, here in (
            ("/var/lib/plainview", str(city.data)), ("/backup/plainview", f"{city.folder}/backup"),
            ("/mnt/elsewhere", f"{city.folder}/elsewhere"), ("/media/root", f"{city.folder}/root"),
            ("/etc/plainview/plainview.toml", str(city.settings)),
        ):  # fmt: skip
            line = line.replace(there, here)
        found.append(line)
    return found


def test_lost_disk_restored_by_the_guide(city: Any, clip: Path) -> None:
    begun = now_ms()
    city.found()
    city.start("keeper")
    city.publish(stream=city.simulate(clip))
    city.start("recorder")
    city.start("web")
    city.until(city.recording, 40, "recording")
    city.until(lambda: city.segments(begun, now_ms()), 20, "a recorded view")
    write_ctl(city)

    # The nightly copy, while cameras record.
    backup(city, f"{city.folder}/backup")
    copied = now_ms()
    assert (
        city.folder / "ctl.log"
    ).read_text() == "stop plainview-keeper\nstart plainview-keeper\n"
    assert not list((city.folder / "backup").rglob("root-*")), "the root key is in no backup"
    assert stat.S_IMODE((city.folder / "backup").stat().st_mode) == 0o700
    city.until(lambda: city.problems()["ok"], 30, "the keeper to be back")
    # The next one, with cameras at rest, so that nothing recorded is missing in it.
    city.stop("web", "recorder")
    city.until(city.keeper_answers, 20, "the keeper")
    write_ctl(city)
    backup(city, f"{city.folder}/backup")
    city.until(city.keeper_answers, 20, "the keeper")
    backup(city, "--root", f"{city.folder}/root")
    kill_keeper(city)
    backup(city, "--log", f"{city.folder}/elsewhere/log")

    # The disk is lost, and a new one is put in.
    shutil.rmtree(city.data)
    city.data.mkdir()
    for command in restore_commands(city):
        done = subprocess.run(command, shell=True, capture_output=True, text=True)  # noqa: S602
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    city.start("keeper")
    city.start("recorder")
    city.start("web")
    city.until(city.recording, 40, "recording after the restore")
    old = city.segments(begun, copied)
    assert old, "recordings of before the loss play"
    restored = now_ms() - 1_000
    city.until(lambda: city.segments(restored, now_ms()), 20, "a new recording")
    city.until(lambda: city.problems()["ok"], 20, "everything green")
    city.stop("web", "recorder")
    policy = str(city.data / "policy.txt")
    city.plainview("verify", str(city.data / "log"), "--policy", policy)
    said = city.with_settings("check")
    assert "0 things wrong" in said
    city.check_journals()


def kill_keeper(city: Any) -> None:
    """End the keeper that `ctl` started."""
    city.running.pop("keeper").wait(10)
    pid = int((city.folder / "keeper.pid").read_text())
    subprocess.run(["kill", "-TERM", str(pid)], check=True)
    end = time.monotonic() + 20
    while (city.data / "run/keeper.sock").exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(0.3)


def test_a_log_older_than_its_witnesses_saw_is_not_continued(city: Any) -> None:
    city.found()
    city.start("keeper")
    shutil.copytree(city.data / "log", city.folder / "old", ignore=shutil.ignore_patterns(".*"))
    city.publish(stream="rtsp://127.0.0.1:9/none")
    city.until(lambda: city.said("witness") and witnessed(city), 20, "the witness to have seen it")
    city.stop("keeper")
    newest = city.folder / "newest"
    shutil.move(city.data / "log", newest)
    shutil.copytree(city.folder / "old", city.data / "log")
    said = city.plainview("keeper", "--settings", str(city.settings), code=1)
    assert "saw a larger or different log" in said
    assert "never start from an older one" in said

    # Somebody's copy of the published files is enough: its checkpoint stands for the head.
    shutil.rmtree(city.data / "log")
    shutil.copytree(newest, city.data / "log", ignore=shutil.ignore_patterns("head", ".*"))
    shutil.copy(city.data / "log/checkpoint", city.data / "log/head")
    city.start("keeper")
    policy = str(city.data / "policy.txt")
    city.plainview("verify", str(city.data / "log"), "--policy", policy)


def witnessed(city: Any) -> bool:
    """Whether the published checkpoint is the newest tree."""
    log = city.data / "log"
    head, seen = ((log / name).read_text().splitlines()[:3] for name in ("head", "checkpoint"))
    return bool(head == seen)
