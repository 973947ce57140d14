"""A witness (c2sp.org/tlog-witness): cosigns a log only while it grows and never forks.

Run by somebody who is not the operator. It keeps one small file: for each log the last size and
root that it cosigned. That file is durable before the answer leaves, and one lock covers the
comparison and the write, so that no two answers contradict each other.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plainview.base import durable
from plainview.base.clock import Clock, now_ms
from plainview.base.ids import b64, unb64
from plainview.errors import BadFormat, BadProof, BadSignature, StoreDamaged, UnsafeStart
from plainview.tlog import cosign, notes, proofs
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.merkle import EMPTY_ROOT
from plainview.tlog.notes import SignatureLine, Verifier
from plainview.tlog.signing import SigningKey
from plainview.tlog.witness_client import SIZE_TYPE

MAX_REQUEST = 256 * 1024
MAX_STEPS = 63
_IDLE_SECONDS = 60
_TEXT = "text/plain; charset=utf-8"
_OLD = re.compile(rb"old (0|[1-9][0-9]{0,17})\n")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    kind: str = _TEXT


class Witness:
    """State and rules; `handle` is one add-checkpoint request. Call from one thread."""

    def __init__(
        self,
        name: str,
        key: SigningKey,
        state: Path,
        logs: Mapping[str, Verifier],
        *,
        clock: Clock = now_ms,
    ) -> None:
        notes.check_name(name)
        self.name, self._key, self._state, self._logs = name, key, state, logs
        self._clock = clock
        self._lock = _lock(state)
        try:
            self._seen = _load(state)
        except StoreDamaged:
            self.close()
            raise

    def close(self) -> None:
        """Let another process use the state."""
        os.close(self._lock)

    @property
    def vkey(self) -> str:
        """What goes into a policy."""
        return cosign.verifier(self.name, self._key).vkey()

    def handle(self, body: bytes) -> Answer:
        """Check and cosign a checkpoint; the status codes are those of the specification."""
        try:
            old, path, note = parse_request(body)
            text, lines = notes.parse(note)
            asked = Checkpoint.parse(text)
        except BadFormat as error:
            return _refusal(400, error.message)
        log = self._logs.get(asked.origin)
        if log is None:
            return _refusal(404, "this log is not known here.")
        try:
            _check_log(log, text, lines)
        except BadSignature as error:
            return _refusal(403, error.message)
        if old > asked.size:
            return _refusal(400, "the old size is larger than the checkpoint.")
        return self._cosign(asked, text, old, path)

    def _cosign(self, asked: Checkpoint, text: bytes, old: int, path: Sequence[bytes]) -> Answer:
        size, root = self._seen.get(asked.origin, (0, EMPTY_ROOT))
        if old != size:
            return Answer(409, f"{size}\n".encode(), SIZE_TYPE)
        if size == asked.size and root != asked.root:
            return Answer(409, f"{size}\n".encode(), SIZE_TYPE)
        try:
            proofs.check_consistency(size, asked.size, path, root, asked.root)
        except BadProof as error:
            return _refusal(422, error.message)
        seen = {**self._seen, asked.origin: (asked.size, asked.root)}
        line = cosign.cosign(text, self.name, self._key, now=self._clock())
        _save(self._state, seen)
        self._seen = seen
        return Answer(200, line.text().encode())


def parse_request(body: bytes) -> tuple[int, list[bytes], bytes]:
    """Old size, consistency proof, checkpoint note; raises `BadFormat`."""
    head, empty, note = body.partition(b"\n\n")
    match = _OLD.match(head + b"\n")
    if not empty or match is None:
        raise BadFormat("the request does not begin with `old <size>` and a proof.")
    path = [unb64(line.decode("latin-1")) for line in head.split(b"\n")[1:]]
    if len(path) > MAX_STEPS or any(len(step) != 32 for step in path):
        raise BadFormat("a proof holds at most 63 hashes of 32 bytes.")
    return int(match[1]), path, note


def _check_log(log: Verifier, text: bytes, lines: Sequence[SignatureLine]) -> None:
    own = [line for line in lines if log.made(line)]
    if not own:
        raise BadSignature("the checkpoint is not signed by its log.")
    for line in own:
        log.verify(text, line.signature)


def _refusal(status: int, reason: str) -> Answer:
    return Answer(status, f"{reason}\n".encode())


def _lock(state: Path) -> int:
    """Two witnesses over one state could cosign a fork; raises `UnsafeStart`."""
    handle = os.open(state.with_name(f"{state.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise UnsafeStart(
            f"Another witness uses {state}.", hint="Give each witness a state of its own."
        ) from error
    return handle


def _load(state: Path) -> dict[str, tuple[int, bytes]]:
    if not state.exists():
        return {}
    try:
        document = json.loads(state.read_text())
        return {name: (int(at["size"]), unb64(at["root"])) for name, at in document.items()}
    except (ValueError, KeyError, TypeError, AttributeError, BadFormat) as error:
        raise StoreDamaged(
            f"{state} cannot be read.",
            hint="Restore it. A witness that starts anew could cosign a fork.",
        ) from error


def _save(state: Path, seen: Mapping[str, tuple[int, bytes]]) -> None:
    document = {name: {"size": size, "root": b64(root)} for name, (size, root) in seen.items()}
    durable.write_file(state, json.dumps(document, indent=1).encode())


# -- HTTP/1.1, as little of it as the protocol needs


async def serve(
    witness: Witness, host: str, port: int, *, ready: Callable[[int], None] = lambda port: None
) -> None:
    """Answer until cancelled; `ready` gets the port once it listens."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await _answer_one(witness, reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(connected, host, port, limit=MAX_REQUEST)
    async with server:
        ready(server.sockets[0].getsockname()[1])
        await server.serve_forever()


async def _answer_one(
    witness: Witness, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Read and answer one request; False when the connection is to be closed."""
    async with asyncio.timeout(_IDLE_SECONDS):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:])
        }
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_REQUEST or "transfer-encoding" in headers:
            _send(
                writer, _refusal(400, "a request has a content-length of at most 256 KiB."), False
            )
            return False
        body = await reader.readexactly(int(length))
    keep = headers.get("connection", "").lower() != "close" and head[0].endswith("HTTP/1.1")
    _send(writer, _route(witness, head[0].split(" "), body), keep)
    async with asyncio.timeout(_IDLE_SECONDS):
        await writer.drain()
    return keep


def _route(witness: Witness, request: Sequence[str], body: bytes) -> Answer:
    if len(request) != 3 or request[1] != "/add-checkpoint":
        return _refusal(404, "POST /add-checkpoint is all there is here.")
    if request[0] != "POST":
        return _refusal(405, "POST, please.")
    try:
        return witness.handle(body)
    except OSError as error:
        return _refusal(500, f"the witness cannot remember: {error.strerror}.")


_REASONS = {200: "OK", 409: "Conflict"}


def _send(writer: asyncio.StreamWriter, answer: Answer, keep: bool) -> None:
    head = (
        f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Refused')}\r\n"
        f"Content-Type: {answer.kind}\r\nContent-Length: {len(answer.body)}\r\n"
        f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
    )
    writer.write(head.encode() + answer.body)
