"""Requests and answers: OPTIONS, DESCRIBE, SETUP, PLAY, keep-alive, TEARDOWN (RFC 2326)."""

from __future__ import annotations

import re
import time
from collections import deque
from dataclasses import dataclass

from plainview.errors import BadFormat, SourceAway
from plainview.media.rtp import message
from plainview.media.rtp.control import Control
from plainview.media.rtp.description import Video, video_of
from plainview.media.rtp.login import Login
from plainview.media.rtp.message import Answer, Asked, Interleaved

_TRIES = 3
_UNASKED = 32
_EARLY = 256
_LEAST_TIMEOUT_S = 10.0
_REASONS = {
    404: ("knows no such stream", "Check the path of the address."),
    453: ("has no bandwidth left", "Another viewer may hold its last stream."),
    461: ("does not offer this transport", "Choose another transport for this camera."),
    503: ("is busy", "It may serve no more viewers at once."),
}


@dataclass(frozen=True, slots=True)
class Setup:
    """What the camera agreed to."""

    server_ports: tuple[int, int] | None
    channels: tuple[int, int]
    ssrc: int | None
    first: int | None
    """Number of the first RTP packet, where it was told."""


class Dialogue:
    """One session on a connection. Every call may raise `SourceAway`."""

    def __init__(
        self, control: Control, url: str, login: Login, *, until: float, open_s: float
    ) -> None:
        """`url` has no credentials in it; `until` (monotonic) is the end of the `open_s` seconds
        that opening may take."""
        self._control, self._url, self._login = control, url, login
        self._name = control.name
        self._until = until
        self._open_s = open_s
        self._sequence = 0
        self._session = ""
        self._base = url
        self._public = ""
        self.early: deque[Interleaved] = deque(maxlen=_EARLY)
        """Packets that came between answers."""
        self.timeout_s = 60.0

    def describe(self) -> Video:
        """What the camera offers."""
        self._public = self._ask("OPTIONS", self._url, {}, anything=True).header("public")
        answer = self._ask("DESCRIBE", self._url, {"Accept": "application/sdp"})
        base = answer.header("content-base") or answer.header("content-location")
        self._base = base if "://" in base else self._url
        return video_of(self._name, answer.body.decode("utf-8", "replace"), self._base)

    def start(self, video: Video, transport: str) -> Setup:
        """SETUP and PLAY."""
        answer = self._ask("SETUP", video.control, {"Transport": transport})
        session, _, rest = answer.header("session").partition(";")
        self._session = session.strip()
        if not self._session:
            raise SourceAway(f"{self._name} opened no session.")
        given = re.search(r"timeout\s*=\s*(\d{1,6})", rest)
        self.timeout_s = max(_LEAST_TIMEOUT_S, float(given[1])) if given else 60.0
        agreed = answer.header("transport")
        played = self._ask("PLAY", self._base, {"Range": "npt=0.000-"})
        first = re.search(r"(?:^|;)\s*seq=(\d{1,5})(?:;|,|$)", played.header("rtp-info"))
        ssrc = re.search(r"(?i)(?:^|;)\s*ssrc=([0-9a-f]{1,8})\s*(?:;|$)", agreed)
        return Setup(
            server_ports=_pair(agreed, "server_port"),
            channels=_pair(agreed, "interleaved") or (0, 1),
            ssrc=int(ssrc[1], 16) if ssrc else None,
            first=int(first[1]) & 0xFFFF if first else None,
        )

    def keep_alive(self) -> None:
        """Say that we are still here; the answer comes among the packets."""
        known = not self._public or "GET_PARAMETER" in self._public.upper()
        self._send("GET_PARAMETER" if known else "OPTIONS", self._base, {})

    def handle(self, one: Answer | Asked) -> None:
        """What comes while it plays: answers to keep-alives, questions of the camera."""
        if isinstance(one, Asked):
            self._control.send(message.answer_to(one))
        elif one.status == 401 and self._login.challenge(one.headers.get("www-authenticate", [])):
            self.keep_alive()
        elif one.status == 454:
            raise SourceAway(f"{self._name} has ended the session.")

    def leave(self) -> None:
        """TEARDOWN, without waiting for the answer."""
        if self._session:
            self._send("TEARDOWN", self._base, {})

    def _ask(
        self, method: str, url: str, headers: dict[str, str], *, anything: bool = False
    ) -> Answer:
        """The answer 200; any other one too, if `anything` will do."""
        for _ in range(_TRIES):
            self._send(method, url, headers)
            answer = self._answer()
            if answer.status != 401:
                break
            if not self._login.challenge(answer.headers.get("www-authenticate", [])):
                raise self._refused()
        if answer.status == 401:
            raise self._refused()
        if answer.status == 200 or anything:
            return answer
        if 300 <= answer.status < 400:
            raise SourceAway(
                f"{self._name} refers to another address.",
                hint="Redirections are not followed: enter the address that it refers to.",
            )
        what, hint = _REASONS.get(answer.status, (f"refuses: {answer.status} {answer.reason}", ""))
        raise SourceAway(f"{self._name} {what}.", hint=hint)

    def _refused(self) -> SourceAway:
        if not self._login.given:
            why = "wants a user and a password"
        else:
            why = "does not accept the user or the password"
        return SourceAway(
            f"{self._name} {why}.",
            hint="Give the address again as rtsp://user:password@host/path, "
            "with : / @ in the password written as %3A %2F %40.",
        )

    def _send(self, method: str, url: str, headers: dict[str, str]) -> None:
        self._sequence += 1
        head = {"CSeq": str(self._sequence), "User-Agent": "Plainview", **headers}
        if self._session:
            head["Session"] = self._session
        try:
            data = message.request(method, url, head | self._login.header(method, url))
        except BadFormat as error:
            raise SourceAway(f"{self._name} cannot be asked: {error.message}.") from None
        self._control.send(data)

    def _answer(self) -> Answer:
        unasked = 0
        while (left := self._until - time.monotonic()) > 0:
            found: Answer | None = None
            for one in self._control.receive(left):
                if isinstance(one, Interleaved):
                    self.early.append(one)
                elif isinstance(one, Asked):
                    self._control.send(message.answer_to(one))
                    unasked += 1
                elif one.status < 200 or one.sequence not in ("", str(self._sequence)):
                    unasked += 1
                else:
                    found = one
            if found is not None:
                return found
            if unasked > _UNASKED:
                raise SourceAway(f"{self._name} answers what was not asked.")
        raise SourceAway(
            f"{self._name} cannot be opened: no answer within {self._open_s:g} s.",
            hint="Check the address, the password and the cable.",
        )


def _pair(transport: str, key: str) -> tuple[int, int] | None:
    """Two numbers of a Transport header, the second one left out by some."""
    found = re.search(rf"(?i)(?:^|;)\s*{key}=(\d{{1,5}})(?:-(\d{{1,5}}))?", transport)
    if found is None:
        return None
    low = int(found[1])
    return low, int(found[2]) if found[2] else low + 1
