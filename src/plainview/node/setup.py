"""Set-up of a new log: its signing key, the trust policy, and the founding entry."""

from __future__ import annotations

from collections.abc import Sequence

from plainview.base import durable
from plainview.base.settings import Settings
from plainview.errors import SettingsError
from plainview.tlog.beginning import open_log
from plainview.tlog.entries import Entry
from plainview.tlog.history import History
from plainview.tlog.notes import Signer, read_key
from plainview.tlog.policy import Policy
from plainview.tlog.shown import publish
from plainview.tlog.signing import SigningKey


def make_log_key(settings: Settings, origin: str) -> str:
    """Make the log's signing key unless it is there; its verifier key, for witnesses."""
    durable.make_folder(settings.keys_dir, mode=0o700)
    file = settings.keys_dir / "log.key"
    if not file.exists():
        durable.write_file(file, SigningKey.generate().to_pem(), mode=0o600)
    return Signer(origin, read_key(file.read_bytes())).verifier.vkey()


def create(
    settings: Settings,
    founding: Entry,
    witnesses: Sequence[tuple[str, str, str]],
    quorum: int,
) -> Policy:
    """Make `keys/`, `policy.txt` and a log with `founding`; the policy, to be given to witnesses.

    `witnesses` are (name, vkey, url), `quorum` is how many of them must cosign (0 only without
    witnesses). Raises `SettingsError` if there is a log already, or what `History.apply` raises.
    """
    if (settings.log_dir / "head").exists():
        raise SettingsError("There is a log already.", hint="A log is never founded twice.")
    if bool(witnesses) != bool(quorum) or quorum > len(witnesses):
        raise SettingsError(f"{len(witnesses)} witnesses cannot make a quorum of {quorum}.")
    history = History()
    history.apply(0, founding)
    vkey = make_log_key(settings, history.origin)
    signer = Signer(history.origin, read_key((settings.keys_dir / "log.key").read_bytes()))
    policy = Policy.parse(_policy_text(vkey, witnesses, quorum))
    durable.write_file(settings.policy_file, policy.text.encode())
    writer = open_log(settings.log_dir, signer)
    writer.append([founding.raw])
    if not quorum:
        publish(settings.log_dir, signer.verifier, writer.head, [])
    return policy


def _policy_text(log: str, witnesses: Sequence[tuple[str, str, str]], quorum: int) -> str:
    lines = [f"log {log}", *(f"witness {name} {vkey} {url}" for name, vkey, url in witnesses)]
    if quorum:
        lines.append(f"group witnesses {quorum} {' '.join(name for name, _, _ in witnesses)}")
    return "\n".join([*lines, f"quorum {'witnesses' if quorum else 'none'}", ""])
