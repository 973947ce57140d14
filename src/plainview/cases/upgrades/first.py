"""The tables of cases.db as the first release made them."""

from __future__ import annotations

import sqlalchemy as sa

from plainview.base.upgrading import Operations

revision = "cases_1"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make every table."""
    _bookmarks(op)
    _drafts(op)
    _requests(op)
    _releases(op)
    _openings(op)


def _bookmarks(op: Operations) -> None:
    op.create_table(
        "bookmarks",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_ms", sa.Integer(), nullable=False),
    )


def _drafts(op: Operations) -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("draft", sa.String(), nullable=False),
        sa.Column("created_ms", sa.Integer(), nullable=False),
        sa.Column("submitted", sa.String()),
    )
    op.create_index("drafts_person", "drafts", ["person", "created_ms"])


def _requests(op: Operations) -> None:
    op.create_table(
        "requests",
        sa.Column("hash", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("submitted_ms", sa.Integer(), nullable=False),
    )
    op.create_index("requests_person", "requests", ["person", "submitted_ms"])


def _releases(op: Operations) -> None:
    op.create_table(
        "releases",
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("resealed", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("request", "sha256"),
    )


def _openings(op: Operations) -> None:
    op.create_table(
        "openings",
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("window", sa.String(), nullable=False),
        sa.Column("resealed_e", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("request", "window"),
    )
