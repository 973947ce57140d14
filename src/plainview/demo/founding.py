"""What the demonstration sets up once: people, witnesses, the log, custodians, four cameras.

Everything here is what a city does too, with the same statements; only that one machine holds all
the keys and that the rules are short.
"""

from __future__ import annotations

from pathlib import Path

from plainview.base import durable
from plainview.base.clock import now_ms
from plainview.base.ids import b64
from plainview.base.settings import Settings
from plainview.demo import people, streets
from plainview.demo.ports import Ports, elsewhere
from plainview.errors import BadFormat
from plainview.keys.client import KeeperClient
from plainview.node import setup
from plainview.node.one_machine import command
from plainview.register import records, statements
from plainview.register.private import Names, Sources
from plainview.register.projection import Register
from plainview.tlog import cosign
from plainview.tlog.policy import Policy
from plainview.tlog.signing import SigningKey

ORIGIN = "log.plainview.example/demo"
SET = "set-1"


def people_dir(settings: Settings) -> Path:
    """Where the key files of the demonstration's people lie."""
    return settings.data / "people"


def found(settings: Settings, ports: Ports) -> None:
    """Make everybody's keys, the witnesses' keys, the trust policy and the log's first entry."""
    keys = people.create()
    entry = statements.founding(
        ORIGIN,
        "demo",
        statements.DEMO_RULES,
        [people.public(role, key) for role, key in keys.items()],
        [key.signing for key in keys.values()],
    )
    witnesses = [
        (name, cosign.verifier(name, _witness_key(settings, name)).vkey(), _url(port))
        for name, port in ports.witnesses.items()
    ]
    policy = setup.create(settings, entry, witnesses, len(witnesses))
    trusting = {role: key.with_trust(policy.text, entry.hash) for role, key in keys.items()}
    people.write(trusting, people_dir(settings))
    names = Names(settings.data)
    for key in keys.values():
        names.put(key.person, key.name, b64(key.name_salt))


def publish(
    settings: Settings, ports: Ports, keeper: KeeperClient, sources: dict[str, str]
) -> None:
    """State the custodian set and the cameras that are not on the log yet; say where they stream.

    Raises what the keeper raises.
    """
    keys = people.load(people_dir(settings))
    addresses = Sources(settings.data)
    for camera, source in sources.items():
        own = source if "://" in source else f"rtsp://127.0.0.1:{ports.cameras}/{camera}"
        addresses.put(camera, own)
    dpo, administrator = keys[people.DPO].signing, keys["administrator"].signing
    with Register(settings) as register:
        register.sync()
        if not register.sets():
            members = [people.public(role, keys[role]) for role in people.CUSTODIANS]
            stated = statements.custodian_set(SET, people.QUORUM, members, [dpo, administrator])
            keeper.append(stated.raw)
        there = {camera.id for camera in register.cameras()}
    now = now_ms()
    for street in streets.STREETS:
        if street.camera not in there:
            record = records.camera_record(streets.record(street, now))
            keeper.append(statements.camera(street.camera, 1, "active", record, [dpo]).raw)


def witness_command(settings: Settings, name: str, port: int) -> list[str]:
    """How to start a witness of this log."""
    policy = Policy.parse(settings.policy_file.read_text())
    folder = _witness_dir(settings, name)
    return command(
        "witness",
        *("--state", str(folder / "state")),
        *("--key", str(folder / "key.pem")),
        *("--name", name),
        *("--log-key", policy.logs[0].vkey()),
        *("--port", str(port)),
    )


def check_ports(settings: Settings, ports: Ports) -> None:
    """The witnesses' addresses stand in the policy: raises `BadFormat` if the ports have moved."""
    policy = Policy.parse(settings.policy_file.read_text())
    wanted = {name: _url(port) for name, port in ports.witnesses.items()}
    if dict(policy.urls) != wanted:
        raise BadFormat(
            f"{settings.data} was made for other ports.",
            hint=f"Start with the port of then, or in another folder: {elsewhere(ports.web)}.",
        )


def _witness_dir(settings: Settings, name: str) -> Path:
    return settings.data / "witnesses" / name


def _witness_key(settings: Settings, name: str) -> SigningKey:
    folder = _witness_dir(settings, name)
    durable.make_folder(folder, mode=0o700)
    key = SigningKey.generate()
    durable.write_file(folder / "key.pem", key.to_pem(), mode=0o600)
    return key


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
