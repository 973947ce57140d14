#!/usr/bin/env python3
"""Bring what `plainview bench recall --json` measured into the public algorithm record.

    plainview bench recall --profile heads --json > heads.jsonl
    .venv/bin/python tools/fill_measured.py profile/heads heads.jsonl COMMAND

The first argument is whom the figures are about: a model's record, or `profile/NAME`. Figures in
`src/plainview/redact/measured.json` come from here alone; nobody types them.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src" / "plainview" / "redact" / "measured.json"
DATA = "the generated street, all shots (docs/ref/scene.md)"
SHARES = {
    "coverage_16px": ("Faces covered", "16 px and more"),
    "coverage_8_12px": ("Faces covered", "8 to 12 px"),
    "coverage_12_16px": ("Faces covered", "12 to 16 px"),
    "coverage_16_24px": ("Faces covered", "16 to 24 px"),
    "coverage_24_40px": ("Faces covered", "24 to 40 px"),
    "coverage_40_80px": ("Faces covered", "40 to 80 px"),
    "coverage_80px_up": ("Faces covered", "80 px and more"),
    "first_frame": ("Faces covered in the first frame that shows them", "16 px and more"),
    "heads_behind": ("Heads seen from behind covered", "16 px and more"),
    "heads_side": ("Heads seen from the side covered", "16 px and more"),
    "masked_area": ("Share of the picture that is hidden", ""),
    "false_mask_area": ("Share of an empty street that is hidden", ""),
    "withheld": ("Share of pictures withheld whole", ""),
}


def main(about: str, source: str, command: str) -> int:
    """Replace the figures about one model or profile; returns the exit status."""
    measured = {}
    for line in Path(source).read_text().splitlines():
        one = json.loads(line)
        measured[one["metric"].removeprefix("recall.")] = one
    missing = sorted(SHARES.keys() - measured.keys())
    if missing:
        print(f"{source} lacks {', '.join(missing)}.", file=sys.stderr)
        return 1
    figures = json.loads(TARGET.read_text())
    figures[about] = [row(name, measured[name], command) for name in SHARES]
    TARGET.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    return 0


def row(name: str, one: dict[str, object], command: str) -> dict[str, object]:
    """One figure as the record wants it."""
    metric, size = SHARES[name]
    rests_on = str(one["against"])
    faces = re.search(r"(\d+) distinct faces", rests_on)
    number = rests_on.split(", ")[0]
    return {
        "metric": metric, "value": round(float(str(one["value"])) / 100, 6), "unit": "share",
        "size": size, "faces": int(faces[1]) if faces else 0,
        "data": f"{DATA}; {number}", "date": datetime.now(UTC).date().isoformat(),
        "command": command,
    }  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    sys.exit(main(*sys.argv[1:]))
