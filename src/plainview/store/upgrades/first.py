"""The tables of roots.db as the first release made them."""

from __future__ import annotations

import sqlalchemy as sa

from plainview.base.upgrading import Operations

revision = "store_1"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make every table."""
    _leaves(op)


def _leaves(op: Operations) -> None:
    op.create_table(
        "leaves",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("at", sa.Integer()),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("window", sa.String(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("cipher", sa.String(), nullable=False),
        sa.Column("plain", sa.String(), nullable=False),
        sa.Column("register", sa.Integer(), nullable=False),
        sa.Column("minute", sa.String(), nullable=False),
    )
    op.create_index("ix_leaves_entry", "leaves", ["entry"])
    op.create_index("ix_leaves_window", "leaves", ["window"])
