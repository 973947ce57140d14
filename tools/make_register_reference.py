#!/usr/bin/env python3
"""Writes the made parts of docs/ref/register-records.md and docs/ref/legal-profiles.md.

    .venv/bin/python tools/make_register_reference.py

The first comes from the templates and models of the records, the second from the profiles' files.
`tests/tools/test_register_reference.py` demands that both are up to date.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from plainview.register.bulk import columns
from plainview.register.density import DORI_2014, OODPCVS_2025
from plainview.register.kind_templates import kind_template
from plainview.register.kinds import KINDS
from plainview.register.legal_profile import (
    Check,
    Profile,
    checks_of_every_profile,
    profile_names,
    read_profile,
)

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "ref"


def main() -> int:
    for name, parts in PAGES.items():
        path = FOLDER / name
        text = path.read_text()
        made = text
        for part, make in parts.items():
            made = replaced(made, part, make())
        if "--check" not in sys.argv:
            path.write_text(made)
        elif made != text:
            print(f"{name} is not up to date.")
            return 1
    return 0


def replaced(text: str, part: str, made: str) -> str:
    """The page with what stands between the marks of `part` made anew."""
    begin, end = f"<!-- begin: {part} -->\n", f"<!-- end: {part} -->"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n{made}\n{end}{rest.partition(end)[2]}"


def kinds() -> str:
    return "\n".join(
        f"## {kind}\n\n{model.__doc__}\n\n```toml\n{kind_template(kind)}```\n"
        for kind, model in KINDS.items()
    )


def scales() -> str:
    densities = sorted({*DORI_2014.values(), *OODPCVS_2025.values()})
    old, new = (
        {value: name for name, value in scale.items()} for scale in (DORI_2014, OODPCVS_2025)
    )
    lines = [f"| {one} | {old.get(one, '')} | {new.get(one, '')} |" for one in densities]
    head = ["| pixels per 10 m | 2014 (DORI) | 2025 (OODPCVS) |", "|---|---|---|"]
    return "\n".join([*head, *lines, ""])


def column_names() -> str:
    text = ", ".join(f"`{name}`" for name in columns()) + "."
    return "\n".join(textwrap.wrap(text, 110)) + "\n"


def profiles() -> str:
    every = "## Every profile: places that need more\n\n" + table(checks_of_every_profile())
    parts = [every]
    for name in profile_names():
        found = read_profile(name)
        parts.append(f"## {name}\n\n{about(found)}\n{table(found.checks)}")
    return "\n".join(parts)


def about(profile: Profile) -> str:
    longest, notice, to = profile.longest_retention, profile.notice, profile.authority
    return "\n".join(
        [
            f"{profile.title}. {profile.law}. {profile.note or ''}".strip() + "\n",
            f"- Longest without reasons: {longest.seconds // 3600} hours"
            f" ({mark(longest.article, longest.verify)}).",
            f"- Notice: {notice.seconds} seconds ({mark(notice.article, notice.verify)}).",
            f"- Complaints: {to.name}, {to.address}, {to.url}{' (v)' if to.verify else ''}.",
            f"- Objections: {profile.texts.object}",
            f"- Own data: {profile.texts.own_data}\n",
        ]
    )


def mark(article: str, verify: bool) -> str:
    return f"{article} (v)" if verify else article


def table(checks: tuple[Check, ...] | list[Check]) -> str:
    return "\n".join(
        ["| field | demanded | article | why |", "|---|---|---|---|", *rows(checks), ""]
    )


def rows(checks: tuple[Check, ...] | list[Check]) -> Iterator[str]:
    for one in checks:
        article = mark(one.article, one.verify)
        yield f"| `{one.field}` | {demand(one)} | {article} | {one.why} |"


def demand(one: Check) -> str:
    words = {"required": "given", "in_force": "in force", "not_expired": "not over"}
    said = words.get(one.kind, one.kind.replace("_", " "))
    if one.limit is not None:
        said += f" {one.limit}"
    if one.values:
        said += f" {', '.join(map(str, one.values))}"
    if one.caps:
        said += " " + ", ".join(f"{purpose}: {cap}" for purpose, cap in one.caps.items())
    if one.when:
        said += f"; if {one.when.field} is {' or '.join(map(str, one.when.values))}"
    return said if one.severity == "error" else f"{said}; a warning"


PAGES = {
    "register-records.md": {"kinds": kinds, "scales": scales, "columns": column_names},
    "legal-profiles.md": {"profiles": profiles},
}

if __name__ == "__main__":
    sys.exit(main())
