"""The table of drafts.db as it was made first."""

from __future__ import annotations

import sqlalchemy as sa

from plainview.base.upgrading import Operations

revision = "drafts_1"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make the table."""
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("saves", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
    )
    op.create_index("drafts_person", "drafts", ["person"])
