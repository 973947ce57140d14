"""The tables of sessions.db as the first release made them."""

from __future__ import annotations

import sqlalchemy as sa

from plainview.base.upgrading import Operations

revision = "web_1"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make every table."""
    _sessions(op)
    _used_signatures(op)
    _acts(op)


def _sessions(op: Operations) -> None:
    op.create_table(
        "sessions",
        sa.Column("hash", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
    )
    op.create_index("sessions_person", "sessions", ["person", "created"])


def _used_signatures(op: Operations) -> None:
    op.create_table(
        "used_signatures",
        sa.Column("hash", sa.String(), primary_key=True),
        sa.Column("at", sa.Integer(), nullable=False),
    )


def _acts(op: Operations) -> None:
    op.create_table(
        "acts",
        sa.Column("entry", sa.Integer(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("time", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
    )
    op.create_index("acts_person", "acts", ["person", "entry"])
