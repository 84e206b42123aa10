"""Brings a database up to date: each package's migrations in order, each once, each whole or not at all.

`pre` migrations run before new code is deployed and must suit the old code too; `post` ones run after it. A new
database gets all of them in order: a later `pre` one may build on an earlier `post` one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal, LiteralString, cast

from orchestrator.observability import logger
from orchestrator.store.connection import Connection, Database
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_value

Phase = Literal["pre", "post"]

_SQL = load_queries("orchestrator.store", "migrations")
_NAME = re.compile(r"\d{4}_(pre|post)_[a-z0-9_]+\.sql")
#: Of the advisory lock that makes two migrations at once wait for each other.
_LOCK = 7_236_451


@dataclass(frozen=True, slots=True)
class Migration:
    package: str
    name: str
    phase: Phase
    sql: LiteralString

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrate(db: Database, packages: Sequence[str], phases: Sequence[Phase] = ("pre", "post")) -> list[str]:
    """Apply missing migrations and return their names. Raise ValueError when an applied file has changed."""
    return db.run(_migrate, packages, phases)


def _migrate(connection: Connection, packages: Sequence[str], phases: Sequence[Phase]) -> list[str]:
    applied = []
    with connection.transaction():
        connection.execute(_SQL["lock_migrations"], {"lock": _LOCK})
        connection.execute(_SQL["create_migrations"])
        for package in packages:
            # A new database has no older code to suit, so all of its migrations are applied in their order at once.
            is_empty = fetch_value(connection, bool, _SQL["nothing_applied"], {"package": package})
            for migration in migrations(package):
                if (is_empty or migration.phase in phases) and _is_new(connection, migration):
                    _apply(connection, migration)
                    applied.append(f"{package}/{migration.name}")
    return applied


def migrations(package: str) -> Iterator[Migration]:
    """Return a package's migrations in order."""
    folder = resources.files(package).joinpath("migrations")
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        found = _NAME.fullmatch(file.name)
        if found:
            sql = file.read_text(encoding="utf-8")  # a file of the repository, run whole
            yield Migration(package, file.name, cast("Phase", found.group(1)), sql)


def _is_new(connection: Connection, migration: Migration) -> bool:
    values = {"package": migration.package, "name": migration.name}
    checksum = fetch_value(connection, str, _SQL["applied_checksum"], values)
    if checksum is not None and checksum != migration.checksum:
        raise ValueError(f"{migration.package}/{migration.name} was changed after it was applied; add a new migration")
    return checksum is None


def _apply(connection: Connection, migration: Migration) -> None:
    logger.info("applying migration", extra={"package": migration.package, "migration": migration.name})
    connection.execute(migration.sql)
    values = {"package": migration.package, "name": migration.name, "checksum": migration.checksum}
    connection.execute(_SQL["note_applied"], values)
