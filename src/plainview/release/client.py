"""The tools' only way to a server: HTTP, a session by key, bounded answers, errors in one line.

Nothing that comes back is believed here; `plainview.release.checks` decides.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx

from plainview.base.clock import Clock, now_ms, to_iso
from plainview.base.ids import b64
from plainview.errors import (
    BadFormat,
    NotAuthorised,
    NotFound,
    PlainviewError,
    Refused,
    Unavailable,
)
from plainview.release.keyfile import KeyFile

MAX_ANSWER = 64 << 20
MAX_SEGMENT = 256 << 20
MAX_SEGMENT_HEADER = 1 << 16
_TIMEOUT = httpx.Timeout(30, connect=10)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def origin_of(server: str) -> str:
    """`https://host:port` of an address. Raises `BadFormat`; plain HTTP only to this machine."""
    parts = urlsplit(server if "://" in server else f"http://{server}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadFormat(
            f"{server!r} is not a server's address.",
            hint="Write https://host or http://localhost:8600.",
        )
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise BadFormat(
            f"{server} would be spoken to without encryption.",
            hint="Use https:// for other machines.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


def _tls(origin: str) -> ssl.SSLContext:
    """The machine's own list of authorities; for plain HTTP an empty one, made quickly."""
    if origin.startswith("https:"):
        return ssl.create_default_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Server:
    """A session with one server, as the person of the key file."""

    def __init__(self, address: str, key: KeyFile, *, clock: Clock = now_ms) -> None:
        self.origin = origin_of(address)
        self._key, self._clock = key, clock
        self._http = httpx.Client(
            base_url=self.origin, timeout=_TIMEOUT, trust_env=False, verify=_tls(self.origin)
        )
        self._token: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Sign out (best effort: the session also ends by itself) and close the connection."""
        try:
            if self._token is not None:
                self._http.delete("/api/session", headers=self._headers())
        except httpx.HTTPError:
            self._token = None
        finally:
            self._http.close()

    def get(self, path: str, **query: str) -> Any:
        """The JSON of an answer. Raises what the server refused with, or `Unavailable`."""
        return self._json("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send JSON, get JSON."""
        return self._json("POST", path, json=body)

    def text(self, path: str) -> str:
        """A public text file of the server."""
        return self._bytes("GET", path, signed_in=False).decode("utf-8", "replace")

    def public(self, path: str) -> bytes:
        """A public file of the server."""
        return self._bytes("GET", path, signed_in=False)

    def segments(self, window: str, request: str) -> Iterator[tuple[dict[str, Any], bytes]]:
        """The sealed segments of a window: (header, age file), one after the other."""
        path = f"/api/originals/{quote(window)}"
        try:
            with self._http.stream(
                "GET", path, params={"request": request}, headers=self._headers()
            ) as answer:
                if answer.is_error:
                    answer.read()
                    raise _refusal(answer)
                yield from _split(answer.iter_bytes(1 << 16))
        except httpx.HTTPError as error:
            raise _away(self.origin, error) from error

    def _json(self, method: str, path: str, **kwargs: Any) -> Any:
        data = self._bytes(method, path, **kwargs)
        try:
            return json.loads(data) if data else None
        except (ValueError, RecursionError) as error:
            raise BadFormat(f"{self.origin}{path} did not answer with JSON.") from error

    def _bytes(self, method: str, path: str, *, signed_in: bool = True, **kwargs: Any) -> bytes:
        headers = self._headers() if signed_in else {}
        try:
            with self._http.stream(method, path, headers=headers, **kwargs) as answer:
                data = bytearray()
                for chunk in answer.iter_bytes():
                    data += chunk
                    if len(data) > MAX_ANSWER:
                        raise BadFormat(f"{self.origin}{path} answers without end.")
                if answer.is_error:
                    raise _refusal(answer, bytes(data))
                return bytes(data)
        except httpx.HTTPError as error:
            raise _away(self.origin, error) from error

    def _headers(self) -> dict[str, str]:
        if self._token is None:
            self._token = self._sign_in()
        return {"Authorization": f"Bearer {self._token}", "X-Plainview": "1"}

    def _sign_in(self) -> str:
        time = to_iso(self._clock())
        message = f"plainview/session/v1\n{self.origin}\n{time}".encode()
        signing = self._key.signing
        answer = self._json(
            "POST",
            "/api/session/key",
            json={"key_id": signing.key_id, "time": time, "sig": b64(signing.sign(message))},
            signed_in=False,
        )
        if not isinstance(answer, dict) or not isinstance(answer.get("token"), str):
            raise BadFormat(f"{self.origin} gave no session.")
        return str(answer["token"])


def _split(chunks: Iterator[bytes]) -> Iterator[tuple[dict[str, Any], bytes]]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= 4:
            length = int.from_bytes(held[:4], "big")
            if length > MAX_SEGMENT:
                raise BadFormat("A segment of impossible length was sent.")
            if len(held) < 4 + length:
                break
            yield _segment(bytes(held[4 : 4 + length]))
            del held[: 4 + length]
    if held:
        raise BadFormat("The server stopped in the middle of a segment.", hint="Try again.")


def _segment(item: bytes) -> tuple[dict[str, Any], bytes]:
    end = item.find(b"\n", 0, MAX_SEGMENT_HEADER)
    try:
        header = json.loads(item[: max(end, 0)])
    except (ValueError, RecursionError) as error:
        raise BadFormat("A segment was sent without its header.") from error
    if not isinstance(header, dict):
        raise BadFormat("A segment was sent without its header.")
    return header, item[end + 1 :]


def _away(origin: str, error: httpx.HTTPError) -> Unavailable:
    return Unavailable(
        f"{origin} cannot be reached: {error}.", hint="Check the address; try again."
    )


_STATUS: dict[int, type[PlainviewError]] = {401: NotAuthorised, 403: NotAuthorised, 404: NotFound}


def _refusal(answer: httpx.Response, data: bytes | None = None) -> PlainviewError:
    try:
        said = json.loads(answer.content if data is None else data)
        message, hint = str(said["message"])[:500], str(said.get("hint", ""))[:500]
    except (ValueError, TypeError, KeyError):
        message, hint = f"The server answered {answer.status_code} to {answer.url.path}.", ""
    kind = _STATUS.get(answer.status_code, Unavailable if answer.status_code >= 500 else Refused)
    return kind(message, hint=hint)
