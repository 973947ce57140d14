"""A town that publishes as one does from home: one person proposes, another approves by passkey."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plainview.base.clock import DAY_MS, to_iso
from plainview.register import records, statements
from plainview.testing.passkey import Passkey
from plainview.testing.town import CAMERA, CUSTODIANS, SET, Town, camera_values
from plainview.tlog.entries import make
from plainview.tlog.signing import draft_statement, finish_statement, sign

LAW = "legal-basis/road-act"


class ApprovingTown(Town):
    """A person, the custodian set, a law and the camera that rests on it, each approved.

    A later version of the camera was objected to, and the objection answered.
    """

    def __init__(self, folder: Path) -> None:
        self.passkey = Passkey("administrator", "town.example")
        super().__init__(folder)
        two = self.signers("custodian-a", "custodian-b")
        body = self.person("administrator").body() | {"more_keys": [self.passkey.public_b64]}
        self.append(sign(make("enrol", body, time=self.now), two).raw)
        clerk = self.person("operator").body()
        clerk |= {"scope": {"units": ["Traffic"], "cameras": []}}
        self.approved("custodian-a", "enrol", clerk)
        members = [self.person(role) for role in CUSTODIANS]
        group = statements.custodian_set(SET, 2, members, two, time=self.now)
        self.approved("custodian-a", "custodian-set", group.body)
        self.approved("custodian-a", "record", self._law())
        self.approved("custodian-a", "camera", self._version(rests_on=[LAW]))
        self._objected()

    def approved(self, role: str, type: str, body: dict[str, Any]) -> int:
        """Proposed in this role, approved by the administrator with a passkey; where it stands."""
        waiting = make("propose", {"type": type, "body": body}, time=self.now)
        proposal = sign(waiting, self.signers(role))
        self.append(proposal.raw)
        approval = {"proposal": proposal.hash}
        draft = draft_statement("approve", approval, [self.passkey.key_id], time=self.now)
        signed = finish_statement(draft, {self.passkey.key_id: self.passkey.sign(draft)})
        return self.append(signed.raw)

    def _law(self) -> dict[str, Any]:
        kind, name = LAW.split("/")
        span = {"valid_from": to_iso(self.now - DAY_MS), "valid_to": to_iso(self.now + 9 * DAY_MS)}
        stated = {"kind": kind, "id": name, "version": 1, "status": "active"}
        return {**stated, "record": {"law": "Road Safety Act", **span}}

    def _version(self, **changes: Any) -> dict[str, Any]:
        made = records.camera_record(camera_values(self.now)).body() | changes
        version = len(self.history.cameras[CAMERA]) + 1
        return {"camera": CAMERA, "version": version, "status": "active", "record": made}

    def _objected(self) -> None:
        later = self._version(rests_on=[LAW], valid_from=to_iso(self.now + 5 * DAY_MS))
        self.approved("custodian-a", "camera", later)
        objection = {"camera": CAMERA, "version": later["version"], "commitment": "00" * 32}
        body = {"objections": [self.log("objection", objection)], "outcome": "rejected"}
        answer = make("answer", {**body, "text": "Doors are hidden."}, time=self.now)
        self.append(sign(answer, self.signers("custodian-a")).raw)
