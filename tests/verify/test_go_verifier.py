"""The second opinion: the Go verifier, built from Debian's packages, finds every changed bit."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plainview.testing.city import City, digest, key_of, person
from plainview.testing.passkey import PRESENT, Passkey
from plainview.tlog import merkle, notes, tiles
from plainview.tlog.entries import canonical
from plainview.tlog.reader import LogReader
from plainview.tlog.signing import draft_statement, finish_statement, sign
from plainview.verify.log import verify_log

BARS = bool(os.environ.get("PLAINVIEW_BARS"))
ENTRIES, FLIPS = (70_000, 300) if BARS else (4_000, 40)
SOURCE = Path(__file__).parents[2] / "tools" / "goverify"
GOCODE = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb")

pytestmark = pytest.mark.skipif(
    shutil.which("go") is None or not GOCODE.exists(),
    reason="needs Debian's golang-go and golang-golang-x-mod-dev",
)


@pytest.fixture(scope="session")
def goverify(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier, built offline from Debian's packages alone."""
    folder = tmp_path_factory.mktemp("goverify")
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(folder / "cache"),
        "GOPROXY": "off",
    }
    command = ["go", "build", "-o", str(folder / "goverify"), "."]
    subprocess.run(command, cwd=SOURCE, env=environment, check=True)
    return folder / "goverify"


@pytest.fixture(scope="session")
def long_city() -> City:
    """A whole story, then a long row of acts; every witness is needed, so that no byte is spare."""
    city = City(quorum=3)
    city.story()
    while len(city.raws) < ENTRIES:
        body = {"actor": f"a-{len(city.raws)}", "role": "operator", "act": "snapshot"}
        city.keep("act", **body, detail_commitment=digest(str(len(city.raws))))
    return city


