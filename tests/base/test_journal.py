"""The journal: who wrote it, when, and never a secret, whichever way it was written."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from plainview.base.journal import scrub

SECRET = "hunter2-correct-horse"  # noqa: S105 - that it is one is the point
TOKEN = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE"  # noqa: S105
"""43 characters, as 32 random bytes in base64url."""


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("rtsp://admin:hunter2@10.0.0.7:554/ch1 failed", "rtsp://10.0.0.7:554 failed"),
        ("rtsp://10.0.0.7/user=admin_password=hunter2_1.sdp", "rtsp://10.0.0.7"),
        ("rtsps://u:p%40ss@[fd00::7]:322/x?token=1", "rtsps://[fd00::7]:322"),
        ("https://a:b@host.example/x", "https://host.example/x"),
        ("key AGE-SECRET-KEY-1QQPQYY3ABC!", "key (left out)!"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer (left out)"),
        ("GET /x?token=abc&camera=cam-1", "GET /x?token=(left out)&camera=cam-1"),
        (f"cookie {TOKEN} ended", "cookie (left out) ended"),
        (
            "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\nrest",
            "(left out)\nrest",
        ),
        ("age1" + "q" * 58 + " is a recipient", "age1" + "q" * 58 + " is a recipient"),
        ("sha256 " + "ab" * 32, "sha256 " + "ab" * 32),
        ("cam-01.20261123T085000Z.1.0", "cam-01.20261123T085000Z.1.0"),
    ],
)
def test_what_looks_like_a_secret_is_left_out_and_nothing_else(text: str, left: str) -> None:
    assert scrub(text) == left


PROGRAM = f"""
import logging, threading, structlog
from plainview.base import journal
journal.start("web")
journal.configure("web", node="node-7")
log = structlog.get_logger()
log.info("connected", source="rtsp://u:{SECRET}@10.0.0.7/a", view_key="{SECRET}", n=3)
log.warning("nested", said={{"password": "{SECRET}", "list": ["rtsp://u:{SECRET}@h/x"]}}, b=b"1")
logging.getLogger("uvicorn.error").error("request to rtsp://u:%s@h/x failed", "{SECRET}")
logging.getLogger("noisy").info("not wanted")
def fail():
    raise ValueError("password={SECRET}")
thread = threading.Thread(target=fail, name="worker"); thread.start(); thread.join()
fail()
"""


def test_every_way_to_the_journal_is_json_named_dated_and_clean() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 1
    assert SECRET not in done.stderr + done.stdout
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == [
        "connected",
        "nested",
        "request to rtsp://h failed",
        "uncaught",
        "uncaught",
    ]
    for line in lines:
        assert (line["process"], line["node"]) == ("web", "node-7")
        assert line["time"].endswith("Z")
    assert lines[0]["source"] == "rtsp://10.0.0.7"
    assert lines[0]["n"] == 3
    assert "ValueError" in lines[3]["exception"]
