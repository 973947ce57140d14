"""The whole error tree.

Every error says what happened and, in `hint`, what to do. Commands print both in one line;
HTTP answers carry `code`. A check returns nothing and raises one of these.

    PlainviewError
    ├── SettingsError          a setting is missing, unsafe or contradicts another
    ├── UnsafeStart            a promise could not be kept, so nothing was started
    ├── NotFound               no such camera, window, request, person ...
    ├── Refused                a rule says no
    │   ├── NotAuthorised      the caller may not do this
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


class PlainviewError(Exception):
    """Base of all errors; `hint` says what to do about it."""

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def line(self) -> str:
        """The error as one line for a person."""
        return f"{self.message} {self.hint}".strip() if self.hint else self.message


class SettingsError(PlainviewError):
    code = "settings"


class UnsafeStart(PlainviewError):
    code = "unsafe_start"


class NotFound(PlainviewError):
    code = "not_found"


class Refused(PlainviewError):
    code = "refused"


class NotAuthorised(Refused):
    code = "not_authorised"


class NotLogged(Refused):
    code = "not_logged"


class GateClosed(Refused):
    code = "gate_closed"


class Invalid(PlainviewError):
    code = "invalid"


class BadFormat(Invalid):
    code = "bad_format"


class BadSignature(Invalid):
    code = "bad_signature"


class BadProof(Invalid):
    code = "bad_proof"


class BadSeal(Invalid):
    code = "bad_seal"


class BadShare(Invalid):
    code = "bad_share"


class Unavailable(PlainviewError):
    code = "unavailable"


class KeeperAway(Unavailable):
    code = "keeper_away"


class LogAway(Unavailable):
    code = "log_away"


class SourceAway(Unavailable):
    code = "source_away"


class StoreFull(Unavailable):
    code = "store_full"


class DetectorFault(PlainviewError):
    code = "detector_fault"


class StoreDamaged(PlainviewError):
    code = "store_damaged"


class WeightsMissing(PlainviewError):
    code = "weights_missing"
