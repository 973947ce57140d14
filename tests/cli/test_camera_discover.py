"""`plainview camera discover` as a process that may talk to nobody but this machine."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from plainview.cli.camera_discover import clock_words
from plainview.cli.camera_login import camera_login
from plainview.errors import SettingsError
from plainview.ingest.addresses import Login

PASSWORD = "open:sesame/1"  # noqa: S105 - of a camera that exists only here
GUARD = """
import os, sys
def guard(event, args):
    address = args[1] if event in ("socket.connect", "socket.sendto") else None
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "239.255.255.250"):
        os.write(2, f"somebody else was asked: {address}".encode())
        os._exit(99)
sys.addaudithook(guard)
from plainview.cli import main
main()
"""


def run(*args: str, code: int = 0) -> tuple[str, str]:
    environment = {**os.environ, "COLUMNS": "300", "PLAINVIEW_CAMERA_PASSWORD": PASSWORD}
    done = subprocess.run(
        [sys.executable, "-c", GUARD, "camera", "discover", *args],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    return done.stdout, done.stderr


def test_a_search_ends_with_a_table(onvif_camera: Callable[..., str]) -> None:
    address = onvif_camera(password=PASSWORD, ahead=90)
    table, progress = run("--interface", "lo", "--seconds", "1", "--user", "admin")
    assert address in table
    assert "Acme Eye 2" in table
    assert "MainStream *" in table
    assert "1920 x 1080 h264, 30 fps" in table
    assert "rtsp://127.0.0.1:8554/video_main" in table
    assert "1 min 30 s fast" in table or "1 min 29 s fast" in table
    assert "A clock that is more than 10 s off is not used" in table
    assert "searching on lo for 1 s" in progress
    assert f"found http://{address}" in progress


def test_json_is_for_machines(onvif_camera: Callable[..., str]) -> None:
    good, refusing = onvif_camera(password=PASSWORD), onvif_camera(password="other")  # noqa: S106
    answer, _ = run(good, refusing, "127.0.0.1:1", "--user", "admin", "--json")
    camera, refused, away = json.loads(answer)
    assert [one["best"] for one in camera["profiles"]] == [True, False]
    assert camera["model"] == "Eye 2"
    assert refused["error"]["code"] == "not_authorised"
    assert away["error"]["code"] == "source_away"


def test_where_nobody_answers_it_fails_and_says_what_to_do() -> None:
    said, _ = run("127.0.0.1:1", code=1)
    assert "cannot be reached. Check address and port." in said


def test_a_password_is_not_asked_of_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLAINVIEW_CAMERA_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO("typed"))
    with pytest.raises(SettingsError) as told:
        camera_login("admin")
    assert told.value.hint == "Set PLAINVIEW_CAMERA_PASSWORD."
    assert camera_login(None) is None
    monkeypatch.setenv("PLAINVIEW_CAMERA_PASSWORD", PASSWORD)
    assert camera_login("admin") == Login("admin", PASSWORD)


def test_other_camera_commands_do_not_load_a_soap_library() -> None:
    code = (
        "import sys\nfrom plainview.cli import main\n"
        "try:\n    main()\nexcept SystemExit: pass\n"
        "print('zeep' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "camera", "list", "--help"], capture_output=True, text=True
    )
    assert done.stderr.strip() == "False"
    assert "Usage: plainview camera" in done.stdout


@pytest.mark.parametrize(
    ("error", "words"),
    [(None, "unknown"), (0, "right"), (-1000, "right"), (2000, "2 s fast"),
     (-90_000, "1 min 30 s slow"), (3_720_000, "1 h 2 min fast"), (-90_061_000, "1 d 1 h slow")],
)  # fmt: skip
def test_a_clock_in_words(error: int | None, words: str) -> None:
    assert clock_words(error) == words
