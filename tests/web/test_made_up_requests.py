"""Made-up requests against the description of the API (schemathesis): nothing breaks, and every
answer is one that the description declares.

The server is real, with keeper, log and pictures; half of the names in the requests are of things
that exist, so that what lies behind them is reached.
"""

from __future__ import annotations

import copy
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from schemathesis import config as settings
from schemathesis.engine import events, from_schema

from plainview.base.ids import b64
from plainview.errors import NotAuthorised
from plainview.policies.model import Principal
from plainview.testing.belongings import Belongings
from plainview.testing.hall import Citizen
from plainview.tlog.entries import make
from plainview.tlog.signing import sign

FULL = os.environ.get("PLAINVIEW_BARS") == "1"
EXAMPLES = 30 if FULL else 2
METHODS = {"put", "patch", "trace", "get", "delete", "post"} if FULL else {"put"}
"""Tried where they are wrong."""
SEED = 20261128
ENDS = ("/api/session", "/api/my/sessions")
"""They end the session that asks; they are asked last."""
UNCHECKED = ("positive_data_acceptance", "use_after_free", "ensure_resource_availability")
"""Not asked: rules say no to more than a shape can say, and a name may be gone by then."""
Choose = Callable[[Belongings], Citizen | None]
WHO: dict[str, Choose] = {
    "nobody": lambda _: None,
    "operator": lambda busy: busy.site.town.operator,
    "officer": lambda busy: busy.site.town.officer,
    "dpo": lambda busy: busy.site.town.dpo,
    "supervisor": lambda busy: busy.staff.lead,
    "administrator": lambda busy: busy.staff.admin,
}


@dataclass
class Outcome:
    """What became of a run."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[tuple[str, str, int], str] = field(default_factory=dict)

    def add(self, event: Any) -> None:
        """Note what an event of the engine says."""
        if isinstance(event, events.NonFatalError | events.FatalError):
            self.faults["engine", type(event).__name__, 0] = str(vars(event))
        if not isinstance(event, events.ScenarioFinished):
            return
        for one in event.recorder.interactions.values():
            if one.response is not None:
                self.statuses[one.response.status_code] += 1
        for case, checks in event.recorder.checks.items():
            sent = event.recorder.interactions[case]
            for check in checks:
                if check.failure_info is not None:
                    status = sent.response.status_code if sent.response else 0
                    said = f"{check.failure_info.failure.message} {sent.request.uri}"
                    self.faults[check.name, str(event.label), status] = said[:500]


def described(busy: Belongings) -> dict[str, Any]:
    """The description that the server gives, with names of what exists beside any others."""
    with busy.site.client() as client:
        spec: dict[str, Any] = client.get("/api/openapi.json").json()
    window = busy.known["window"]
    body = {"windows": [window], "until": busy.span()["to"], "detail_commitment": "0" * 64}
    entry = sign(make("hold", body, time=busy.start), [busy.staff.lead.signing])
    known = {**busy.known, **busy.span(), "at": busy.span()["from"], "entry": b64(entry.raw)}
    numbers = {"index": [0, 5, 26], "number": [int(busy.known["number"]), 1], "seq": [0, 1]}
    numbers["entry"] = [int(busy.known["entry"])]
    known |= {"kind": "legal-basis", "law": "demo", "subject": "cam-01"}
    known |= {"recipient": "City police", "purpose": "Accident", "state": "unfounded"}
    for path, operations in spec["paths"].items():
        for operation in operations.values():
            for one in operation.get("parameters", []):
                _offer(one["name"], one["schema"], known, numbers)
                if one["name"] == "name":
                    one["schema"] = {"anyOf": [{"enum": _names(path)}, one["schema"]]}
    for model in spec["components"]["schemas"].values():
        for name, schema in model.get("properties", {}).items():
            _offer(name, schema, known, numbers)
    return spec


def _names(path: str) -> list[str]:
    return {"/algorithms/{name}": ["centerface"], "/policies/{name}": ["SHA256SUMS"]}.get(
        path, ["traffic-unit", "c-2026-118", "street-set"]
    )


def _offer(
    name: str, schema: dict[str, Any], known: dict[str, Any], numbers: dict[str, list[int]]
) -> None:
    """Change the schema of a field: a value that exists, or what it was."""
    before = copy.deepcopy(schema)
    if before.get("type") == "integer" and name in numbers:
        schema.clear()
        schema["anyOf"] = [{"enum": numbers[name]}, before]
    elif before.get("type") == "string" and name in known:
        schema.clear()
        schema["anyOf"] = [{"enum": [known[name]]}, before]


def configured(url: str, *, methods: set[str]) -> settings.SchemathesisConfig:
    """`methods`: which wrong methods are tried, too."""
    checks = settings.ChecksConfig.from_dict(
        {
            "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
            "negative_data_rejection": {"expected-statuses": ["4xx", "503"]},
            **{name: {"enabled": False} for name in UNCHECKED},
        }
    )
    project = settings.ProjectConfig(
        base_url=url,
        continue_on_failure=True,
        checks=checks,
        phases=settings.PhasesConfig(
            coverage=settings.CoveragePhaseConfig(unexpected_methods=methods),
            stateful=settings.StatefulPhaseConfig(enabled=False),
        ),
        generation=settings.GenerationConfig(
            max_examples=EXAMPLES, database="none", no_shrink=True
        ),
    )
    return settings.SchemathesisConfig(seed=SEED, projects=settings.ProjectsConfig(default=project))


def sign_in(schema: Any, busy: Belongings, citizen: Citizen) -> None:
    """Let every request come from a browser of somebody's, also after their session ended."""
    held = {"secret": busy.site.cookie(citizen)}

    @schema.auth(refresh_interval=None)
    class Browser:
        def get(self, case: Any, context: Any) -> str:
            try:
                busy.site.web.sessions.find(held["secret"], kind="cookie")
            except NotAuthorised:
                held["secret"] = busy.site.cookie(citizen)
            return held["secret"]

        def set(self, case: Any, secret: str, context: Any) -> None:
            case.headers["X-Plainview"], case.headers["Origin"] = "1", busy.site.url
            case.cookies["plainview_session"] = secret


