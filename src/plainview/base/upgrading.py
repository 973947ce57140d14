"""Upgrades of the databases that live as long as the node: Alembic, run by the program itself.

A package keeps its upgrades in a folder of its own, `upgrades/`, one small file each: `revision`,
`down_revision`, and `upgrade(op)`. Whoever opens the database runs what it lacks, in one
transaction under the write lock, so that of several processes one upgrades and the others find it
done. There is no way back, and nothing for an operator to configure or to run.

The first release numbered its upgrades in `PRAGMA user_version`. The number is kept: a database of
that release is taken over where its number says it stands, and that release refuses one that has
been upgraded since. Day indexes still use the number alone (`plainview.base.database.upgrade`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, text

from plainview.base.database import writing
from plainview.errors import StoreDamaged

__all__ = ["Operations", "upgrade_to_newest"]


def upgrade_to_newest(engine: Engine, folder: Path) -> None:
    """Bring the database to the newest revision in `folder`.

    Raises `StoreDamaged` if a newer Plainview wrote it; then nothing was changed.
    """
    revisions = _revisions(folder)
    with writing(engine) as connection:
        context = MigrationContext.configure(connection)
        current = context.get_current_revision()
        number = _number(connection)
        if current is None:
            done = number
        else:
            done = next((n for n, one in enumerate(revisions, 1) if one.revision == current), -1)
        if not 0 <= done <= len(revisions) or number > len(revisions):
            raise StoreDamaged(
                f"{engine.url.database} was written by a newer version ({current or number}).",
                hint="Run the newer version of plainview.",
            )
        if current is None and done:
            context.stamp(_directory(folder), revisions[done - 1].revision)
        if done < len(revisions):
            _run(connection, folder, revisions[done:])
            connection.exec_driver_sql(f"PRAGMA user_version = {len(revisions)}")


def _run(connection: Connection, folder: Path, scripts: Iterable[Script]) -> None:
    """Run these upgrades; Alembic notes each in `alembic_version`."""
    known = _directory(folder).revision_map

    def steps(_heads: object, _context: MigrationContext) -> Iterable[MigrationStep]:
        return [MigrationStep.upgrade_from_script(known, script) for script in scripts]

    context = MigrationContext.configure(connection, opts={"fn": steps})
    context.run_migrations(op=Operations(context))


def _number(connection: Connection) -> int:
    return int(connection.execute(text("PRAGMA user_version")).scalar_one())


@cache
def _directory(folder: Path) -> ScriptDirectory:
    return ScriptDirectory(folder, version_locations=[folder])


@cache
def _revisions(folder: Path) -> list[Script]:
    """From the first to the newest."""
    return list(reversed(list(_directory(folder).walk_revisions())))
