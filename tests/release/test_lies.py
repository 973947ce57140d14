"""A server that lies: each lie is found by the tools, and named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plainview.base.clock import to_iso
from plainview.base.ids import b64, unb64
from plainview.errors import PlainviewError
from plainview.release import custodian, keyfile, opening
from plainview.release.client import Server
from plainview.release.record import check_segments, fetch_record
from plainview.seal.segments import plain_hash
from plainview.testing.errand import Errand
from plainview.testing.town import Town
from plainview.tlog import cosign, notes, proof
from plainview.tlog.entries import make
from plainview.tlog.signing import sign

Change = Callable[[Errand, Any], None]


def flip(text: str, at: int = 40) -> str:
    """Base64 with one bit of one byte changed."""
    data = bytearray(unb64(text))
    data[at % len(data)] ^= 1
    return b64(bytes(data))


def with_note(text: str, note: bytes) -> str:
    """A tlog-proof with another checkpoint under it."""
    found = proof.parse(text.encode())
    return proof.render(found.index, found.path, note).decode()


def _changed_request(errand: Errand, said: Any) -> None:
    raw = unb64(said["entry"]).replace(b'"offence"', b'"offensE"')
    said["entry"] = b64(raw)


def _changed_expiry(errand: Errand, said: Any) -> None:
    said["entry"] = b64(unb64(said["entry"]).replace(b'"expires":"2', b'"expires":"3'))


def _proof_of_another(errand: Errand, said: Any) -> None:
    said["proof"] = said["windows"][0]["proof"]


def _proof_path(errand: Errand, said: Any) -> None:
    lines = said["proof"].split("\n")
    lines[2] = flip(lines[2])
    said["proof"] = "\n".join(lines)


def _without_witness(errand: Errand, said: Any) -> None:
    text, lines = notes.parse(errand.town.settings.log_dir.joinpath("checkpoint").read_bytes())
    said["proof"] = with_note(said["proof"], notes.render(text, lines[:2]))


def _without_log(errand: Errand, said: Any) -> None:
    text, lines = notes.parse(errand.town.settings.log_dir.joinpath("checkpoint").read_bytes())
    said["proof"] = with_note(said["proof"], notes.render(text, lines[1:]))


def _old_witnesses(errand: Errand, said: Any) -> None:
    text, lines = notes.parse(errand.town.settings.log_dir.joinpath("checkpoint").read_bytes())
    old = [
        cosign.cosign(text, name, key, now=errand.town.now - 3_700_000)
        for name, key in errand.town.witnesses.items()
    ]
    said["proof"] = with_note(said["proof"], notes.render(text, [lines[0], *old]))


def _other_case(errand: Errand, said: Any) -> None:
    said["detail"]["case"] = "K 18/26"


def _other_salt(errand: Errand, said: Any) -> None:
    said["salt"] = flip(said["salt"])


def _no_people(errand: Errand, said: Any) -> None:
    said["people"] = []


def _people_of_another_log(errand: Errand, said: Any) -> None:
    """The requester's role, out of a log that the liar runs himself."""
    said["people"][0]["entry"] = flip(said["people"][0]["entry"], 300)


def _no_set(errand: Errand, said: Any) -> None:
    said["sets"] = []


def _set_changed(errand: Errand, said: Any) -> None:
    said["sets"][0]["entry"] = b64(unb64(said["sets"][0]["entry"]).replace(b'"k":2', b'"k":1'))


def _window_left_out(errand: Errand, said: Any) -> None:
    said["windows"] = []


def _window_more(errand: Errand, said: Any) -> None:
    more = copy.deepcopy(said["windows"][0])
    more["id"] = more["id"].replace(".1.0", ".1.1")
    said["windows"].append(more)


def _window_entry(errand: Errand, said: Any) -> None:
    other = errand.desk.cases._prover.proven(3)
    said["windows"][0].update(other)


def _window_record(errand: Errand, said: Any) -> None:
    said["windows"][0]["header"]["record"]["pk"] = errand.town.keys["operator"].recipient


def _share_changed(errand: Errand, said: Any) -> None:
    share = said["windows"][0]["header"]["shares"][0]
    share["sealed"] = flip(share["sealed"], 300)


