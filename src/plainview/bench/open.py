"""What it costs the requester's machine to open a released window, in processor time.

Each segment as it comes from the server: hash of the age file, decryption, hash of the plaintext,
its box, and the fMP4 of the window that all are joined into. Beside it, decryption alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pyrage

from plainview.base.clock import now_ms
from plainview.base.ids import sha256_hex
from plainview.bench.catalogue import Options, Say
from plainview.bench.result import Result, compared, in_turn
from plainview.bench.seal import CLIP_S, mb_s
from plainview.bench.segments import segments
from plainview.bench.windows import Answers, stock_of
from plainview.recorder.originals import sealed
from plainview.release.opening import checked
from plainview.seal.join import Joiner
from plainview.seal.shares import unseal

NAME = "open"


def run(options: Options, say: Say) -> Iterator[Result]:
    """MB/s of opening."""
    say("encoding a clip")
    window = stock_of("cam-00", Answers()).find(now_ms())
    key = pyrage.x25519.Identity.generate()
    record = window.header.record.model_copy(update={"pk": str(key.to_public())})
    window.header = window.header.model_copy(update={"record": record})
    found = segments(now_ms(), options.scaled(CLIP_S, 2.0))
    pairs: list[tuple[dict[str, Any], bytes]] = []
    for number, segment in enumerate(found):
        new = sealed(replace(segment, start_ms=window.start + number), window, number)
        header = {"seq": number, "cipher_sha256": sha256_hex(new.data)}
        pairs.append(({**header, "plain_sha256": new.plain_sha256}, new.data))

    def ours() -> int:
        size = 0
        with tempfile.TemporaryFile() as file:
            joiner = Joiner(file)
            for one in checked(pairs, record, str(key)):
                joiner.fits(one.fmp4)
                joiner.add(one.fmp4, one.meta.start)
                size += len(one.sealed)
        return size

    def theirs() -> int:
        return sum(len(unseal(data, str(key))) for _, data in pairs)

    say("segments")
    speeds = in_turn(lambda: mb_s(ours), lambda: mb_s(theirs), options.runs)
    yield compared(NAME, f"{NAME}.mb_s", "MB/s", *speeds, f"pyrage {version('pyrage')}, age alone")
