"""Marks: 15 minutes of a camera that somebody asks to keep."""

from __future__ import annotations

import sqlalchemy as sa

from plainview.base.upgrading import Operations

revision = "cases_2"
down_revision = "cases_1"


def upgrade(op: Operations) -> None:
    """Make the table."""
    op.create_table(
        "marks",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_ms", sa.Integer(), nullable=False),
        sa.Column("hold", sa.Integer()),
    )
    op.create_index("marks_created", "marks", ["created_ms"])
