"""Callers of every route of an application: with what they may ask, and what answers must carry."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass
from typing import Any

from fastapi.routing import iter_route_contexts

from plainview.testing.belongings import Belongings
from plainview.testing.hall import Citizen
from plainview.web.permissions import Needs, doors

SHARED = {
    "camera": "cam-01", "name": "traffic-unit", "index": "0", "kind": "legal-basis", "law": "demo",
    "path": "checkpoint", "person": "", "mark": "", "number": "", "invitation": "", "proposal": "",
    "letter": "",
}  # fmt: skip
"""Parameters that name what is public, or what all who hold the permission work on together."""
HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
POLICY = ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'")


@dataclass(frozen=True)
class Route:
    """A method at an address."""

    method: str
    template: str
    lock: Needs | None

    @property
    def label(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def names(self) -> list[str]:
        """Of its path's parameters."""
        return re.findall(r"{(\w+)", self.template)

    def path(self, known: dict[str, str]) -> str:
        """With values that exist, or those given."""

        def value(found: re.Match[str]) -> str:
            name = "report" if "report" in self.template and found[1] == "number" else found[1]
            return known.get(name) or SHARED[found[1]]

        return re.sub(r"{(\w+)(?::\w+)?}", value, self.template)


def routes(busy: Belongings) -> list[Route]:
    """Every route of the application, also one that was added today."""
    every, found = busy.site.app.routes, []
    for context, (path, declared) in zip(iter_route_contexts(every), doors(every), strict=True):
        lock = next((one for one in declared if isinstance(one, Needs)), None)
        for method in getattr(context.route, "methods", None) or {"WS"}:
            found.append(Route(method, path, lock))
    return found


def lacking(headers: Any) -> list[str]:
    """What an answer does not carry of what every answer of ours must."""
    policy = headers["content-security-policy"] or ""
    parts = policy.split("; ")
    wrong = [name for name, value in HEADERS.items() if headers[name] != value]
    return wrong + [one for one in POLICY if one not in parts] + re.findall("unsafe", policy)


def by_role(busy: Belongings) -> dict[str, Citizen]:
    town = busy.site.town
    return {
        "operator": town.operator,
        "investigator": town.officer,
        "supervisor": busy.staff.lead,
        "custodian": town.court,
        "auditor": busy.auditor,
        "administrator": busy.staff.admin,
    }


def raw(busy: Belongings, method: str, target: str, headers: dict[str, str]) -> tuple[Any, bytes]:
    """An answer to a request whose target is sent as it is."""
    link = http.client.HTTPConnection("localhost", busy.site.town.settings.port, timeout=20)
    try:
        body = b"{}" if method == "POST" else None
        link.request(method, target, body, {**headers, "Content-Type": "application/json"})
        answer = link.getresponse()
        return answer, answer.read()
    finally:
        link.close()


def powers(busy: Belongings, route: Route) -> dict[str, str]:
    """Headers of somebody who may call the route."""
    if route.lock is None:
        return {"Accept": "text/html"}
    holders = busy.site.web.rights.engine.roles(route.lock.permission)
    citizen = next(
        (one for role, one in by_role(busy).items() if role in holders), busy.site.town.dpo
    )
    held = busy.secret(citizen)
    return {
        "X-Plainview": "1",
        "Origin": busy.site.url,
        "Cookie": f"plainview_session={held}",
        "Accept": "text/html",
    }
