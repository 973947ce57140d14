#!/usr/bin/env python3
"""Measures a decision, in microseconds of processor time: docs/design/authorization.md.

.venv/bin/python tools/measure_policies.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import cedarpy

from plainview.policies.engine import Engine
from plainview.policies.files import load
from plainview.policies.model import Camera, Context, Principal, entities, uid

WHO = Principal("p-1", frozenset({"operator"}), units=frozenset({"Traffic"}))
WHERE, SAID = Camera("cam-01", "Traffic", "pole", "active"), Context(purpose=True)
ROUNDS = 2_000


def main() -> None:
    files = load()
    engine = Engine(files)
    request = {
        "principal": WHO.uid(),
        "action": uid("Action", "live"),
        "resource": WHERE.uid(),
        "context": SAID.values(),
    }
    known = entities((WHO, WHERE))
    text = partial(cedarpy.is_authorized, request, files.policies, known, files.schema)
    say("policies and schema read anew", text, ROUNDS // 20)
    say("policies read once", partial(engine.ask, WHO, "live", WHERE, SAID), ROUNDS)
    say("remembered", partial(engine.decide, WHO, "live", WHERE, SAID), ROUNDS * 50)


def say(what: str, decide: Callable[[], object], rounds: int) -> None:
    decide()
    began = time.process_time()
    for _ in range(rounds):
        decide()
    print(f"{what}: {(time.process_time() - began) / rounds * 1e6:.1f} us")


if __name__ == "__main__":
    main()
