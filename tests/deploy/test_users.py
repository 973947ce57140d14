"""Keeper, recorder and web process under users of their own, as deploy/tmpfiles.d lays it out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import now_ms

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NUMBERS = {
    "plainview-keeper": 59_601,
    "plainview-recorder": 59_602,
    "plainview-web": 59_603,
    "plainview": 59_600,
}
PYTHON = str(Path(sys.executable).resolve())

# A Python below /root is out of other users' reach: in a mount namespace of its own it is not.
AS_USER = """
python=$1 place=$2 user=$3; shift 3
case $python in /root/*)
    top=/root/$(echo "${python#/root/}" | cut -d/ -f1)
    mount --make-rprivate / && mkdir -p "$place" && mount --bind "$top" "$place"
    mount -t tmpfs -o mode=755 tmpfs /root && mkdir "$top" && mount --move "$place" "$top" ;;
esac
exec setpriv --reuid="$user" --regid=59600 --clear-groups "$@"
"""


def prefix(folder: Path) -> Callable[[str], Sequence[str]]:
    """How to run something as one of the users; `admin` is root in the group."""

    def given(name: str) -> Sequence[str]:
        if name == "admin":
            own = f"PLAINVIEW_OWN={folder}/var/lib/plainview/admin"
            return ("setpriv", "--regid=59600", "--clear-groups", "env", own)
        if name == "stranger":
            own = AS_USER.replace("59600", "59610")
            start = ("unshare", "--mount", "sh", "-c", own, "sh", PYTHON, str(folder / "ns"))
            return (*start, "59610")
        number = NUMBERS.get(f"plainview-{name}")
        if number is None:
            return ()
        start = ("unshare", "--mount", "sh", "-c", AS_USER, "sh", PYTHON, str(folder / "ns"))
        return (*start, str(number))

    return given


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users reach; pytest's own are this user's alone."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root")
    made = Path(tempfile.mkdtemp(prefix="plainview-users-"))
    made.chmod(0o755)
    probe = [*prefix(made)("web"), sys.executable, "-c", "import plainview.web.app"]
    done = subprocess.run(probe, capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(made)
        pytest.skip(f"other users cannot run this Python: {done.stderr[-200:]}")
    yield made
    shutil.rmtree(made)


def lay_out(folder: Path) -> None:
    """The folders of tmpfiles.d, for users that have numbers only."""
    text = (DEPLOY / "tmpfiles.d/plainview.conf").read_text()
    for name, number in NUMBERS.items():
        text = re.sub(rf"(?<=\s){name}(?=\s)", str(number), text)
    conf = folder / "tmpfiles.conf"
    conf.write_text(text)
    subprocess.run([str(DEPLOY / "make-layout"), str(conf), str(folder)], check=True)


def refused(folder: Path, name: str, *attempts: str) -> None:
    """Fails unless each attempt, a line of Python as that user, ends in a PermissionError."""
    script = f"import os, socket\nfor line in {attempts!r}:\n    try:\n        exec(line)\n"
    script += "    except PermissionError:\n        continue\n    print('allowed:', line)\n"
    command = [*prefix(folder)(name), sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), (name, done.stdout, done.stderr)


FULL = bool(os.environ.get("PLAINVIEW_BARS"))
"""Also record, play back and check; else the camera cannot be reached, which costs little."""


def test_each_under_its_own_user(folder: Path, make_city: Callable[..., Any], clip: Path) -> None:
    lay_out(folder)
    begun = now_ms()
    city = make_city(folder, prefix=prefix(folder), data=folder / "var/lib/plainview")
    city.found()
    data = city.data
    for path in (data / "keys", data / "log"):
        subprocess.run(["chown", "-R", "59601:59600", str(path)], check=True)
    os.chown(city.token, 59_603, 0)
    city.start("keeper")
    stream = city.simulate(clip) if FULL else f"rtsp://admin:{city.password}@127.0.0.1:9/none"
    city.publish(stream=stream, name="admin")
    city.start("recorder", PLAINVIEW_OWN=str(data / "recorder"))
    city.start("web", PLAINVIEW_OWN=str(data / "web"))
    if FULL:
        city.until(city.recording, 60, "recording")
        city.until(lambda: city.segments(begun, now_ms()), 20, "playback")
        city.until(lambda: list((data / "originals").rglob("*.pack")), 20, "an original")
        assert city.problems()["ok"]
    else:
        city.until(lambda: _kinds(city) == {"camera_away"}, 30, "the camera to be missed")
        city.segments(begun, now_ms())
    _kept_apart(folder, data)
    city.stop("web", "recorder")
    said = city.plainview("check", "--settings", str(city.settings), name="recorder")
    assert "0 things wrong" in said
    city.check_journals()


def _kinds(city: Any) -> set[str]:
    return {one["kind"] for one in city.problems()["problems"]}


def _kept_apart(folder: Path, data: Path) -> None:
    """Nobody reads, moves or removes what is another's."""
    packs = list((data / "originals").rglob("*.pack"))
    files = {
        "web": ("keys/log.key", "keys/keeper.db", "sources.json", "recorder/register.db"),
        "recorder": ("keys/log.key", "web/sessions.db", "web/web.secret", "people.json"),
        "keeper": ("sources.json", "web/cases.db", "recorder/register.db", "roots.db"),
    }
    for name, paths in files.items():
        assert all((data / path).exists() for path in paths)
        moves = [
            f"os.rename({str(data / path)!r}, {str(data / 'mine')!r})"
            for path in ("keys", "views", "log", "web", "run/keeper.sock", "run/recorder.sock")
            if (data / path).stat().st_uid != NUMBERS[f"plainview-{name}"]
        ]
        reads = [f"open({str(data / path)!r}, 'rb')" for path in paths]
        refused(folder, name, *moves, *reads)
    appended = [f"open({str(path)!r}, 'ab')" for path in (*packs, data / "log/head")]
    refused(folder, "web", *appended, f"open({str(data / 'views/x')!r}, 'wb')")
    sockets = [data / "run" / f"{name}.sock" for name in ("keeper", "recorder")]
    call = "socket.socket(socket.AF_UNIX).connect({!r})"
    refused(folder, "stranger", *(call.format(str(path)) for path in sockets))
