"""Where the keeper's things lie; `base.settings.Settings` is one of these."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Places(Protocol):
    """The folders and files that the keeper uses, and nothing else of the settings."""

    @property
    def log_dir(self) -> Path: ...
    @property
    def keys_dir(self) -> Path: ...
    @property
    def policy_file(self) -> Path: ...
    @property
    def keeper_socket(self) -> Path: ...
