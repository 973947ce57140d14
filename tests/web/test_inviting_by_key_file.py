"""The first way into the browser: key files invite, propose and approve; no passkey is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from plainview.cli.person import app
from plainview.errors import BadSeal, NotAuthorised, NotFound, Refused
from plainview.release import appointing, keyfile
from plainview.release.client import Server
from plainview.testing.hall import Citizen
from plainview.testing.member import Member

WISH = ["--name", "Jo Novak", "--role", "operator", "--org", "City control room"]
Tamper = Callable[[dict[str, Any]], object]


class Desk:
    """Key files of people of a town, and the commands run with them."""

    def __init__(self, site: Any, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.dpo, self.court = self.key(site.town.dpo), self.key(site.town.court)

    def key(self, citizen: Citizen) -> Path:
        file = self.folder / f"{citizen.person.person}.json"
        fresh = keyfile.generate(citizen.name, citizen.person.person)
        replace(fresh, signing=citizen.signing).write(file)
        return file

    def ask(self, *words: str, key: Path) -> Result:
        return CliRunner().invoke(app, [*words, "--key", str(key), "--server", self.site.url])

    def invite(self, *words: str) -> str:
        """The link."""
        told = self.ask("invite", *WISH, *words, key=self.dpo)
        assert told.exit_code == 0, told.output
        return told.output.splitlines()[0]

    def waiting(self) -> appointing.Invited:
        with Server(self.site.url, keyfile.read(self.dpo)) as session:
            (found,) = appointing.invited(session)
        return found


@pytest.fixture
def desk(site: Any, tmp_path: Path) -> Desk:
    return Desk(site, tmp_path)


def test_somebody_joins_by_key_files_alone(desk: Desk) -> None:
    with Member(desk.site.url) as jo:
        link = desk.invite()
        assert link.startswith(f"{desk.site.url}/app/join/")
        card = jo.join(link)
        found = desk.waiting()
        key = jo.devices[0].passkeys[0].key_id
        assert (found.state, found.keys) == ("handed_in", (key,))
        listed = desk.ask("invited", key=desk.dpo).output
        assert all(text in listed for text in (found.id, "Jo Novak", "operator", key))
        told = desk.ask("invited", "--propose", found.id, key=desk.dpo)
        assert told.exit_code == 0, told.output
        assert key in told.output
        proposal = desk.waiting().proposal
        assert f"plainview person approve {proposal} --key" in told.output
        data = ["--data", str(desk.site.town.settings.data)]
        done = CliRunner().invoke(app, ["approve", proposal, "--key", str(desk.court), *data])
        assert done.exit_code == 0, done.output
        desk.site.web.register.sync()
        assert jo.sign_in() == {"person": card["person"], "roles": ["operator"]}


def test_somebody_enrolled_gets_a_passkey_and_keeps_the_key_file(desk: Desk) -> None:
    person = desk.site.town.operator.person.person
    with Member(desk.site.url) as member:
        card = member.join(desk.invite("--person", person))
        assert (card["person"], len(desk.waiting().keys)) == (person, 2)


def test_a_limit_to_units_and_cameras_reaches_the_card(desk: Desk) -> None:
    with Member(desk.site.url) as jo:
        jo.join(desk.invite("--unit", "harbour", "--camera", "cam-77", "--outside"))
    card = desk.waiting().card
    assert card is not None
    assert card["scope"] == {"units": ["harbour"], "cameras": ["cam-77"]}
    assert card["outside"] is True


def test_who_may_not_invite_is_told_so(desk: Desk) -> None:
    told = desk.ask("invite", *WISH, key=desk.court)
    assert isinstance(told.exception, NotAuthorised)
    assert desk.ask("invited", key=desk.dpo).output.startswith("Nobody is invited.")


def test_nothing_is_proposed_before_keys_are_handed_in(desk: Desk) -> None:
    desk.invite()
    early = desk.ask("invited", "--propose", desk.waiting().id, key=desk.dpo)
    assert isinstance(early.exception, Refused)
    unknown = desk.ask("invited", "--propose", "ab" * 8, key=desk.dpo)
    assert isinstance(unknown.exception, NotFound)


def _other_roles(document: dict[str, Any]) -> None:
    document["body"]["body"]["roles"] = ["administrator"]


def _other_type(document: dict[str, Any]) -> None:
    document["type"] = "enrol"


def _other_author(document: dict[str, Any]) -> None:
    document["by"] = [*document["by"], "00" * 16]


@pytest.mark.parametrize("tamper", [_other_roles, _other_type, _other_author])
def test_a_draft_of_something_else_is_not_signed(desk: Desk, tamper: Tamper) -> None:
    class Lying(Server):
        """A server that has something else signed than it shows."""

        def post(self, path: str, body: dict[str, Any]) -> Any:
            answer = super().post(path, body)
            assert path == "/api/statements/draft", "nothing was sent"
            tamper(answer["document"])
            return answer

    with Member(desk.site.url) as jo:
        jo.join(desk.invite())
    mine = keyfile.read(desk.dpo)
    with Lying(desk.site.url, mine) as session, pytest.raises(BadSeal):
        appointing.propose(session, mine, desk.waiting().id)
    assert desk.waiting().proposal == ""
