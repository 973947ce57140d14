#!/usr/bin/env python3
"""Cuts free faces out of pictures that pinned packages carry.

    .venv/bin/python tools/fetch_faces.py

- the portrait of the astronaut Eileen Collins (NASA, public domain), in scikit-image
- the portrait of Rear Admiral Grace Hopper (US Navy, public domain), in matplotlib's wheel
- Lav Varshney at a camera, in profile, black and white (his own gift, CC0), in scikit-image

Writes known_face.png and known_person.png into src/plainview/redact/weights/ (for the detectors'
self-test; the person is the whole of the man at the camera) and the heads of the generated street:
src/plainview/testing/faces/*.png, with soft edges in the alpha channel, and heads.json, which says
where the face is in each. Every picture is checked by SHA-256. One that cannot be had is left out
of the street and named; those of the self-test must be there.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "src" / "plainview" / "redact" / "weights"
KNOWN = {
    "collins": ("known_face.png", (160, 20, 135, 180), (72, 96)),
    "varshney": ("known_person.png", (39, 2, 221, 506), (70, 160)),
}
"""What stands beside searched pictures: its file, its cut (x, y, w, h), its size."""
HEADS_FOLDER = ROOT / "src" / "plainview" / "testing" / "faces"
MATPLOTLIB = "matplotlib==3.10.7"

Picture = NDArray[np.uint8]
Box = tuple[int, int, int, int]


class CannotFetch(Exception):
    """A picture is not there or not the one that was checked."""


@dataclass(frozen=True)
class Head:
    """`cut` (x, y, w, h) of the picture; outline and face in thousandths of the cut."""

    name: str
    package: str
    file: str
    sha256: str
    cut: Box
    face: Box
    outline: tuple[tuple[int, int], ...]
    credit: str
    grey: bool = False


HEADS = (
    Head(
        "collins", "skimage", "data/astronaut.png",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        (144, 8, 168, 196), (238, 354, 511, 531),
        ((54, 344), (73, 250), (170, 156), (292, 94), (414, 46), (560, 35), (706, 52), (827, 135),
         (900, 229), (934, 354), (934, 458), (888, 552), (803, 625), (749, 646), (730, 750),
         (669, 854), (584, 908), (438, 906), (304, 854), (253, 771), (238, 646), (170, 594),
         (109, 521), (68, 438)),
        "Eileen Collins; NASA, public domain",
    ),
    Head(
        "hopper", "matplotlib", "mpl-data/sample_data/grace_hopper.jpg",
        "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
        (140, 16, 248, 320), (108, 375, 782, 604),
        ((59, 292), (148, 219), (202, 125), (297, 79), (350, 31), (539, 21), (647, 31), (701, 73),
         (836, 156), (857, 219), (930, 250), (933, 354), (922, 417), (943, 542), (916, 667),
         (876, 771), (836, 833), (782, 906), (674, 969), (485, 983), (323, 948), (243, 875),
         (148, 823), (94, 729), (59, 604), (67, 521), (81, 438), (49, 333)),
        "Grace Hopper; US Navy, public domain",
    ),
    Head(
        "varshney", "skimage", "data/camera.png",
        "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
        (158, 62, 116, 146), (342, 375, 487, 521),
        ((32, 292), (53, 198), (158, 94), (290, 31), (421, 17), (579, 52), (737, 115), (868, 208),
         (934, 312), (960, 400), (900, 470), (816, 500), (800, 600), (826, 729), (765, 752),
         (750, 802), (760, 840), (712, 885), (672, 906), (526, 900), (395, 854), (290, 792),
         (158, 708), (79, 625), (40, 500)),
        "Lav Varshney, in profile; CC0",
        grey=True,
    ),
)  # fmt: skip


def main() -> int:
    made: dict[str, dict[str, object]] = {}
    HEADS_FOLDER.mkdir(parents=True, exist_ok=True)
    for head in HEADS:
        try:
            picture = fetch(head)
        except CannotFetch as error:
            print(f"fetch_faces: {head.name} is left out: {error}", file=sys.stderr)
            if head.name in KNOWN:
                return 1
            continue
        if head.name in KNOWN:
            file, cut, size = KNOWN[head.name]
            write(WEIGHTS / file, known(picture, cut, size))
        rgba = cut_out(picture, head)
        write(HEADS_FOLDER / f"{head.name}.png", rgba)
        made[head.name] = {"face": scaled(head.face, rgba), "credit": head.credit}
    (HEADS_FOLDER / "heads.json").write_text(json.dumps(made, indent=1) + "\n")
    print(f"fetch_faces: {len(made)} of {len(HEADS)} distinct faces are there")
    return 0


def fetch(head: Head) -> Picture:
    """The checked picture, height x width x 3, BGR."""
    data = from_installed(head) if head.package == "skimage" else from_wheel(head)
    if hashlib.sha256(data).hexdigest() != head.sha256:
        raise CannotFetch(f"{head.file} of {head.package} is not the picture that was checked.")
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise CannotFetch(f"{head.file} is not a picture.")
    return np.asarray(decoded, dtype=np.uint8)


def from_installed(head: Head) -> bytes:
    spec = find_spec(head.package)
    if spec is None or spec.origin is None:
        raise CannotFetch("scikit-image is not installed. Run `make demo` or `make test`.")
    return (Path(spec.origin).parent / head.file).read_bytes()


def from_wheel(head: Head) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        print(f"fetch_faces: fetching {MATPLOTLIB} (9 MB) for one picture ...", flush=True)
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--retries", "2",
                   "--disable-pip-version-check", "--only-binary", ":all:", "--dest", folder,
                   MATPLOTLIB]  # fmt: skip
        if subprocess.run(command, check=False).returncode != 0:
            raise CannotFetch(f"{MATPLOTLIB} could not be downloaded; try again when online.")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            return wheel.read(f"{head.package}/{head.file}")


def known(picture: Picture, cut: Box, size: tuple[int, int]) -> Picture:
    x, y, w, h = cut
    small = cv2.resize(picture[y : y + h, x : x + w], size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def cut_out(picture: Picture, head: Head) -> Picture:
    """The head with a soft outline as alpha, height x width x 4."""
    x, y, w, h = head.cut
    cut = picture[y : y + h, x : x + w]
    if head.grey:
        # A black-and-white photograph gets the tint of skin, less of it where it is dark.
        light = cut.astype(np.float32)
        warm = np.clip(light * np.array([0.70, 0.84, 1.08], np.float32) + 4, 0, 255)
        cut = np.asarray(warm, dtype=np.uint8)
    points = np.array([(px * w / 1000, py * h / 1000) for px, py in head.outline], np.float32)
    alpha = np.zeros((h, w), np.uint8)
    cv2.fillPoly(alpha, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), max(1.2, h / 110)), dtype=np.uint8)
    return np.dstack([cut, alpha])


def scaled(face: Box, picture: Picture) -> list[int]:
    height, width = picture.shape[:2]
    across, down = width / 1000, height / 1000
    return [round(face[0] * across), round(face[1] * down),
            round(face[2] * across), round(face[3] * down)]  # fmt: skip


def write(path: Path, picture: Picture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(".png", picture)
    if not done:
        raise CannotFetch(f"{path.name} could not be encoded.")
    path.write_bytes(data.tobytes())
    digest = hashlib.sha256(data.tobytes()).hexdigest()
    print(f"fetch_faces: {path.relative_to(ROOT)} {digest}")


if __name__ == "__main__":
    sys.exit(main())