def asked(busy: Belongings, citizen: Citizen | None, *, last: bool) -> Outcome:
    """Ask what a person may ask; at full counts everything. `last`: what ends the session."""
    spec = described(busy)
    held = busy.site.web.rights.engine.held(Principal("somebody", roles(citizen)))
    wanted = {
        (method, path)
        for path, operations in spec["paths"].items()
        for method, operation in operations.items()
        if (FULL or citizen is None or operation.get("x-permission") in held)
        and (method == "delete" and path in ENDS) == last
    }
    config = configured(busy.site.url, methods=METHODS)
    schema = schemathesis.openapi.from_dict(spec, config=config).include(
        lambda one: (one.operation.method.lower(), one.operation.path) in wanted
    )
    if citizen is not None:
        sign_in(schema, busy, citizen)
    outcome = Outcome()
    for event in from_schema(schema).execute():
        outcome.add(event)
    return outcome


def roles(citizen: Citizen | None) -> frozenset[str]:
    return frozenset() if citizen is None else frozenset(citizen.roles)


@pytest.mark.bar("routes")
@pytest.mark.parametrize("who", WHO)
def test_nothing_that_is_made_up_breaks_it(
    busy: Belongings, who: str, record_property: Any
) -> None:
    citizen = WHO[who](busy)
    outcome = Outcome()
    for last in (False, True):
        part = asked(busy, citizen, last=last)
        outcome.statuses += part.statuses
        outcome.faults |= part.faults
    assert outcome.faults == {}
    assert outcome.statuses[200] > 20, outcome.statuses
    assert not [status for status in outcome.statuses if status >= 500 and status != 503]
    total = sum(outcome.statuses.values())
    measured = f"{who}: {total} made-up requests, 0 server errors, 0 answers not declared"
    record_property("bar", json.dumps({"measured": measured}))
