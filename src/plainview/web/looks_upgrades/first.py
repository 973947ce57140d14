"""The tables of looks.db as they were first made."""

from __future__ import annotations

import sqlalchemy as sa

from plainview.base.upgrading import Operations

revision = "looks_1"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make both tables."""
    op.create_table(
        "state",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
    )
    op.create_table(
        "looks",
        sa.Column("camera", sa.String(), primary_key=True),
        sa.Column("role", sa.String(), primary_key=True),
        sa.Column("act", sa.String(), primary_key=True),
        sa.Column("purpose", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("last_ms", sa.Integer(), nullable=False),
    )
    op.execute("INSERT INTO state (id, next, log) VALUES (1, 0, '')")
