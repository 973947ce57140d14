"""`plainview recorder`: the cameras of this machine (hidden; `serve` and `demo` start it)."""

from __future__ import annotations

from plainview.base import journal
from plainview.cli.options import DataFolder, SettingsFile, load_settings
from plainview.recorder.process import run


def command(settings: SettingsFile = None, data: DataFolder = None) -> None:
    """Record every camera that has an address and a valid legal basis."""
    journal.configure()
    run(load_settings(settings, data))
