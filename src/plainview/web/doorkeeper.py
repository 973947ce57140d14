"""Admits requests: finds the session behind a cookie or a bearer token, or refuses.

Cross-site requests: the cookie is HttpOnly and SameSite=Strict, but other ports of one host are
the *same site*. So a request with the cookie must come from our own origin (`Origin`,
`Sec-Fetch-Site`), and one that changes something must carry `X-Plainview: 1`, which no form can
send. Bearer tokens are sent by programs on purpose and need neither.

A page that asks again by itself says so with `X-Plainview-Background: 1`: that is no use of the
session, which ends under an open page that nobody touches.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from plainview.errors import NotAuthorised
from plainview.web.sessions import ABSOLUTE_MS, Sessions, SignedIn

_ELSEWHERE = "The request comes from another page."
_OWN = "Use Plainview's own pages."
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossSite(NotAuthorised):
    """A request that another page may have caused."""

    code = "cross_site"


class Doorkeeper:
    """Knows the table of sessions and the name of the cookie."""

    def __init__(self, sessions: Sessions, address: str) -> None:
        """`address` is what people type; it may be that of a proxy with TLS before us."""
        self._sessions, self._address = sessions, address
        self._secure = address.startswith("https:")
        prefix = "__Host-" if self._secure else ""
        self.cookie, self.asking = f"{prefix}plainview_session", f"{prefix}plainview_asking"
        self.way = f"{prefix}plainview_way"

    def admit(self, connection: HTTPConnection) -> SignedIn:
        """The session of a request. Raises `NotAuthorised`, or `CrossSite` for a forged one."""
        use = not in_background(connection)
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._sessions.find(token.strip(), kind="bearer", use=use)
        secret = connection.cookies.get(self.cookie)
        if not secret:
            raise NotAuthorised("You are not signed in.", hint="Sign in and try again.")
        self.check_own_page(connection)
        return self._sessions.find(secret, kind="cookie", use=use)

    def hand_out(self, response: Response, secret: str) -> None:
        """Put a new session's secret into the browser's cookie."""
        response.set_cookie(
            self.cookie,
            secret,
            max_age=ABSOLUTE_MS // 1000,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    def take_back(self, response: Response) -> None:
        """Delete the cookie."""
        response.delete_cookie(
            self.cookie, path="/", secure=self._secure, httponly=True, samesite="strict"
        )

    def own_origin(self, connection: HTTPConnection) -> str:
        """Our origin as the caller addressed it; the guard has checked the host."""
        host = connection.headers.get("host", "")
        if self._secure and host == urlsplit(self._address).netloc:
            return self._address
        scheme = {"ws": "http", "wss": "https"}.get(connection.url.scheme, connection.url.scheme)
        return f"{scheme}://{host}"

    def hand_out_asking(self, response: Response, ticket: str, seconds: int) -> None:
        """Bind a sign-in that has begun to this browser."""
        response.set_cookie(
            self.asking,
            ticket,
            max_age=seconds,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    def hand_out_way(self, response: Response, state: str, seconds: int) -> None:
        """Bind the way to an identity provider to this browser.

        Lax, not Strict: whoever comes back comes from the provider's page.
        """
        response.set_cookie(
            self.way,
            state,
            max_age=seconds,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def check_own_page(self, connection: HTTPConnection) -> None:
        """Raises `CrossSite` unless the request was caused by a page of ours."""
        origin = connection.headers.get("origin")
        socket = connection.scope["type"] == "websocket"
        foreign = origin is not None and origin != self.own_origin(connection)
        if foreign or (socket and origin is None):
            raise CrossSite(_ELSEWHERE, hint=_OWN)
        if connection.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise CrossSite(_ELSEWHERE, hint=_OWN)
        if socket or connection.scope["method"] in SAFE_METHODS:
            return
        if connection.headers.get("x-plainview") != "1":
            raise CrossSite("The header X-Plainview: 1 is missing.", hint=_OWN)


def in_background(connection: HTTPConnection) -> bool:
    """Whether a page asks by itself, without anybody's doing."""
    return connection.headers.get("x-plainview-background") == "1"
