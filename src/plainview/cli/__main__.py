"""`python -m plainview.cli`: the program where no script is installed."""

from __future__ import annotations

from plainview.cli import main

main()
