"""How a statement about a camera reaches the log."""

from __future__ import annotations

from pathlib import Path

from plainview.base.settings import Settings
from plainview.errors import NotFound
from plainview.keys.client import KeeperClient
from plainview.register import statements
from plainview.register.projection import Register
from plainview.register.records import CameraRecord
from plainview.release import keyfile


def state_camera(
    settings: Settings, camera: str, status: str, record: CameraRecord, key: Path
) -> tuple[int, int]:
    """Sign and log the camera's next version; the entry's index and the version."""
    signer = keyfile.read(key)
    with Register(settings) as register, KeeperClient(settings.keeper_socket) as keeper:
        version = _next_version(register, camera)
        entry = statements.camera(camera, version, status, record, [signer.signing])
        index = keeper.append(entry.raw)
        register.sync()
    return index, version


def _next_version(register: Register, camera: str) -> int:
    try:
        return register.camera(camera).version + 1
    except NotFound:
        return 1
