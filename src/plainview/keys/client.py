"""The client of the keeper: thread-safe, reconnecting, raising the keeper's errors as its own.

Connections wait in a small pool, so that threads do not wait for one another's log entries. A
question that met a broken connection is asked once more; its entry id makes that harmless.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from plainview.base.clock import Ms
from plainview.base.ids import b64, new_id, unb64
from plainview.errors import BadFormat, KeeperAway, PlainviewError
from plainview.keys.protocol import receive, send

_POOL = 16
_HINT = "Is the keeper running? `plainview serve` starts it."


@dataclass(frozen=True)
class Act:
    """An act of a person on the log; `salt` (hex) opens its commitment until the reveal."""

    index: int
    salt: str


@dataclass(frozen=True)
class Session:
    """A logged right to ask for view keys of one camera; `expires` in milliseconds UTC."""

    id: str
    index: int
    salt: str
    expires: Ms


class Draft(Protocol):
    """`plainview.seal.draft.Draft`, which this package may not import."""

    def to_dict(self) -> dict[str, Any]: ...


class Link:
    """A connection, and the buffer through which it is read."""

    def __init__(self, path: str, timeout_s: float) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.stream = self.socket.makefile("rb")
        try:
            self.socket.settimeout(timeout_s)
            self.socket.connect(path)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


class KeeperClient:
    """All that other processes may ask of the keeper. Every method raises the keeper's error
    under its own class, or `KeeperAway`."""

    def __init__(self, socket_path: Path, *, timeout_s: float = 30) -> None:
        self._path = str(socket_path)
        self._timeout = timeout_s
        self._idle: list[Link] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def path(self) -> str:
        """The keeper's socket."""
        return self._path

    def close(self) -> None:
        """Close the connections that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        for link in idle:
            link.close()

    def append(self, raw: bytes) -> int:
        """Log a signed statement; its index. The same entry again gives the same index."""
        return int(self._ask("append", raw=b64(raw)))

    def make_windows(
        self, camera: str, register_index: int, drafts: Sequence[Draft]
    ) -> list[dict[str, Any]]:
        """Log windows (at most 40) and lock them; pack headers (`WindowHeader.from_dict`).

        The sealed shares stay here: the keeper sees their hashes only.
        """
        made = [draft.to_dict() for draft in drafts]
        asked = [_window_question(draft) for draft in made]
        locked = self._ask("windows", id=new_id(), register=register_index, drafts=asked)
        headers = []
        for draft, header in zip(made, locked, strict=True):
            if header["record"]["camera"] != camera or draft["spec"]["camera"] != camera:
                raise BadFormat("The drafts are of another camera.")
            shares = [
                {"i": s["i"], "person": s["person"], "sealed": s["data"]} for s in draft["shares"]
            ]
            headers.append({**header, "shares": shares})
        return headers

    def roots(
        self,
        node: str,
        minute: str,
        leaves: Sequence[dict[str, Any]],
        *,
        entry: str | None = None,
    ) -> int:
        """Publish a minute's leaves, then log their Merkle roots; the index.

        `entry` is the id to use when the caller, after a crash, may ask a second time.
        """
        question = {"node": node, "minute": minute, "leaves": list(leaves)}
        return int(self._ask("roots", id=entry or new_id(), **question))

    def gate(self, camera: str, allowed: bool, reason: str, register: int | None) -> int:
        """Log what the gate answered; the index."""
        return int(
            self._ask(
                "gate",
                id=new_id(),
                camera=camera,
                allowed=allowed,
                reason=reason,
                register=register,
            )
        )

    def redaction(self, entry: str, body: dict[str, Any]) -> int:
        """Log what a recorder redacts with (`node`, `software`, `models`, `settings`); the index.

        `entry` is the id to use, the same one when the caller asks a second time.
        """
        return int(self._ask("redaction", id=entry, **body))

    def objection(self, entry: str, camera: str, version: int, commitment: str) -> int:
        """Log that somebody objects to a version whose notice runs; the objection's number.

        `entry` is the id to use, the same one when the caller asks a second time.
        """
        question = {"camera": camera, "version": version, "commitment": commitment}
        return int(self._ask("objection", id=entry, **question))

    def act(
        self, actor: str, role: str, act: str, detail: dict[str, Any], *, policy: str | None = None
    ) -> Act:
        """Log an act of a person: the commitment now, the detail at the reveal.

        `policy` is the hash of the policies by which it was allowed.
        """
        question = {"actor": actor, "role": role, "act": act, "detail": detail, "policy": policy}
        return Act(**self._ask("act", id=new_id(), **question))

    def watch(
        self,
        actor: str,
        role: str,
        kind: str,
        camera: str,
        from_ms: Ms,
        to_ms: Ms | None,
        purpose: str,
        *,
        policy: str | None = None,
    ) -> Session:
        """Log that somebody watches (`live` or `playback`), and get the right to its view keys."""
        question = {"actor": actor, "role": role, "kind": kind, "camera": camera}
        span = {"from_ms": from_ms, "to_ms": to_ms, "purpose": purpose, "policy": policy}
        return Session(**self._ask("watch", id=new_id(), **question, **span))

    def view_key(self, session: str, window: str) -> bytes:
        """The 32-byte view key of a window that the session covers."""
        return unb64(self._ask("view_key", session=session, window=window))

    def watch_end(self, session: str) -> None:
        """End a session; an unknown one is no error."""
        self._ask("watch_end", session=session)

    def opening(self, request_hash: str, window: str) -> bytes:
        """E re-sealed to the requester (an age file), once enough releases are on the log."""
        return unb64(self._ask("opening", request=request_hash, window=window))

    def status(self) -> dict[str, Any]:
        """Size, whether the log can be written, witnesses, and the reasons to be red."""
        return dict(self._ask("status"))

    def _ask(self, op: str, **question: Any) -> Any:
        message = {"op": op, **question}
        answer = self._exchange(message, fresh=False)
        if answer is None:
            answer = self._exchange(message, fresh=True)
        if answer is None:
            raise KeeperAway("The keeper ended the connection.", hint=_HINT)
        raise_error(answer)
        return answer["ok"]

    def _exchange(self, message: dict[str, Any], *, fresh: bool) -> dict[str, Any] | None:
        """The answer, or None if the connection broke and asking again is worth it."""
        link = self._connection(fresh)
        try:
            send(link.socket, message)
            answer = receive(link.stream)
        except TimeoutError as error:
            link.close()
            raise KeeperAway("The keeper did not answer in time.", hint=_HINT) from error
        except OSError:
            link.close()
            return None
        except BadFormat:
            link.close()
            raise
        if answer is None:
            link.close()
            return None
        self._give_back(link)
        return answer

    def _connection(self, fresh: bool) -> Link:
        with self._lock:
            if self._idle and not fresh:
                return self._idle.pop()
        try:
            return Link(self._path, self._timeout)
        except OSError as error:
            raise KeeperAway("The keeper cannot be reached.", hint=_HINT) from error

    def _give_back(self, link: Link) -> None:
        with self._lock:
            if len(self._idle) < _POOL:
                self._idle.append(link)
                return
        link.close()


def _window_question(draft: dict[str, Any]) -> dict[str, Any]:
    shares = [{"i": s["i"], "plain": s["plain"], "sealed": s["sealed"]} for s in draft["shares"]]
    return {**{name: draft[name] for name in _DRAFT_FIELDS}, "shares": shares}


_DRAFT_FIELDS = ("spec", "pk", "k", "n", "set", "e", "view")


def raise_error(answer: dict[str, Any]) -> None:
    """Raise the error that `answer` carries, under its own class; nothing if it carries none."""
    error = answer.get("error")
    if error is not None:
        kind = _CLASSES.get(error.get("code"), PlainviewError)
        raise kind(str(error.get("message")), hint=str(error.get("hint", "")))


def _tree(kind: type[PlainviewError]) -> Iterator[type[PlainviewError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)


_CLASSES = {kind.code: kind for kind in _tree(PlainviewError)}
