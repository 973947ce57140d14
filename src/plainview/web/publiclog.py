"""What the public pages say about the log."""

from __future__ import annotations

from dataclasses import dataclass

from plainview.base.clock import Ms
from plainview.base.settings import Settings
from plainview.errors import NotFound, PlainviewError
from plainview.tlog import cosign, notes
from plainview.tlog.checkpoint import Checkpoint
from plainview.tlog.policy import Policy


@dataclass(frozen=True)
class LogState:
    """The newest checkpoint. `seen` of `witnesses` signed it; `wrong` says why it is not sound."""

    size: int
    root: str
    origin: str
    note: str
    time: Ms | None
    witnesses: dict[str, Ms | None]
    quorum: bool
    wrong: str

    @property
    def seen(self) -> int:
        """How many witnesses have signed it."""
        return sum(time is not None for time in self.witnesses.values())


def state(settings: Settings) -> LogState:
    """Read and check the published checkpoint. Raises `NotFound` before the first."""
    try:
        note = (settings.log_dir / "checkpoint").read_bytes()
        policy = Policy.parse(settings.policy_file.read_text())
    except OSError as error:
        raise NotFound("The log has no checkpoint yet.", hint="Is the keeper running?") from error
    text, lines = notes.parse(note)
    found = Checkpoint.parse(text)
    wrong, quorum = "", True
    try:
        policy.check(note)
    except PlainviewError as error:
        wrong, quorum = error.message, False
    witnesses = {
        name: _time(text, [line for line in lines if witness.made(line)], witness)
        for name, witness in policy.witnesses.items()
    }
    times = [time for time in witnesses.values() if time is not None]
    written = int((settings.log_dir / "checkpoint").stat().st_mtime * 1000)
    return LogState(
        found.size,
        found.root.hex(),
        found.origin,
        note.decode(),
        max(times, default=written),
        witnesses,
        quorum,
        wrong,
    )


def _time(text: bytes, lines: list[notes.SignatureLine], witness: notes.Verifier) -> Ms | None:
    for line in lines:
        try:
            return cosign.check(text, line, witness)
        except PlainviewError:
            continue  # it does not count; that the note is unsound is said by `wrong`
    return None
