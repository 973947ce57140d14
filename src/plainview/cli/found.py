"""`plainview person log-key` and `plainview person found`: the beginning of a log, once.

Those who found it meet. Their witnesses need the log's verifier key before the trust policy can
name the witnesses: therefore the key is made first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plainview.base.ids import b64
from plainview.cli.options import DataFolder, KeyPaths, SettingsFile, load_settings, say
from plainview.errors import BadFormat
from plainview.node import setup
from plainview.register import statements
from plainview.register.private import Names
from plainview.register.records import Person, person_entry, read_values
from plainview.release import keyfile
from plainview.tlog.notes import Verifier

PUBLISHERS = 2
"""Nobody puts a camera up alone, unless those who found the log say so for good."""
Origin = Annotated[
    str, typer.Option("--origin", help="The log's name for ever, such as log.city.example/street.")
]


def log_key(origin: Origin, settings: SettingsFile = None, data: DataFolder = None) -> None:
    """Make the log's key before it is founded; print the verifier key that its witnesses need."""
    say(setup.make_log_key(load_settings(settings, data), origin))


def found(
    origin: Origin,
    card: Annotated[list[Path], typer.Option("--card", help="Card of a founder; give all.")],
    key: KeyPaths,
    witness: Annotated[
        list[str] | None,
        typer.Option("--witness", help="'VERIFIER-KEY ADDRESS' of a witness; give all."),
    ] = None,
    quorum: Annotated[
        int, typer.Option("--quorum", help="How many witnesses must have signed.")
    ] = 0,
    profile: Annotated[str, typer.Option("--profile", help="Name of these rules.")] = "city",
    window: Annotated[
        int, typer.Option("--window-seconds", help="Length of a window.")
    ] = statements.DEFAULT_RULES["window_seconds"],
    period: Annotated[
        int, typer.Option("--key-period-seconds", help="Span that one deletion key covers.")
    ] = statements.DEFAULT_RULES["key_period_seconds"],
    notice: Annotated[
        int, typer.Option("--notice-seconds", help="From publication to the first recording.")
    ] = statements.DEFAULT_RULES["notice_seconds"],
    reveal: Annotated[
        int, typer.Option("--reveal-seconds", help="Until who looked at what is disclosed.")
    ] = statements.DEFAULT_RULES["reveal_seconds"],
    publishers: Annotated[
        int,
        typer.Option(
            "--publishers", min=1, max=2, help="How many people make a camera or record active."
        ),
    ] = PUBLISHERS,
    settings: SettingsFile = None,
    data: DataFolder = None,
) -> None:
    """Found the log: its rules, its people, its witnesses. Everybody listed signs. Only once."""
    loaded = load_settings(settings, data)
    cards = [read_values(path) for path in card]
    people: list[Person] = [person_entry(values.get("person", {})) for values in cards]
    rules = {
        "window_seconds": window, "key_period_seconds": period,
        "notice_seconds": notice, "reveal_seconds": reveal, "publishers": publishers,
    }  # fmt: skip
    signers = [keyfile.read(path).signing for path in key]
    entry = statements.founding(origin, profile, rules, people, signers)
    policy = setup.create(loaded, entry, [_witness(text) for text in witness or []], quorum)
    names = Names(loaded.data)
    for person, values in zip(people, cards, strict=True):
        names.put(person.person, str(values["name"]), b64(bytes.fromhex(str(values["salt"]))))
    say(f"The log {origin} is founded by {len(people)} people, in {loaded.log_dir}.")
    say(f"Trust policy: {loaded.policy_file}, witnessed by {len(policy.witnesses)}.")
    say(f"Founding hash: {entry.hash}")
    say("Everybody now runs: plainview person trust --key ME --policy policy.txt --founding HASH")


def _witness(text: str) -> tuple[str, str, str]:
    """(name, verifier key, address). Raises `BadFormat`."""
    vkey, _, address = text.strip().partition(" ")
    if not address.startswith(("http://", "https://")):
        raise BadFormat(
            f"{text!r} does not say where the witness is.",
            hint="Write: --witness 'name+hash+key https://address'.",
        )
    return Verifier.parse(vkey).name, vkey, address.strip()