def _share_of_another(errand: Errand, said: Any) -> None:
    said["windows"][0]["header"]["shares"][0]["sealed"] = errand.sealed.header.shares[1].sealed


def _share_missing(errand: Errand, said: Any) -> None:
    said["windows"][0]["header"]["shares"] = []


@dataclass(frozen=True)
class Lied:
    """A change of what the server says, and the words that must name it."""

    change: Change
    named: str


CUSTODIAN = [
    Lied(_changed_request, "The proof of the request"),
    Lied(_changed_expiry, "The proof of the request"),
    Lied(_proof_of_another, "The proof of the request"),
    Lied(_proof_path, "The proof of the request"),
    Lied(_without_witness, "The proof of the request: witnessed by 1 of 2"),
    Lied(_without_log, "The proof of the request: the checkpoint is not signed by log.town"),
    Lied(_old_witnesses, "The proof of the request: witnessed by 0 of 2"),
    Lied(_other_case, "The case that the server shows"),
    Lied(_other_salt, "The case that the server shows"),
    Lied(_no_people, "do not rest on the founding entry"),
    Lied(_people_of_another_log, "The proof of a person's enrolment"),
    Lied(_no_set, "The statement of custodian set set-1 is not shown"),
    Lied(_set_changed, "The proof of the custodian set"),
    Lied(_window_left_out, "The windows shown are not the windows"),
    Lied(_window_more, "The windows shown are not the windows"),
    Lied(_window_entry, "The entry shown for window .* does not hold it"),
    Lied(_window_record, "The header of window .*: it is not the window that was logged"),
    Lied(_share_changed, "Your share of window .*: Sealed share [0-9a-f]{64} is not one"),
    Lied(_share_of_another, "Your share of window"),
    Lied(_share_missing, "The server does not show share 1"),
]


@pytest.mark.parametrize("lied", CUSTODIAN, ids=lambda lied: lied.change.__name__[1:])
def test_lies_to_a_custodian(asked: tuple[Errand, str], lied: Lied) -> None:
    errand, hash = asked
    errand.lie_at(f"/api/requests/{hash}", lied.change)
    before = errand.desk.register.size
    with pytest.raises(PlainviewError, match=lied.named):
        errand.release("custodian-a", hash)
    assert errand.desk.register.size == before
    assert f"/api/requests/{hash}/release" not in errand.desk.asked


def test_another_genuine_request_is_shown(errand: Errand) -> None:
    wanted, other = errand.ask(), errand.ask()
    shown = errand.desk.cases.bundle("p-custodian-a", other)
    errand.lie_at(f"/api/requests/{wanted}", lambda _, said: said.update(shown))
    with pytest.raises(PlainviewError, match="shows another request than the one"):
        errand.release("custodian-a", wanted)


def test_a_whole_other_log(asked: tuple[Errand, str], tmp_path: Path) -> None:
    """The liar runs a log of his own, with the same names and people who obey him."""
    errand, hash = asked
    mine = errand.town.keys["custodian-a"]
    other = Town(tmp_path / "other")
    other_founding = mine.with_trust(mine.policy, other.keys["custodian-a"].founding)
    with pytest.raises(PlainviewError, match="do not rest on the founding entry"):
        look(errand, other_founding, hash)
    with pytest.raises(PlainviewError, match="The proof of the request"):
        look(errand, mine.with_trust(other.policy, mine.founding), hash)


def test_a_policy_without_witnesses_is_not_enough(asked: tuple[Errand, str]) -> None:
    errand, hash = asked
    mine = errand.town.keys["custodian-a"]
    alone = "\n".join([mine.policy.split("\n")[0], "quorum none", ""])
    with pytest.raises(PlainviewError, match="it asks for no witness"):
        look(errand, mine.with_trust(alone, mine.founding), hash)


def look(errand: Errand, key: keyfile.KeyFile, hash: str) -> None:
    with Server(errand.address, key) as server:
        custodian.examine(server, errand.trust_of(key), hash)


def forged(errand: Errand, **changes: Any) -> tuple[dict[str, Any], Any]:
    """A draft with changes in its body, not signed yet."""
    draft: Any = errand.draft()
    draft["body"].update(changes)
    return draft, make("request", draft["body"], time=errand.town.now)


