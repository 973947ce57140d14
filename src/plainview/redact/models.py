"""The files that redaction may load: an allow-list by SHA-256.

Nothing here or elsewhere fetches a model at run time. `tools/fetch_models.py` puts the files into
`weights/` at set-up; what is not on this list is refused, whoever put it there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import WeightsMissing

FOLDER = Path(__file__).parent / "weights"

FACES = "centerface-boxes.onnx"
PEOPLE = "nanodet-boxes.onnx"
PLATES = "textlines-boxes.onnx"
SECOND_FACES = "retinaface-boxes.onnx"
KNOWN_FACE = "known_face.png"
KNOWN_PERSON = "known_person.png"


@dataclass(frozen=True, slots=True)
class Model:
    """A network's file. It returns maps: (channels, stride) of each, and nothing else."""

    sha256: str
    returns: tuple[tuple[int, int], ...]
    purpose: str


ALLOWED: Mapping[str, Model] = {
    FACES: Model(
        "3792e9b7b17ef2aafa217e9a5b7f3d13c5281a91eeabc61b1db68552fa5d0203",
        ((1, 4), (2, 4), (2, 4)),
        "Where faces are: how likely, log height and width, offset.",
    ),
    PEOPLE: Model(
        "1b945d490687f3408c8affcccdc37581a2cc3117dc3c376c1188513f43c6b289",
        ((2, 8), (44, 8), (2, 16), (44, 16), (2, 32), (44, 32)),
        "Where people and vehicles are: how likely, four distances to the sides in 11 steps.",
    ),
    PLATES: Model(
        "cc5c00e3af696326492ba0ef90935179478b369e4c88c7f0f9592c96873995df",
        ((1, 1),),
        "Where text is: how likely. It cannot read it.",
    ),
}
"""Every model that Plainview may run. Each returns boxes; none can tell one person from another."""

CHECKING: Mapping[str, Model] = {
    SECOND_FACES: Model(
        "44b2d452d76e875f9af9e485f15e7dd1dc696ca322513a8f83709a95141cd48c",
        ((4, 8), (8, 8), (4, 16), (8, 16), (4, 32), (8, 32)),
        "Where faces are, by another network: two scores and boxes for each of two sizes.",
    ),
}
"""What tests and `plainview bench` check the pipeline with. It is in no wheel."""

COMPANIONS = frozenset(
    {KNOWN_FACE, KNOWN_PERSON, "NOTICE", "manifest.json"}
    | {Path(name).with_suffix(".LICENSE").name for name in ALLOWED}
)
"""Other files that may lie in the folder: no code and no model."""

_HINT = "Run: .venv/bin/python tools/fetch_models.py"


def load(name: str, folder: Path = FOLDER) -> bytes:
    """The bytes of an allowed model. Raises `WeightsMissing` if absent, unlisted or altered."""
    if name not in ALLOWED:
        raise WeightsMissing(f"{name} is not a model that Plainview may load.")
    return _checked(folder / name, ALLOWED[name])


def load_checking(name: str, folder: Path) -> bytes:
    """The bytes of a network that only checks others. Raises `WeightsMissing` as `load` does."""
    if name not in CHECKING:
        raise WeightsMissing(f"{name} is not a model that Plainview may check with.")
    return _checked(folder / name, CHECKING[name])


def _checked(path: Path, model: Model) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsMissing(f"The model {path.name} is missing.", hint=_HINT) from error
    if hashlib.sha256(data).hexdigest() != model.sha256:
        raise WeightsMissing(f"The model {path.name} is not the one that was checked.", hint=_HINT)
    return data


def known_face(folder: Path = FOLDER) -> NDArray[np.uint8]:
    """The face that stands beside every picture searched for faces: height x width x 3, BGR."""
    return _known(folder / KNOWN_FACE, "face")


def known_person(folder: Path = FOLDER) -> NDArray[np.uint8]:
    """The same for people: a man who stands, found when drawn 64 to 96 pixels high."""
    return _known(folder / KNOWN_PERSON, "person")


def _known(path: Path, what: str) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None or min(picture.shape[:2]) < 32:
        raise WeightsMissing(
            f"The known {what} of the self-test is missing.",
            hint="Run: .venv/bin/python tools/fetch_faces.py",
        )
    return np.asarray(picture, dtype=np.uint8)


def check_folder(folder: Path = FOLDER) -> None:
    """Raise `WeightsMissing` unless the folder holds every allowed model and no other file."""
    for name in ALLOWED:
        load(name, folder)
    strangers = sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_dir() or (path.name not in ALLOWED and path.name not in COMPANIONS)
    )
    if strangers:
        raise WeightsMissing(
            f"Not on the list of allowed models: {', '.join(strangers)}.",
            hint="Remove these files.",
        )
