"""Makes `vectors.json`: one sound log and its flawed sisters, each named by its flaw.

    python tests/vectors/tlog/make_vectors.py > tests/vectors/tlog/vectors.json

Running it again gives the same bytes: keys come from names, times from the city's clock. A vector
lists the files in which it differs from the sound log (null: absent), and what must refuse it:
`plainview`, and `go` where no knowledge of the city's rules is needed.
"""

from __future__ import annotations

import base64
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from plainview.testing.city import City, digest, key_of
from plainview.tlog import merkle, notes, tiles
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.entries import canonical, make
from plainview.tlog.notes import Signer
from plainview.tlog.signing import sign

Files = dict[str, bytes]
Act = Callable[[City], object]


def sound() -> City:
    """A founded city, a camera, its windows, a minute of recording, a request that waits."""
    city = City()
    city.found()
    city.camera("cam-01")
    city.pass_time(31)
    windows = city.windows("cam-01", 1)
    city.pass_time(120)
    city.record(*windows)
    city.request(*windows)
    return city


def files_of(city: City) -> Files:
    """The public files of the city's log."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "log"
        city.publish(folder)
        found = {
            str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()
        }
        return {name: found[name].read_bytes() for name in sorted(found) if name != "head"}


def appended(act: Act) -> Files:
    """The log after an entry that no honest keeper takes."""
    city = sound()
    before = city.history.size
    act(city)
    assert len(city.raws) == before + 1
    return files_of(city)


def forced(type: str, body: dict[str, Any], *people: str) -> Act:
    def act(city: City) -> None:
        entry = city.draft(type, body)
        keys = [key_of(name) for name in people]
        city.raws.append(sign(entry, keys).raw if keys else entry.raw)

    return act


def raw(change: Callable[[bytes], bytes]) -> Act:
    """An entry whose bytes are changed after it was made."""

    def act(city: City) -> None:
        body = {"software": digest("s"), "log_size": 0}
        city.raws.append(change(city.draft("start", body).raw))

    return act


def checkpoint(change: Callable[[bytes, list[notes.SignatureLine]], bytes]) -> Files:
    """The sound log under another checkpoint."""
    files = files_of(sound())
    return {**files, "checkpoint": change(*notes.parse(files["checkpoint"]))}


def resized(text: bytes, lines: list[notes.SignatureLine]) -> bytes:
    """One entry less under the same root, signed by everybody."""
    head = Checkpoint.parse(text)
    city = sound()
    other = Checkpoint(head.origin, head.size - 1, head.root).text()
    signed = notes.render(other, [city.signer.sign(other)])
    return notes.render(other, [city.signer.sign(other), *city.cosign(signed)])


def without(name: str) -> Files:
    files = files_of(sound())
    del files[name]
    return files


def flipped(name: str) -> Files:
    files = files_of(sound())
    data = files[name]
    return {**files, name: data[:40] + bytes([data[40] ^ 1]) + data[41:]}


def false_request(city: City) -> None:
    """Signed by somebody whose key is enrolled for nothing of the kind."""
    request = next(raw for raw in city.raws if b'"type":"request"' in raw)
    body = json.loads(request)["body"]
    city.raws.append(sign(city.draft("request", body), [key_of("p-operator")]).raw)


def flaws() -> dict[str, tuple[Files, bool]]:
    """Files of each flawed log, and whether Go must refuse it too."""
    size = len(sound().raws)
    bundle, tile = tiles.bundle_path(0, size), tiles.tile_path(0, 0, size)
    leaves = next(name for name in files_of(sound()) if name.startswith("leaves/"))
    other = Signer("other.example", key_of("other").private)
    strange = make("wish", {}, time=sound().now, id="0" * 32).raw
    return {
        "checkpoint-without-the-log": (checkpoint(lambda t, s: notes.render(t, s[1:])), True),
        "checkpoint-below-quorum": (checkpoint(lambda t, s: notes.render(t, s[:2])), True),
        "checkpoint-signed-by-a-stranger": (
            checkpoint(lambda t, s: notes.render(t, [other.sign(t), *s[1:]])),
            True,
        ),
        "checkpoint-of-another-size": (checkpoint(resized), True),
        "tile-absent": (without(tile), True),
        "tile-bit": (flipped(tile), True),
        "bundle-absent": (without(bundle), True),
        "bundle-bit": (flipped(bundle), True),
        "leaves-absent": (without(leaves), True),
        "leaves-bit": (flipped(leaves), True),
        "entry-not-canonical": (appended(raw(lambda r: r.replace(b":", b": ", 1))), True),
        "entry-with-a-float": (appended(raw(lambda r: r.replace(b":0,", b":0.5,", 1))), True),
        "entry-with-a-name-twice": (appended(raw(lambda r: r[:-1] + b',"v":1}')), True),
        "entry-of-unknown-type": (appended(lambda city: city.raws.append(strange)), False),
        "entry-twice": (appended(lambda city: city.raws.append(city.raws[-2])), True),
        "request-by-an-operator": (appended(false_request), False),
        "camera-by-nobody": (appended(forced("camera", {})), False),
        "enrolment-by-a-stranger": (appended(forced("enrol", {}, "p-stranger")), True),
    }


def encoded(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def vectors() -> dict[str, Any]:
    """The whole document."""
    city = sound()
    good = files_of(city)
    made = []
    for name, (files, go) in flaws().items():
        differing = {n: files.get(n) for n in sorted(good | files) if files.get(n) != good.get(n)}
        refused = ["plainview", "go"] if go else ["plainview"]
        changes = {n: encoded(data) for n, data in differing.items()}
        made.append({"flaw": name, "refused_by": refused, "files": changes})
    root = merkle.root([merkle.leaf_hash(entry) for entry in city.raws])
    return {
        "policy": city.policy().text,
        "size": len(city.raws),
        "root": root.hex(),
        "files": {name: encoded(data) for name, data in good.items()},
        "flawed": made,
    }


def text() -> bytes:
    """The bytes of `vectors.json`."""
    document = vectors()
    canonical(document)
    return json.dumps(document, indent=1).encode() + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(text())
