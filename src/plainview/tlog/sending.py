"""The courier as the publisher sees it: a child process that asks the witnesses over the network.

It is believed nothing: what it brings is verified, and what it lies about or loses is a cosignature
that is not there. It may change no file. It inherits no descriptor but the link, as its input:

    {"url", "note"}  ->  {"lines": text}, {"refused": why} or {"away": why}

JSON, one packet each, so that one deadline covers an answer, however slowly it is written.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
import traceback
from pathlib import Path

from plainview.errors import LogAway, Refused
from plainview.tlog import courier
from plainview.tlog.notes import SignatureLine, parse_lines

ANSWER_SECONDS = 12.0
"""The courier itself gives up on a witness after 5 s, so that more than this is a hung courier."""
START_SECONDS = 1.0
"""From one start to the next: one that dies of every question must not busy the machine."""
_LARGEST, _LONGEST = 131_072, 300
"""Bytes of an answer; characters of a reason."""


class Sender:
    """Forks at once, and again when it is needed and gone; for a process with one thread."""

    def __init__(self, log_dir: Path) -> None:
        self._log_dir, self._next_start = log_dir, 0.0
        self._start()

    def _start(self) -> None:
        time.sleep(max(0.0, self._next_start - time.monotonic()))
        self._next_start = time.monotonic() + START_SECONDS
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.settimeout(ANSWER_SECONDS)
        self._pid = os.fork()
        if not self._pid:
            _be_courier(self._log_dir, theirs, self._link)
        theirs.close()

    def close(self) -> None:
        """End the child, if it still runs."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        self._pid = 0
        self._link.close()

    def ask(self, url: str, note: bytes) -> list[SignatureLine]:
        """What the courier calls the lines of the witness at `url` on `note`.

        Raises `Refused` (it says that the witness refuses), `LogAway`, `BadFormat`.
        """
        try:
            self._have_one()
            self._link.sendall(json.dumps({"url": url, "note": note.decode()}).encode())
            answer = json.loads(self._link.recv(_LARGEST))
        except (OSError, ValueError, RecursionError) as error:
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

    def _have_one(self) -> None:
        if self._pid and os.waitpid(self._pid, os.WNOHANG)[0]:
            self._pid = 0
            self._link.close()
        if not self._pid:
            self._start()


def _be_courier(log_dir: Path, link: socket.socket, other: socket.socket) -> None:
    """In the child: answer with the link as the input, then end. Never returns."""
    try:
        os.dup2(link.fileno(), sys.stdin.fileno())
        link.close()
        other.close()
        courier.main(log_dir)
    except BaseException:  # noqa: BLE001 - the parent's code must not go on here
        traceback.print_exc()
    finally:
        os._exit(0)
