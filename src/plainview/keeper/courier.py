"""The courier as the keeper sees it: a child process that asks the witnesses over the network.

The process that holds the keys connects to nobody. Its child (`tlog.courier`) gets addresses and
signed heads, which are public, and is believed nothing: what it brings is verified, and what it
lies about or loses is a cosignature that is not there. It inherits no descriptor but the link.

    {"url", "note"}  ->  {"lines": text}, {"refused": why} or {"away": why}

JSON, one packet each, so that one deadline covers an answer, however slowly it is written.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import orjson

from plainview.errors import LogAway, Refused
from plainview.tlog.notes import SignatureLine, parse_lines

ANSWER_SECONDS = 12.0
"""The courier itself gives up on a witness after 5 s, so that more than this is a hung courier."""
START_SECONDS = 1.0
"""From one start to the next: one that dies of every question must not busy the machine."""
_LARGEST, _LONGEST = 131_072, 300
"""Bytes of an answer; characters of a reason."""
_KEPT = ("PYTHON", "SSL_CERT_")


class Courier:
    """Started at once, and again when it is needed and gone. One thread at a time may call."""

    def __init__(self, log_dir: Path) -> None:
        self._command = [sys.executable, "-P", "-m", "plainview.tlog.courier", str(log_dir)]
        self._next_start = 0.0
        self._start()

    def _start(self) -> None:
        time.sleep(max(0.0, self._next_start - time.monotonic()))
        self._next_start = time.monotonic() + START_SECONDS
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.settimeout(ANSWER_SECONDS)
        kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
        with theirs:
            handle, none = theirs.fileno(), subprocess.DEVNULL
            self.child = subprocess.Popen(  # noqa: S603 - our own module, no shell
                self._command, stdin=handle, stdout=handle, stderr=none, env=kept
            )

    def close(self) -> None:
        """End the child, if it still runs."""
        self.child.kill()
        self.child.wait()
        self._link.close()

    def ask(self, url: str, note: bytes) -> list[SignatureLine]:
        """What the courier calls the lines of the witness at `url` on `note`.

        Raises `Refused` (it says that the witness refuses), `LogAway`, `BadFormat`.
        """
        try:
            if self.child.poll() is not None:
                self.close()
                self._start()
            self._link.sendall(orjson.dumps({"url": url, "note": note.decode()}))
            answer = orjson.loads(self._link.recv(_LARGEST))
        except (OSError, ValueError) as error:
            self.close()
            raise LogAway(f"The courier does not answer: {error}.") from error
        match answer:
            case {"lines": str(lines)}:
                return parse_lines(lines.encode())
            case {"refused": str(told)}:
                raise Refused(told[:_LONGEST])
            case {"away": str(told)}:
                raise LogAway(told[:_LONGEST])
        raise LogAway("The courier answers nonsense.")
