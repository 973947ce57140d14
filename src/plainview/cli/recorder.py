"""`plainview recorder`: the cameras of this machine (hidden; `serve` and `demo` start it)."""

from __future__ import annotations

from functools import partial

from plainview.base import journal
from plainview.cli.options import DataFolder, SettingsFile, load_settings
from plainview.node import heartbeat, probes
from plainview.recorder.process import run


def command(settings: SettingsFile = None, data: DataFolder = None) -> None:
    """Record every camera that has an address and a valid legal basis."""
    journal.start("recorder")
    chosen = load_settings(settings, data)
    journal.configure("recorder", node=chosen.node)
    with heartbeat.beating(partial(probes.recorder, chosen.recorder_socket)):
        run(chosen)
