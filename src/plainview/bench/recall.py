"""How much of what must be hidden is hidden: the real redactor over pictures with known truth.

The generated street's shots, and with `--data` data sets that somebody has on disk (WIDER FACE,
COCO, MOT) or clips without truth. Definitions and how to run it: docs/design/redaction-recall.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from plainview.base.durable import make_folder, write_file
from plainview.bench.catalogue import Options, Say
from plainview.bench.hiding import checks, folder
from plainview.bench.hiding.left import left
from plainview.bench.hiding.sheet import Sheet
from plainview.bench.hiding.shots import shots
from plainview.bench.hiding.tally import NAME, Tally
from plainview.bench.hiding.truth import DataSet, Sequence, Target
from plainview.bench.hiding.watch import Cost, Seen, watch
from plainview.bench.result import Result, machine
from plainview.redact.host import DetectorHost
from plainview.redact.rules import Profile, Rules

EMPTY = "empty"
"""The shot whose masks are all false."""
VIEW_HEIGHT = 720
DEADLINE_S, HANG_S = 10.0, 20.0
"""Of the detector: this is no live view, and the machine may be busy."""


@dataclass(slots=True)
class Report:
    """What goes into the contact sheet and into the file of details."""

    sheet: Sheet = field(default_factory=Sheet)
    sets: dict[str, dict[str, object]] = field(default_factory=dict)
    misses: list[dict[str, object]] = field(default_factory=list)

    def miss(self, seen: Seen, target: Target, data_set: str, sequence: Sequence) -> None:
        """Note one box that is not covered."""
        share = seen.hidden.share(target.box)
        part = data_set if sequence.part == data_set else f"{data_set}/{sequence.part}"
        self.misses.append(
            {
                "set": data_set, "part": sequence.part, "picture": seen.number,
                "who": target.who, "kind": target.kind.value,
                "box": [round(side, 1) for side in target.box], "hidden": round(share, 3),
            }
        )  # fmt: skip
        noun = "faces" if target.kind.value == "face" else "heads"
        what = f"{target.kind.value} {target.height:.0f} px, {share:.0%}"
        self.sheet.add(f"{noun} missed", seen.view.frame, target.box, f"{part} {seen.number}", what)


def run(options: Options, say: Say) -> Iterator[Result]:
    """Coverage, first frames, false masks and cost; see the module."""
    rules = Rules(Profile(options.profile))
    if options.data is not None:
        folder.check(options.data)
    report = Report()
    with DetectorHost(deadline_seconds=DEADLINE_S, hang_seconds=HANG_S) as host:
        host.wait()
        if options.shots:
            yield from _generated(options, say, host, rules, report)
        if options.data is not None:
            yield from _given(options.data, options, say, host, rules, report)
    if options.sheet is not None:
        report.sheet.write(options.sheet)
    if options.details is not None:
        _write(options.details, options, report)


def _generated(
    options: Options, say: Say, host: DetectorHost, rules: Rules, report: Report
) -> Iterator[Result]:
    whole = Tally()
    for data_set in shots(options.scale):
        tally = _measured(data_set, say, host, rules, report)
        yield from tally.results(f".{data_set.name}", bands=False)
        if data_set.name == EMPTY:
            yield from (
                Result(NAME, f"{NAME}.false_mask_area", one.value, one.unit, against=one.against)
                for one in tally.results("", bands=False)
                if one.metric == f"{NAME}.false_mask_area"
            )
        whole.merge(tally)
    # False masks of the whole are those of the street without anybody, above.
    whole.complete = False
    yield from whole.results("", bands=True)


def _given(
    data: Path, options: Options, say: Say, host: DetectorHost, rules: Rules, report: Report
) -> Iterator[Result]:
    say(f"reading {data}")
    sets = folder.data_sets(data, options.scale)
    for data_set in sets:
        tally = _measured(data_set, say, host, rules, report)
        yield from tally.results(f".{data_set.name}", bands=True)
    if sets:
        return
    others = checks.available(options.checks)
    yield Result(
        NAME, f"{NAME}.checks", len(others), "detectors that look for what is left",
        against=", ".join(one.name for one in others) or f"not measured. {checks.HINT}",
    )  # fmt: skip
    for clip in folder.clips(data):
        say(clip.name)
        yield from left(clip, host, rules, others, options.scale, report.sheet)


def _measured(
    data_set: DataSet, say: Say, host: DetectorHost, rules: Rules, report: Report
) -> Tally:
    """Redact a data set and count."""
    tally, cost = Tally(complete=data_set.complete), Cost(host)
    for sequence in data_set.sequences():
        appearances = tally.begin(sequence)
        height = None if sequence.still else VIEW_HEIGHT
        for seen in watch(sequence, host, rules, cost, max_height=height):
            for target in tally.add(seen, appearances, sequence):
                report.miss(seen, target, data_set.name, sequence)
            if tally.frames % 10 == 0:
                say(f"{data_set.name}, picture {tally.frames} of {data_set.frames}")
    tally.seconds = cost.seconds
    report.sets[data_set.name] = tally.details()
    return tally


def _write(path: Path, options: Options, report: Report) -> None:
    body = {
        "v": 1, "profile": options.profile, "scale": options.scale, "machine": machine(),
        "sets": report.sets, "misses": report.misses,
    }  # fmt: skip
    make_folder(path.parent)
    write_file(path, json.dumps(body, indent=1).encode())
