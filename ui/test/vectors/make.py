"""Makes `release.json` and `canonical.json`: what the Python side writes, for the browser's tests.

    python ui/test/vectors/make.py

A town (`plainview.testing`) with one recorded window, a request, and two releases; the keys in it
exist for these tests only. `now` is the moment at which everything held.
"""

import json
import tempfile
from pathlib import Path

from plainview.base.clock import to_iso
from plainview.base.ids import b64
from plainview.release import asking, custodian
from plainview.release.trust import Trust
from plainview.testing.desk import Desk, serving
from plainview.testing.errand import Errand
from plainview.testing.town import Town
from plainview.tlog.entries import canonical, commit, make
from plainview.tlog.signing import SigningKey, sign

HERE = Path(__file__).parent
BRIEF_MS = 600_000


def release_vector() -> dict[str, object]:
    """The answers of an honest server to a custodian and to the requester."""
    folder = Path(tempfile.mkdtemp())
    town = Town(folder)
    sealed = town.make_window()
    town.record(sealed)
    town.catch_up()
    keys = {
        role: json.loads(path.read_text()) for role, path in town.write_keys(folder / "k").items()
    }
    desk = Desk(town.settings, town, clock=lambda: town.now)
    with serving(desk) as address:
        errand = Errand(town, desk, address, sealed)
        draft = errand.draft()
        hash = errand.ask()
        expiring = ask_briefly(errand)
        with errand.session("custodian-a") as server:
            waiting = server.get(f"/api/requests/{hash}")
            brief = server.get(f"/api/requests/{expiring}")
        for role in ("custodian-a", "custodian-b"):
            errand.release(role, hash)
        with errand.session("investigator") as server:
            released = server.get(f"/api/requests/{hash}")
            opening = server.get(f"/api/requests/{hash}/opening", window=errand.window)
            evidence = server.get(f"/api/requests/{hash}/evidence")
            originals = b"".join(
                desk.cases.originals(town.keys["investigator"].person, errand.window, hash)
            )
        with errand.session("custodian-c") as server:
            asked = custodian.examine(server, Trust(town.keys["custodian-c"]), hash)
        if asked.hash != hash:
            raise SystemExit("The town does not hold.")
    return {
        "now": town.now,
        "keys": keys,
        "draft": draft,
        "request": hash,
        "waiting": waiting,
        "brief": {"request": expiring, "minutes": BRIEF_MS // 60_000, "bundle": brief},
        "released": released,
        "opening": opening,
        "evidence": evidence,
        "originals": b64(originals),
        "plain": [b64(plain) for plain in sealed.plain],
    }


def ask_briefly(errand: Errand) -> str:
    """A request that ends while the proof of its entry is still fresh."""
    draft = errand.draft()
    body = {**draft["body"], "expires": to_iso(errand.town.now + BRIEF_MS)}
    with errand.session("investigator") as server:
        key = errand.town.keys["investigator"]
        return asking.ask(server, key, {**draft, "body": body}, now=errand.town.now)


def canonical_vector() -> dict[str, object]:
    """Values with their canonical form, a statement with its signature, a commitment."""
    values = [
        {"b": 1, "a": [True, False, None, '\u20ac\n"\\'], "\u00e9": -5},
        {"\U0001f600": "x", "\ufb33": "y", "1": 2**53 - 1},
        ["", {}, [], 0, "control \u0001 \u007f"],
    ]
    seed = bytes(range(32))
    key = SigningKey.generate()
    entry = sign(
        make(
            "refusal",
            {"request": "ab" * 32, "reason": "na\u00efve \u2013 \u20ac"},
            time=1795420000123,
            id="0" * 32,
        ),
        [key],
    )
    return {
        "canonical": [{"value": value, "bytes": b64(canonical(value))} for value in values],
        "key": key.to_pem().decode(),
        "public": key.public_b64,
        "statement": b64(entry.raw),
        "detail": values[0],
        "salt": b64(seed),
        "commitment": commit(values[0], seed),
    }


if __name__ == "__main__":
    for name, made in (("release", release_vector()), ("canonical", canonical_vector())):
        (HERE / f"{name}.json").write_text(json.dumps(made, indent=1) + "\n")
