"""The table of letters.db as it was made first."""

from __future__ import annotations

import sqlalchemy as sa

from plainview.base.upgrading import Operations

revision = "letters_1"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make the table."""
    op.create_table(
        "letters",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.Integer()),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reply", sa.String(), nullable=False),
        sa.Column("replied", sa.Integer()),
        sa.UniqueConstraint("kind", "number"),
    )
