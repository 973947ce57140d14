"""The keeper's Unix socket: bounded connections, one thread each.

Who may connect: our own user, and processes whose primary group is ours where an operator has given
the socket's folder to that group and to nobody else (mode 0770). A folder of any other mode, and
one that we make, opens the socket to nobody.

Every question is checked against the types of the method that answers it; what a person may see of
an error goes back under its code, anything unexpected ends the connection.
"""

from __future__ import annotations

import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterable
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


class Server(socketserver.ThreadingUnixStreamServer):
    """Serves `operations`, each under its own name, at `path` until `close`."""

    daemon_threads = False
    request_queue_size = CONNECTIONS

    def __init__(self, path: Path, operations: Iterable[Callable[..., Any]]) -> None:
        checked = validate_call(config=ConfigDict(strict=True))
        self._operations = {operation.__name__: checked(operation) for operation in operations}
        self._links: set[socket.socket] = set()
        self._lock = threading.Lock()
        durable.make_folder(path.parent, mode=0o700)
        path.unlink(missing_ok=True)
        super().__init__(str(path), socketserver.BaseRequestHandler)
        path.chmod(0o660 if path.parent.stat().st_mode & 0o077 == 0o070 else 0o600)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more questions; those under way are answered, idle connections ended."""
        self.shutdown()
        with self._lock:
            for link in self._links:
                link.shutdown(socket.SHUT_RD)
        self.server_close()
        Path(str(self.server_address)).unlink(missing_ok=True)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Our own user or group, and not too many."""
        raw = request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, user, group = _CREDENTIALS.unpack(raw)
        with self._lock:
            if (user == os.getuid() or group == os.getgid()) and len(self._links) < CONNECTIONS:
                self._links.add(request)
                return True
        log.warning("connection refused", connections=len(self._links))
        return False

    def finish_request(self, request: Any, client_address: Any) -> None:
        """One connection, in its own thread."""
        try:
            request.settimeout(IDLE_SECONDS)
            with request.makefile("rb") as stream:
                while (question := receive(stream)) is not None:
                    send(request, self._answer(question))
        except (OSError, BadFormat) as error:
            log.info("connection ended", reason=type(error).__name__)
        finally:
            with self._lock:
                self._links.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A fault of ours: the connection ends; the log of the process says where it was."""
        log.exception("question failed")

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            if (operation := self._operations.get(str(question.pop("op", "")))) is None:
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
