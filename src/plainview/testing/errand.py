"""One window of a town and what its people do about it, each with their own tool over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plainview.base.clock import to_iso
from plainview.base.ids import unb64
from plainview.release import asking, custodian
from plainview.release.client import Server
from plainview.release.keyfile import KeyFile
from plainview.release.trust import Trust
from plainview.seal.segments import SegmentMeta, add_box, open_segment, seal_boxed
from plainview.seal.shares import unseal
from plainview.testing.desk import Desk
from plainview.testing.town import CAMERA, Sealed, Town, picture


@dataclass
class Errand:
    """The town, its server, and what the test's people do there."""

    town: Town
    desk: Desk
    address: str
    sealed: Sealed

    @property
    def window(self) -> str:
        return self.sealed.header.record.window

    def session(self, role: str) -> Server:
        return Server(self.address, self.town.keys[role])

    def trust(self, role: str) -> Trust:
        return Trust(self.town.keys[role])

    def trust_of(self, key: KeyFile) -> Trust:
        """What somebody with another key file believes."""
        return Trust(key)

    def lie_at(self, path: str, change: Callable[[Errand, Any], None]) -> None:
        """Let the server change what it says at `path`."""

        def lie(asked: str, said: Any) -> Any:
            if asked == path:
                change(self, said)
            return said

        self.desk.lie = lie

    def draft(self) -> dict[str, object]:
        record = self.sealed.header.record
        with self.session("investigator") as server:
            wish = {
                "camera": CAMERA,
                "from": to_iso(record.start_ms + 1000),
                "to": to_iso(record.start_ms + 9000),
                "purpose": "offence",
                "case": "K 17/26",
                "note": "A collision",
            }
            return asking.read_draft(server.post("/api/drafts", wish))

    def ask(self) -> str:
        draft = self.draft()
        with self.session("investigator") as server:
            key = self.town.keys["investigator"]
            return asking.ask(server, key, draft, now=self.town.now)

    def release(self, role: str, hash: str) -> None:
        with self.session(role) as server:
            trust = self.trust(role)
            asked = custodian.examine(server, trust, hash)
            for _ in custodian.release(server, trust, asked):
                continue

    def released(self) -> str:
        hash = self.ask()
        self.release("custodian-a", hash)
        self.release("custodian-b", hash)
        return hash

    def keepers_secret(self) -> bytes:
        return unb64(self.sealed.draft.e)

    def share_json(self, role: str) -> bytes:
        key = self.town.keys[role]
        share = next(s for s in self.sealed.header.shares if s.person == key.person)
        return unseal(unb64(share.sealed), key.age)

    def open_with(self, identity: str, other: Sealed) -> None:
        plain = add_box(picture(other.header.record.start_ms), _meta(other))
        open_segment(identity, seal_boxed(other.header.record.pk, plain))


def _meta(sealed: Sealed) -> SegmentMeta:
    record = sealed.header.record
    return SegmentMeta(record.window, 0, record.start_ms, record.start_ms + 4000)
