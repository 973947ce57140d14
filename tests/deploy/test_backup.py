"""The copy of a log that somebody takes while it grows can be continued and verified."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from plainview.testing.city import ORIGIN, key_of
from plainview.tlog.beginning import open_log
from plainview.tlog.notes import Signer
from plainview.tlog.writer import LogWriter

BACKUP = Path(__file__).resolve().parents[2] / "deploy/plainview-backup"
SIGNER = Signer(ORIGIN, key_of("log").private)
COPIES = 12


def test_a_log_is_copied_while_it_is_written(tmp_path: Path) -> None:
    log = open_log(tmp_path / "data/log", SIGNER)
    log.publish(log.head, [])
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            log.append([f"entry {log.size + i}".encode() for i in range(7)])
            log.publish(log.head, [])
            time.sleep(0.005)

    writing = threading.Thread(target=write)
    writing.start()
    environment = {
        **os.environ, "PLAINVIEW_DATA": str(tmp_path / "data"), "PLAINVIEW_PYTHON": sys.executable,
    }  # fmt: skip
    copy, sizes = tmp_path / "copy", [0]

    def backup() -> None:
        command = [str(BACKUP), "--log", str(copy)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        sizes.append(LogWriter(copy, SIGNER).size)  # reads all of it

    try:
        for _ in range(COPIES):
            backup()
        # The plug was pulled while it copied: the half that lies there is newer than the whole.
        (copy / "tile/entries/000").write_bytes(b"half")
        backup()
    finally:
        done.set()
        writing.join()
    assert sizes == sorted(sizes)
    assert sizes[-1] > 256
    assert not list(copy.rglob(".*"))
