"""The files that redaction may load: an allow-list by SHA-256.

Nothing here or elsewhere fetches a model at run time. `tools/fetch_models.py` puts the files into
`weights/` at set-up; what is not on this list is refused, whoever put it there.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.errors import WeightsMissing

FOLDER = Path(__file__).parent / "weights"

FACES = "centerface-boxes.onnx"
KNOWN_FACE = "known_face.png"

ALLOWED = {FACES: "a067cb48a9bb212f0a1500739658fe972bc6f2ce27a3658932e6d159dae61c49"}
"""Every model that Plainview may run. Each returns boxes; none can tell one face from another."""

COMPANIONS = frozenset({KNOWN_FACE, "LICENSE", "NOTICE", "manifest.json"})
"""Other files that may lie in the folder: no code and no model."""

_HINT = "Run: .venv/bin/python tools/fetch_models.py"


def load(name: str, folder: Path = FOLDER) -> bytes:
    """The bytes of an allowed model. Raises `WeightsMissing` if absent, unlisted or altered."""
    if name not in ALLOWED:
        raise WeightsMissing(f"{name} is not a model that Plainview may load.")
    try:
        data = (folder / name).read_bytes()
    except OSError as error:
        raise WeightsMissing(f"The model {name} is missing.", hint=_HINT) from error
    if hashlib.sha256(data).hexdigest() != ALLOWED[name]:
        raise WeightsMissing(f"The model {name} is not the one that was checked.", hint=_HINT)
    return data


def known_face(folder: Path = FOLDER) -> NDArray[np.uint8]:
    """The face that stands beside every searched picture: height x width x 3, BGR."""
    picture = cv2.imread(str(folder / KNOWN_FACE), cv2.IMREAD_COLOR)
    if picture is None or min(picture.shape[:2]) < 32:
        raise WeightsMissing(
            "The known face of the self-test is missing.",
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
