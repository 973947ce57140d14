"""Sessions say how they began and on which device, so that their person knows them apart."""

from __future__ import annotations

import sqlalchemy as sa

from plainview.base.upgrading import Operations

revision = "web_2"
down_revision = "web_1"


def upgrade(op: Operations) -> None:
    """Three columns; sessions of before have them empty."""
    for name in ("how", "device", "signer"):
        op.add_column("sessions", sa.Column(name, sa.String(), nullable=False, server_default=""))