def show_forged(errand: Errand, raw: bytes, draft: Any) -> str:
    """Put a request on the log past the rule book; what the server then says of it."""
    genuine = errand.ask()
    index = errand.town.force(raw)
    errand.desk.register.sync()
    said = errand.desk.cases.bundle("p-custodian-a", genuine)
    hash = errand.desk.register.lines([index])[0].leaf
    proven = errand.desk.cases._prover.proven(index)
    more = {**said, **proven, "detail": draft["detail"], "salt": draft["salt"]}
    errand.desk.lie = lambda path, _: more if path.endswith(hash) else _
    errand.desk.cases.bundle = lambda person, hash: more  # type: ignore[method-assign]
    return hash


def test_a_forged_signature(errand: Errand) -> None:
    draft, entry = forged(errand)
    signed = sign(entry, [errand.town.keys["investigator"].signing])
    other = sign(entry, [keyfile.generate("x").signing])
    (genuine,), (wrong,) = (json.loads(one.raw)["sigs"].values() for one in (signed, other))
    raw = signed.raw.replace(genuine.encode(), wrong.encode())
    hash = show_forged(errand, raw, draft)
    with pytest.raises(PlainviewError, match="The request's signature: the signature of"):
        errand.release("custodian-a", hash)


@pytest.mark.parametrize(
    ("role", "named"), [("operator", "needs a investigator"), ("x", "is not enrolled")]
)
def test_a_requester_without_the_right(errand: Errand, role: str, named: str) -> None:
    key = errand.town.keys.get(role) or keyfile.generate("x")
    draft, entry = forged(errand, recipient=key.recipient)
    hash = show_forged(errand, sign(entry, [key.signing]).raw, draft)
    with pytest.raises(PlainviewError, match="The request's signature: "):
        errand.release("custodian-a", hash)


def test_another_recipient(errand: Errand) -> None:
    draft, entry = forged(errand, recipient=keyfile.generate("x").recipient)
    raw = sign(entry, [errand.town.keys["investigator"].signing]).raw
    hash = show_forged(errand, raw, draft)
    with pytest.raises(PlainviewError, match="not the enrolled key of the requester"):
        errand.release("custodian-a", hash)


def test_an_expired_request(errand: Errand) -> None:
    draft, entry = forged(errand, expires=to_iso(errand.town.now - 1000))
    raw = sign(entry, [errand.town.keys["investigator"].signing]).raw
    hash = show_forged(errand, raw, draft)
    with pytest.raises(PlainviewError, match="The request expired at"):
        errand.release("custodian-a", hash)


def test_the_case_names_another_time(errand: Errand) -> None:
    """A requester who shows custodians one minute and would open another."""
    other = errand.town.make_window(minutes=2)
    draft, entry = forged(errand, windows=[other.header.record.window])
    raw = sign(entry, [errand.town.keys["investigator"].signing]).raw
    hash = errand.desk.cases.submit("p-investigator", raw, draft["detail"], draft["salt"])
    with pytest.raises(PlainviewError, match="is not of the camera and time that the case names"):
        errand.release("custodian-a", hash)


def _released_share(errand: Errand, said: Any) -> None:
    said["releases"][0]["resealed"] = flip(said["releases"][0]["resealed"], 250)


def _release_twice(errand: Errand, said: Any) -> None:
    said["releases"] = [said["releases"][0], said["releases"][0]]


def _release_is_refusal(errand: Errand, said: Any) -> None:
    said["releases"][0]["entry"] = said["entry"]
    said["releases"][0]["proof"] = said["proof"]


def _half_changed(errand: Errand, said: Any) -> None:
    said["resealed_e"] = flip(said["resealed_e"], 250)


def _half_of_another_entry(errand: Errand, said: Any) -> None:
    said.update(errand.desk.cases._prover.proven(2))


REQUESTER = [
    (_released_share, "", "re-sealed share 1 of window .* is not the one"),
    (_release_twice, "", "of 2 custodians have released"),
    (_release_is_refusal, "", "A release that the server shows is for another request"),
    (_half_changed, "/opening", "The keeper's half of window .* is not the one"),
    (_half_of_another_entry, "/opening", "The keeper's half of window .* is not the one"),
]


