"""The keeper's Unix socket: this user only, bounded connections, one thread each.

Every question is checked against the types of the method that answers it; what a person may see of
an error goes back under its code, anything unexpected ends the connection.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from pydantic import ConfigDict, ValidationError, validate_call

from plainview.base import durable
from plainview.errors import BadFormat, LogAway, NotFound, PlainviewError
from plainview.keys.protocol import error_answer, receive, send

CONNECTIONS = 128
IDLE_SECONDS = 900
_CREDENTIALS = struct.Struct("3i")

log = structlog.get_logger("keeper")


class Server:
    """Serves `operations` (name -> function) at `path` until `close`."""

    def __init__(self, path: Path, operations: Mapping[str, Callable[..., Any]]) -> None:
        config = ConfigDict(strict=True)
        self._operations = {n: validate_call(config=config)(f) for n, f in operations.items()}
        self._path = path
        self._places = threading.BoundedSemaphore(CONNECTIONS)
        self._links: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = self._listen()
        self._thread = threading.Thread(target=self._accept, name="keeper-socket", daemon=True)
        self._thread.start()

    def _listen(self) -> socket.socket:
        durable.make_folder(self._path.parent, mode=0o700)
        self._path.parent.chmod(0o700)
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._path))
        self._path.chmod(0o600)
        listener.listen(CONNECTIONS)
        return listener

    def close(self) -> None:
        """Take no more questions; those under way are answered or cut off."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self._path.unlink(missing_ok=True)
        with self._lock:
            for link in self._links:
                link.shutdown(socket.SHUT_RDWR)
        for _place in range(CONNECTIONS):
            self._places.acquire()

    def _accept(self) -> None:
        while True:
            try:
                link, _address = self._listener.accept()
            except OSError:
                return
            raw = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            allowed = _CREDENTIALS.unpack(raw)[1] == os.getuid()
            if not allowed or not self._places.acquire(blocking=False):
                log.warning("connection refused", reason="other user" if not allowed else "full")
                link.close()
                continue
            with self._lock:
                self._links.add(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        try:
            link.settimeout(IDLE_SECONDS)
            while (question := receive(link)) is not None:
                send(link, self._answer(question))
        except (OSError, BadFormat) as error:
            log.info("connection ended", reason=type(error).__name__)
        finally:
            with self._lock:
                self._links.discard(link)
            link.close()
            self._places.release()

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            operation = self._operations.get(str(question.pop("op", "")))
            if operation is None:
                raise NotFound("The keeper does not do that.")
            return {"ok": operation(**question)}
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            return error_answer(BadFormat(f"The question is wrong at {where}: {first['type']}."))
        except PlainviewError as error:
            return error_answer(error)
        except OSError as error:
            return error_answer(LogAway(f"The keeper's disk failed: {error.strerror}."))
