#!/usr/bin/env python3
"""Builds a release twice, compares, and writes what belongs to it into `dist/`.

    make release        sets everything up first
    .venv/bin/python tools/release.py

    plainview-X-py3-none-any.whl    the program, with built pages, weights and their licences
    files.txt                       every file of it, as sha256sum writes it; its SHA-256 is the
                                    software hash that a running server publishes and logs
    requirements.txt                the lock: what it was tested with, by hash
    sbom.cdx.json                   bill of materials (CycloneDX 1.6): Python, npm, models
    SHA256SUMS                      of all of these

Two clean copies of the commit are built in different folders, time zones, locales and file modes,
the pages too. If the wheels differ in one byte, nothing is written. The same commit gives the same
files on another machine with the same Python and Node packages (both are locked by hash).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from plainview.base.ids import sha256_hex
from plainview.base.software import WEIGHTS, files_of_wheel, listed
from plainview.redact.models import ALLOWED, COMPANIONS

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
FETCHED = (f"src/{WEIGHTS}", "src/plainview/testing/faces")
"""What set-up fetches by hash and git does not hold."""
BUILT = ("src/plainview/web/static", "src/plainview/release/static")
MUST_HOLD = (
    *("plainview/web/static/index.html", "plainview/web/static/licences.txt"),
    *("plainview/release/static/open.html", "plainview/release/static/licences.txt"),
    *(f"{WEIGHTS}/{name}" for name in ALLOWED),
    *(f"{WEIGHTS}/{name}" for name in COMPANIONS),
)
MACHINES: tuple[dict[str, str | int], ...] = (
    {"folder": "a", "umask": 0o022, "TZ": "UTC", "LC_ALL": "C"},
    {"folder": "another place/b", "umask": 0o077, "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"},
)
"""As different as one machine can be."""
VCS = ("git", "-C", str(ROOT))


class CannotRelease(Exception):
    """What was built is not a release."""


def main() -> int:
    if run(*VCS, "status", "--porcelain").strip():
        return stop("there are changes that are not committed.", "Commit them: git status")
    if any(not (ROOT / folder).is_dir() for folder in (*FETCHED, "ui/node_modules")):
        return stop("something is missing.", "Run: make release")
    commit, time = run(*VCS, "log", "-1", "--format=%H %ct").split()
    try:
        release(DIST, commit, time)
    except CannotRelease as error:
        return stop(str(error), "Nothing was written.")
    return 0


def say(text: str) -> None:
    print(f"plainview release: {text}", flush=True)


def stop(text: str, hint: str) -> int:
    print(f"plainview release: {text}\n{hint}", file=sys.stderr)
    return 1


def run(*command: str, cwd: Path = ROOT, **more: Any) -> str:
    """What a program prints. Raises `CannotRelease` with its last words if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise CannotRelease(f"`{' '.join(command)}` failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return str(done.stdout)


def release(dist: Path, commit: str, time: str) -> None:
    """Build twice, compare, write. Raises `CannotRelease`; then `dist` is as it was."""
    with tempfile.TemporaryDirectory(prefix="plainview-release-") as folder:
        wheels = [build(Path(folder), machine, time) for machine in MACHINES]
        compare(*wheels)
        made = Path(folder) / "dist"
        made.mkdir()
        wheel = made / wheels[0].name
        shutil.copyfile(wheels[0], wheel)
        files = listed(files_of_wheel(wheel))
        (made / "files.txt").write_text(files)
        shutil.copyfile(ROOT / "requirements" / "run.txt", made / "requirements.txt")
        facts = {"commit": commit, "software-sha256": sha256_hex(files.encode())}
        say("writing the bill of materials")
        bill = bill_of_materials(wheel, facts, time)
        check_bill(bill)
        (made / "sbom.cdx.json").write_text(bill)
        sums = "".join(f"{digest(file)}  {file.name}\n" for file in sorted(made.iterdir()))
        (made / "SHA256SUMS").write_text(sums)
        shutil.rmtree(dist, ignore_errors=True)
        shutil.copytree(made, dist, copy_function=shutil.copyfile)
    say(f"{wheel.name} is byte-identical when built twice")
    say(f"software hash {facts['software-sha256']}")
    say(f"written to {dist}")


def build(folder: Path, machine: Mapping[str, str | int], time: str, *, pages: bool = True) -> Path:
    """The wheel out of a clean copy of what git tracks and set-up fetched.

    Without `pages`, those that were built here already are taken as they are.
    """
    copy = folder / str(machine["folder"])
    say(f"building in {copy}")
    umask = int(machine["umask"])
    snapshot(copy, umask, FETCHED if pages else (*FETCHED, *BUILT))
    environment = {
        **os.environ,
        "PATH": f"{ROOT / '.cache/node/bin'}:{os.environ['PATH']}",
        "SOURCE_DATE_EPOCH": time,
        "TZ": str(machine["TZ"]),
        "LC_ALL": str(machine["LC_ALL"]),
        "PYTHONPATH": "",
    }
    if pages:
        ui = copy / "ui"
        (ui / "node_modules").symlink_to(ROOT / "ui" / "node_modules")
        for part in ("app", "tools"):
            run("npm", "run", "--silent", f"build:{part}", cwd=ui, env=environment, umask=umask)
    hatch = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out")
    run(*hatch, cwd=copy, env=environment, umask=umask)
    (wheel,) = (copy / "out").glob("*.whl")
    return wheel


def snapshot(copy: Path, umask: int, folders: Sequence[str]) -> None:
    """Copy what git tracks and these folders, in modes that `umask` leaves; times are now's."""
    tracked = run(*VCS, "ls-files", "-z").split("\0")
    fetched = [
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    for name in {*filter(None, tracked), *fetched}:
        source, target = ROOT / name, copy / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod((0o777 if os.access(source, os.X_OK) else 0o666) & ~umask)


def compare(one: Path, other: Path) -> None:
    """Raises `CannotRelease` naming what differs, or what a release must hold and does not."""
    with zipfile.ZipFile(one) as a, zipfile.ZipFile(other) as b:
        if absent := [name for name in MUST_HOLD if name not in a.namelist()]:
            raise CannotRelease(f"the wheel lacks {', '.join(absent)}.")
        if one.read_bytes() == other.read_bytes():
            return
        first, second = ({i.filename: (i.CRC, i.date_time, i.external_attr) for i in z.infolist()}
                         for z in (a, b))  # fmt: skip
        wrong = sorted(n for n in {*first, *second} if first.get(n) != second.get(n))
    raise CannotRelease(f"two builds differ: {', '.join(wrong[:10]) or 'order or compression'}.")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def bill_of_materials(wheel: Path, facts: Mapping[str, str], time: str) -> str:
    """CycloneDX JSON of what a city runs: no tools of tests or builds."""
    command = (sys.executable, "-m", "cyclonedx_py", "environment", sys.executable)
    options = (
        "--pyproject",
        "pyproject.toml",
        "--output-reproducible",
        "--short-PURLs",
        "--no-validate",
    )
    environment = {**os.environ, "SOURCE_DATE_EPOCH": time}
    bill = json.loads(run(*command, *options, "--sv", "1.6", "--of", "JSON", env=environment))
    root = bill["metadata"]["component"]
    root["hashes"] = [{"alg": "SHA-256", "content": digest(wheel)}]
    root["properties"] = [{"name": f"plainview:{k}", "value": v} for k, v in facts.items()]
    edges = runtime()
    names: dict[str, dict[str, Any]] = {
        canonicalize_name(one["name"]): one for one in bill["components"]
    }
    python = [names[name] for name in edges if name != "plainview"]
    for one in python:
        one.setdefault("licenses", [{"license": {"name": licence_beside(one["name"])}}])
    others = [*npm_packages(ROOT / "ui" / "package-lock.json"), *models(ROOT / f"src/{WEIGHTS}")]
    graph = {
        root["bom-ref"] if name == "plainview" else names[name]["bom-ref"]: [
            names[one]["bom-ref"] for one in needs
        ]
        for name, needs in edges.items()
    }
    graph[root["bom-ref"]] += [one["bom-ref"] for one in others]
    bill["components"] = sorted([*python, *others], key=lambda one: str(one["bom-ref"]))
    bill["dependencies"] = [
        {"ref": ref, "dependsOn": sorted(graph.get(ref, []))}
        for ref in sorted({*graph, *(one["bom-ref"] for one in others)})
    ]
    return json.dumps(bill, indent=1, sort_keys=True) + "\n"


def check_bill(text: str) -> None:
    """Raises `CannotRelease` unless this is CycloneDX and names nothing of this machine."""
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise CannotRelease(f"the bill of materials is not CycloneDX: {wrong}")
    if str(ROOT) in text:
        raise CannotRelease("the bill of materials names a folder of this machine.")


def runtime() -> dict[str, list[str]]:
    """What each package needs when it runs, from `plainview` on; extras only where asked for."""
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    found: dict[str, list[str]] = {}
    waiting = [("plainview", frozenset[str]())]
    while waiting:
        name, extras = waiting.pop()
        texts = ours if name == "plainview" else metadata.requires(name) or []
        needs = [one for one in map(Requirement, texts) if wanted(one, extras)]
        known = found.setdefault(name, [])
        for one in needs:
            needed = canonicalize_name(one.name)
            if needed not in known:
                known.append(needed)
            if needed not in found or one.extras:
                waiting.append((needed, frozenset(one.extras)))
    return found


def wanted(need: Requirement, extras: frozenset[str]) -> bool:
    """Whether this machine needs it, with these extras."""
    marker = need.marker
    return marker is None or any(marker.evaluate({"extra": one}) for one in {"", *extras})


def licence_beside(package: str) -> str:
    """The first line of the licence in a package whose metadata names none."""
    for file in metadata.files(package) or []:
        if file.name.upper().startswith("LICEN"):
            return next(filter(None, map(str.strip, file.read_text().splitlines())))
    raise CannotRelease(f"{package} has no licence.")


def npm_packages(lock: Path) -> list[dict[str, Any]]:
    """The packages that the pages are made of; those of the builder and the tests are not."""
    found = []
    for path, about in json.loads(lock.read_bytes())["packages"].items():
        if not path or about.get("dev") or about.get("devOptional") or about.get("optional"):
            continue
        name = path.rpartition("node_modules/")[2]
        purl = f"pkg:npm/{name.replace('@', '%40')}@{about['version']}"
        kind, _, content = about["integrity"].partition("-")
        algorithm = {"sha512": "SHA-512", "sha256": "SHA-256", "sha1": "SHA-1"}[kind]
        hash = {"alg": algorithm, "content": base64.b64decode(content).hex()}
        found.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": about["version"],
                "purl": purl,
                "licenses": [{"expression": about["license"]}],
                "hashes": [hash],
            }
        )
    return found


def models(folder: Path) -> list[dict[str, Any]]:
    """The weights that the manifest names, as they are."""
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": f"model:{name}",
            "name": name,
            "description": f"{ALLOWED[name].purpose} Used only to hide what it finds.",
            "licenses": [{"license": {"name": licence_of(folder / name)}}],
            "hashes": [{"alg": "SHA-256", "content": digest(folder / name)}],
        }
        for name in sorted(json.loads((folder / "manifest.json").read_bytes()))
    ]


def licence_of(model: Path) -> str:
    """The first line of the licence beside it."""
    return model.with_suffix(".LICENSE").read_text().partition("\n")[0]


if __name__ == "__main__":
    raise SystemExit(main())