@pytest.fixture(scope="session")
def long_log(long_city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long") / "log"
    long_city.publish(folder, batch=997)
    for path in superseded(folder, len(long_city.raws)):
        path.unlink()
    (folder.parent / "policy.txt").write_text(long_city.policy().text)
    return folder


def superseded(folder: Path, size: int) -> list[Path]:
    """Files that a reader of the checkpoint of `size` never opens: older partial ones, the head."""
    needed = {"checkpoint"}
    for level in range(tiles.LEVELS):
        for index in range((size >> (8 * level)) // tiles.WIDTH + 1):
            if width := tiles.width_at(level, index, size):
                needed.add(tiles.tile_path(level, index, width))
                needed |= {tiles.bundle_path(index, width)} if level == 0 else set()
    found = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "leaves"]
    return [path for path in found if str(path.relative_to(folder)) not in needed]


def run(
    goverify: Path, folder: Path, policy: Path | None = None
) -> subprocess.CompletedProcess[str]:
    policy = policy or folder.parent / "policy.txt"
    return subprocess.run(
        [str(goverify), str(policy), str(folder)], capture_output=True, text=True, check=False
    )


@pytest.mark.bar("log")
def test_every_changed_bit_is_found(
    goverify: Path, long_log: Path, record_property: Callable[[str, object], None]
) -> None:
    """Bits of entries, tiles, leaves and checkpoint, chosen by their size and by their file."""
    told = run(goverify, long_log)
    assert told.returncode == 0, told.stdout
    assert told.stdout == f"everything holds: {ENTRIES} entries\n"
    chance = random.Random(20261123)  # noqa: S311 - not a secret
    files = sorted(path for path in long_log.rglob("*") if path.is_file())
    sizes = [path.stat().st_size for path in files]
    missed = []
    for number in range(FLIPS):
        by_size = number % 2 == 0
        path = chance.choices(files, sizes)[0] if by_size else chance.choice(files)
        data = path.read_bytes()
        bit = chance.randrange(8 * len(data))
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        if run(goverify, long_log).returncode != 1:
            missed.append((path.relative_to(long_log), bit))
        path.write_bytes(data)
    assert run(goverify, long_log).returncode == 0
    figure = {
        "row": "log",
        "measured": f"{ENTRIES} entries verified; {FLIPS - len(missed)} of {FLIPS} bits found",
        "must": "70,000 entries; 300 of 300 single-bit changes found",
    }
    record_property("bar", json.dumps(figure))
    assert not missed


def test_an_entry_and_its_tile_changed_together_are_found(
    goverify: Path, long_city: City, long_log: Path
) -> None:
    """x/mod's TileHashReader lets this pass for sizes whose peaks share tiles."""
    raw = long_city.raws[300]
    changed = raw.replace(b"snapshot", b"bookmark")
    swaps = {
        tiles.bundle_path(1): (raw, changed),
        tiles.tile_path(0, 1): (merkle.leaf_hash(raw), merkle.leaf_hash(changed)),
    }
    kept = {name: (long_log / name).read_bytes() for name in swaps}
    for name, (old, new) in swaps.items():
        (long_log / name).write_bytes(kept[name].replace(old, new))
    told = run(goverify, long_log)
    for name, data in kept.items():
        (long_log / name).write_bytes(data)
    assert told.returncode == 1
    assert "the root that was signed" in told.stdout


def test_the_same_bits_are_found_in_python(long_city: City, long_log: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - not a secret
    files = sorted(path for path in long_log.rglob("*") if path.is_file())
    reader, policy = LogReader.folder(long_log), long_city.policy()
    assert verify_log(reader, policy).ok
    for path in chance.sample(files, 12):
        data = path.read_bytes()
        bit = chance.randrange(8 * len(data))
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        try:
            assert not verify_log(reader, policy).ok, (path, bit)
        finally:
            path.write_bytes(data)


@pytest.mark.parametrize("size", [17, 255, 256, 257, 511, 512, 513])
def test_sizes_around_the_width_of_a_tile(goverify: Path, tmp_path: Path, size: int) -> None:
    city = City()
    city.story()
    while len(city.raws) < size:
        body = {"actor": "a", "role": "operator", "act": "snapshot"}
        city.keep("act", **body, detail_commitment=digest(str(len(city.raws))))
    city.publish(tmp_path / "log", batch=100)
    (tmp_path / "policy.txt").write_text(city.policy().text)
    told = run(goverify, tmp_path / "log")
    assert told.returncode == 0, told.stdout


@pytest.fixture
def small(tmp_path: Path) -> tuple[City, Path]:
    city = City()
    city.story()
    city.publish(tmp_path / "log")
    (tmp_path / "policy.txt").write_text(city.policy().text)
    return city, tmp_path / "log"


def approving(**how: Any) -> City:
    """A city where a passkey approves a person, who then signs with each of two keys."""
    city, passkey, second = City(), Passkey("p-admin"), key_of("second")
    city.register_story()
    admin = person("p-admin", more_keys=[passkey.public_b64])
    city.state("enrol", "p-dpo", "p-supervisor", **admin)
    new = person("p-new", roles=["dpo"], more_keys=[second.public_b64])
    proposal = city.propose("p-dpo", "enrol", **new)
    body = {"proposal": proposal}
    draft = draft_statement("approve", body, [passkey.key_id], time=city.now)
    entry = finish_statement(draft, {passkey.key_id: passkey.sign(draft, **how)})
    city.raws.append(entry.raw)
    for key in (key_of("p-new"), second):
        city.raws.append(sign(city.draft("propose", {"type": "enrol", "body": new}), [key]).raw)
    return city


@pytest.mark.parametrize(
    ("how", "wrong"), [({}, 0), ({"flags": PRESENT}, 3), ({"kind": "webauthn.create"}, 3)]
)
def test_approvals_and_passkeys(
    goverify: Path, tmp_path: Path, how: dict[str, Any], wrong: int
) -> None:
    """Where the approval is refused, both keys that it would have brought are unknown as well."""
    city = approving(**how)
    city.publish(tmp_path / "log")
    (tmp_path / "policy.txt").write_text(city.policy().text)
    told = run(goverify, tmp_path / "log")
    assert told.returncode == bool(wrong), told.stdout
    assert told.stdout.count("does not verify") == wrong
    report = verify_log(LogReader.folder(tmp_path / "log"), city.policy())
    assert len(report.findings) == wrong, report.lines()


@pytest.mark.parametrize(
    ("flaw", "said"),
    [
        ("without the log's own line", "not signed by its log"),
        ("below the quorum", "quorum is not reached"),
        ("witness under another name", "quorum is not reached"),
        ("stray bits", "one allowed way"),
        ("absent", "no such file"),
    ],
)
def test_false_checkpoints(goverify: Path, small: tuple[City, Path], flaw: str, said: str) -> None:
    city, folder = small
    path = folder / "checkpoint"
    text, (own, *witnesses) = notes.parse(path.read_bytes())
    match flaw:
        case "without the log's own line":
            path.write_bytes(notes.render(text, witnesses))
        case "below the quorum":
            path.write_bytes(notes.render(text, [own, witnesses[0]]))
        case "witness under another name":
            other = notes.SignatureLine("w9", witnesses[1].key_hash, witnesses[1].signature)
            path.write_bytes(notes.render(text, [own, witnesses[0], other]))
        case "stray bits":
            line = own.text().rstrip("\n")
            assert line[-1] == "="
            spare = chr(ord(line[-2]) + 1)
            data = path.read_bytes().decode().replace(line, line[:-2] + spare + "=")
            path.write_text(data)
        case "absent":
            path.unlink()
    told = run(goverify, folder)
    assert told.returncode == 1
    assert said in told.stdout
    assert not verify_log(LogReader.folder(folder), city.policy()).ok


@pytest.mark.parametrize("flaw", ["not canonical", "false signature", "id twice", "unknown key"])
def test_entries_that_say_wrong_things(goverify: Path, tmp_path: Path, flaw: str) -> None:
    city = City()
    city.story()
    raw = city.raws[-1]
    request = next(raw for raw in city.raws if b'"type":"request"' in raw)
    match flaw:
        case "not canonical":
            city.raws.append(raw + b"\n")
        case "false signature":
            document = json.loads(request)
            document["id"] = "0" * 32
            city.raws.append(canonical(document))
        case "id twice":
            city.raws.append(raw)
        case "unknown key":
            city.raws.append(canonical({**json.loads(request), "by": ["0"], "sigs": {"0": ""}}))
    city.publish(tmp_path / "log")
    (tmp_path / "policy.txt").write_text(city.policy().text)
    told = run(goverify, tmp_path / "log")
    assert told.returncode == 1
    assert f"entry {len(city.raws) - 1}: " in told.stdout
    assert told.stdout.count("\n") == 2


def test_a_policy_that_cannot_be_read_is_told(
    goverify: Path, small: tuple[City, Path], tmp_path: Path
) -> None:
    policy = tmp_path / "other.txt"
    for text in ("", "log x\nquorum none\n", "quorum none\n", "frobnicate\n"):
        policy.write_text(text)
        assert run(goverify, small[1], policy).returncode == 2


VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "tlog" / "vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["flawed"], ids=lambda vector: str(vector["flaw"]))
def test_the_vectors_are_judged_in_go_as_they_say(
    goverify: Path, tmp_path: Path, vector: dict[str, Any]
) -> None:
    (tmp_path / "policy.txt").write_text(VECTORS["policy"])
    for name, data in {**VECTORS["files"], **vector["files"]}.items():
        if data is not None:
            (tmp_path / "log" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "log" / name).write_bytes(base64.b64decode(data))
    told = run(goverify, tmp_path / "log")
    assert told.returncode == ("go" in vector["refused_by"]), told.stdout
