"""The whole error tree.

Every error says what happened and, in `hint`, what to do. Commands print both in one line;
HTTP answers carry `code`. A check returns nothing and raises one of these.

    PlainviewError
    ├── SettingsError          a setting is missing, unsafe or contradicts another
    ├── UnsafeStart            a promise could not be kept, so nothing was started
    ├── NotFound               no such camera, window, request, person ...
    ├── Refused                a rule says no
    │   ├── NotAuthorised      the caller may not do this
    │   │   └── Forbidden      the caller is known, and may not do this
    │   ├── NotLogged          the log does not hold what the act needs
    │   └── GateClosed         the register does not allow recording
    ├── Invalid                bytes or values that are not what they claim to be
    │   ├── BadFormat          cannot be parsed
    │   ├── BadSignature       a signature or cosignature does not verify
    │   ├── BadProof           a Merkle proof, tile or checkpoint does not verify
    │   ├── BadSeal            a sealed thing does not open, or opens to something else
    │   └── BadShare           a custodian's share is not the one that was committed to
    ├── Unavailable            a part that is needed cannot be reached or is not ready
    │   ├── KeeperAway         the keeper
    │   ├── LogAway            the log or its witnesses
    │   ├── SourceAway         a camera
    │   └── StoreFull          no room on the disk, or more waits to be written than may wait
    ├── DetectorFault          the detector failed: pictures are pixelated, never shown raw
    ├── StoreDamaged           a pack or index is not what was written
    └── WeightsMissing         a model file is absent or has the wrong hash
"""

from __future__ import annotations

import re


class PlainviewError(Exception):
    """Base of all errors; `hint` says what to do about it."""

    code = "error"

    def __init_subclass__(cls) -> None:
        """The code is the name, `not_found` of `NotFound`, unless it is given."""
        words = re.findall("[A-Z][a-z]+", cls.__name__.removesuffix("Error"))
        cls.code = vars(cls).get("code", "_".join(words).lower())

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint

    def line(self) -> str:
        """The error as one line for a person."""
        return f"{self.message} {self.hint}".strip() if self.hint else self.message


class SettingsError(PlainviewError):
    """A setting is missing, unsafe or contradicts another."""


class UnsafeStart(PlainviewError):
    """A promise could not be kept, so nothing was started."""


class NotFound(PlainviewError):
    """No such camera, window, request, person ..."""


class Refused(PlainviewError):
    """A rule says no."""


class NotAuthorised(Refused):
    """The caller may not do this."""


class Forbidden(NotAuthorised):
    """The caller is known, and may not do this."""


class NotLogged(Refused):
    """The log does not hold what the act needs."""


class GateClosed(Refused):
    """The register does not allow recording."""


class Invalid(PlainviewError):
    """Bytes or values that are not what they claim to be."""


class BadFormat(Invalid):
    """Cannot be parsed."""


class BadSignature(Invalid):
    """A signature or cosignature does not verify."""


class BadProof(Invalid):
    """A Merkle proof, tile or checkpoint does not verify."""


class BadSeal(Invalid):
    """A sealed thing does not open, or opens to something else."""


class BadShare(Invalid):
    """A custodian's share is not the one that was committed to."""


class Unavailable(PlainviewError):
    """A part that is needed cannot be reached or is not ready."""


class KeeperAway(Unavailable):
    """The keeper."""


class LogAway(Unavailable):
    """The log or its witnesses."""


class SourceAway(Unavailable):
    """A camera."""


class StoreFull(Unavailable):
    """No room on the disk, or more waits to be written than may wait."""


class DetectorFault(PlainviewError):
    """The detector failed: pictures are pixelated, never shown raw."""


class StoreDamaged(PlainviewError):
    """A pack or index is not what was written."""


class WeightsMissing(PlainviewError):
    """A model file is absent or has the wrong hash."""
