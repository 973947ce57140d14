"""RTSP messages as a client reads them (RFC 2326), and packets between them (clause 10.12).

Bounded: an endless head, a huge body or garbage ends the connection, whatever the camera is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from plainview.errors import BadFormat

MAX_HEAD = 32 * 1024
MAX_BODY = 256 * 1024
_COMPACT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. Header names are lower case; one that stands twice keeps all its values."""

    status: int
    reason: str
    headers: dict[str, list[str]]
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first value, or nothing."""
        return self.headers.get(name, [""])[0]

    @property
    def sequence(self) -> str:
        """Which request it answers."""
        return self.header("cseq")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of the camera's own."""

    method: str
    sequence: str


@dataclass(frozen=True, slots=True)
class Interleaved:
    """An RTP or RTCP packet on the RTSP connection."""

    channel: int
    data: bytes


Message = Answer | Asked | Interleaved


class Inbox:
    """Cuts what arrives into messages."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.at = 0
        """Where the next message begins."""

    def push(self, data: bytes) -> Iterator[Message]:
        """Messages that are now complete. Raises `BadFormat`; then nothing more can be read."""
        self.add(data)
        while (message := self.next()) is not None:
            yield message
        self.tidy()

    def add(self, data: bytes) -> None:
        """Take what has arrived."""
        self.buffer += data

    def tidy(self) -> None:
        """Forget what has been read."""
        if self.at > _COMPACT or self.at == len(self.buffer):
            del self.buffer[: self.at]
            self.at = 0

    def next(self) -> Message | None:
        """The next message, if it is complete. Raises `BadFormat`."""
        self._skip_empty_lines()
        left = len(self.buffer) - self.at
        if left < 4:
            self._check_first()
            return None
        if self.buffer[self.at] == 0x24:
            size = self.buffer[self.at + 2] << 8 | self.buffer[self.at + 3]
            if left < 4 + size:
                return None
            start = self.at + 4
            self.at = start + size
            channel = self.buffer[start - 3]
            return Interleaved(channel, bytes(self.buffer[start : self.at]))
        self._check_first()
        return self._text()

    def _skip_empty_lines(self) -> None:
        while self.at < len(self.buffer) and self.buffer[self.at] in b"\r\n":
            self.at += 1

    def _check_first(self) -> None:
        if self.at < len(self.buffer):
            first = self.buffer[self.at]
            if first != 0x24 and not 0x41 <= first <= 0x5A:
                raise BadFormat("what it sends is not RTSP")

    def _text(self) -> Message | None:
        end = self.buffer.find(b"\r\n\r\n", self.at, self.at + MAX_HEAD)
        if end < 0:
            if len(self.buffer) - self.at >= MAX_HEAD:
                raise BadFormat("the head of its answer is too long")
            return None
        status, reason, method, headers = parse_head(bytes(self.buffer[self.at : end]))
        text = headers.get("content-length", ["0"])[0]
        if not re.fullmatch(r"\d{1,9}", text) or int(text) > MAX_BODY:
            raise BadFormat("the body of its answer is too long")
        stop = end + 4 + int(text)
        if len(self.buffer) < stop:
            return None
        body = bytes(self.buffer[end + 4 : stop])
        self.at = stop
        if method:
            return Asked(method, headers.get("cseq", ["0"])[0])
        return Answer(status, reason, headers, body)


def parse_head(head: bytes) -> tuple[int, str, str, dict[str, list[str]]]:
    """(status, reason, method, headers) of an answer or a request. Raises `BadFormat`."""
    lines = head.decode("utf-8", "replace").split("\r\n")
    answer = re.fullmatch(r"RTSP/\d\.\d (\d{3})(?: (.*))?", lines[0])
    request = re.fullmatch(r"([A-Z_]{1,32}) \S{1,2048} RTSP/\d\.\d", lines[0])
    if answer is None and request is None:
        raise BadFormat("what it sends is not RTSP")
    headers: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), []).append(value.strip())
    if answer is not None:
        return int(answer[1]), _plain(answer[2] or ""), "", headers
    return 0, "", request[1] if request else "", headers


def _plain(text: str) -> str:
    """A camera's words, fit to stand in a log line."""
    return "".join(c for c in text[:80] if c.isprintable())


def request(method: str, url: str, headers: dict[str, str]) -> bytes:
    """A request as bytes. Raises `BadFormat` if anything would break the line it stands in."""
    lines = [f"{method} {url} RTSP/1.0", *(f"{name}: {value}" for name, value in headers.items())]
    if any(c in line for line in lines for c in "\r\n"):
        raise BadFormat("an address or header holds a line break")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer_to(asked: Asked) -> bytes:
    """What a camera's own request is told: only OPTIONS and keep-alives are understood."""
    known = asked.method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER")
    number = re.sub(r"\D", "", asked.sequence)[:9] or "0"
    status = "200 OK" if known else "501 Not Implemented"
    return f"RTSP/1.0 {status}\r\nCSeq: {number}\r\n\r\n".encode()