def open_all(errand: Errand, hash: str) -> list[opening.Segment]:
    """What `plainview open` does."""
    with errand.session("investigator") as server:
        trust = errand.trust("investigator")
        asked, releases = opening.examine(server, trust, hash)
        opened = opening.open_window(server, trust, asked, releases, errand.window)
        return list(opening.segments(server, asked, opened))


@pytest.mark.parametrize(
    ("change", "path", "named"), REQUESTER, ids=[change.__name__[1:] for change, _, _ in REQUESTER]
)
def test_lies_to_the_requester(
    given: tuple[Errand, str], change: Change, path: str, named: str
) -> None:
    errand, hash = given
    errand.lie_at(f"/api/requests/{hash}{path}", change)
    with pytest.raises(PlainviewError, match=named):
        open_all(errand, hash)


def _split(data: bytes) -> list[bytes]:
    items = []
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        items.append(data[:end])
        data = data[end:]
    return items


SEGMENTS: list[tuple[str, Callable[[list[bytes]], list[bytes]], str]] = [
    ("changed", lambda s: [s[0][:-9] + bytes([s[0][-9] ^ 1]) + s[0][-8:]], "changed on the way"),
    ("swapped", lambda s: [s[1], s[0], s[2]], "out of order"),
    ("twice", lambda s: [s[0], s[0]], "out of order"),
    ("renamed", lambda s: [s[0].replace(b'"seq": 0', b'"seq": 7')], "it is segment 0 of"),
    ("cut", lambda s: [s[0], s[1][:-5]], "in the middle of a segment"),
]


@pytest.mark.parametrize(("name", "change", "named"), SEGMENTS, ids=[s[0] for s in SEGMENTS])
def test_lies_about_segments(
    given: tuple[Errand, str],
    name: str,
    change: Callable[[list[bytes]], list[bytes]],
    named: str,
) -> None:
    errand, hash = given
    originals = f"/api/originals/{errand.window}"
    errand.desk.lie = lambda path, said: (
        b"".join(change(_split(said))) if path == originals else said
    )
    with pytest.raises(PlainviewError, match=named):
        open_all(errand, hash)


def _leaf_changed(errand: Errand, said: Any) -> None:
    next(iter(said["leaves"].values()))[0]["segments"] = 2


def _leaves_missing(errand: Errand, said: Any) -> None:
    said["leaves"] = {}


def _entry_elsewhere(errand: Errand, said: Any) -> None:
    said["entries"]["2"] = said["entries"]["3"]


def _entry_changed(errand: Errand, said: Any) -> None:
    said["entries"]["3"]["entry"] = flip(said["entries"]["3"]["entry"])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_leaf_changed, "The segments logged in entry"),
        (_leaves_missing, "The segments logged in entry"),
        (_entry_elsewhere, "Entry 2 of the record stands elsewhere"),
        (_entry_changed, "The proof of entry 3"),
    ],
)
def test_lies_about_the_record(given: tuple[Errand, str], change: Change, named: str) -> None:
    errand, hash = given
    open_all(errand, hash)
    errand.lie_at(f"/api/requests/{hash}/evidence", change)
    with errand.session("investigator") as server:
        trust = errand.trust("investigator")
        asked, _ = opening.examine(server, trust, hash)
        with pytest.raises(PlainviewError, match=named):
            fetch_record(server, trust, asked)


def test_a_segment_left_out_is_found_by_its_root(given: tuple[Errand, str]) -> None:
    errand, hash = given
    originals = f"/api/originals/{errand.window}"
    errand.desk.lie = lambda path, said: b"".join(_split(said)[1:]) if path == originals else said
    found = open_all(errand, hash)
    with errand.session("investigator") as server:
        trust = errand.trust("investigator")
        asked, _ = opening.examine(server, trust, hash)
        record = fetch_record(server, trust, asked)
    window = errand.sealed.header.record
    hashes = [plain_hash(one.plain) for one in found]
    with pytest.raises(PlainviewError, match="are not those that were logged"):
        check_segments(window, record.minutes(window), hashes)
