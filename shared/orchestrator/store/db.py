"""The warm container's connection, its transactions, and the loader of named queries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any, Concatenate, LiteralString, ParamSpec, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg.rows import DictRow, dict_row

from orchestrator.model.errors import Unavailable
from orchestrator.observe import logger

P = ParamSpec("P")
T = TypeVar("T")
Connection = psycopg.Connection[DictRow]

#: Postgres picked us as the victim of a conflict; the same statement may succeed at once.
CONFLICTS = (pg.DeadlockDetected, pg.SerializationFailure)
#: How often a conflict's victim tries again before the failure is passed on.
CONFLICT_TRIES = 5


@cache
def load_queries(package: str, stem: str) -> Mapping[str, LiteralString]:
    """The statements of `package`/queries/`stem`.sql by name; each begins with `-- name: …`."""
    text = resources.files(package).joinpath("queries", f"{stem}.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\s*$", text, flags=re.MULTILINE)[1:]
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{package}/queries/{stem}.sql names a statement twice")
    # Literal in fact if not to the type checker: files of ours, never formatted.
    return {name: _without_comments(body) for name, body in zip(names, bodies, strict=True)}


def _without_comments(sql: str) -> str:
    return "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--")).strip()


def connect(conninfo: str, **kwargs: Any) -> Connection:
    """A connection as all of ours are: autocommit, rows as dicts, nothing prepared (RDS Proxy pins what is)."""
    connection: Connection = psycopg.connect(
        conninfo, autocommit=True, prepare_threshold=None, row_factory=dict_row, **kwargs
    )
    return connection


class Database:
    """One connection per warm container, opened at first use and again when it has died."""

    def __init__(self, opener: Callable[[], Connection]) -> None:
        self._opener = opener
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """The live connection. Raises Unavailable when the database cannot be reached."""
        if self._connection is None or self._connection.closed or self._connection.broken:
            self.close()
            try:
                self._connection = self._opener()
            except psycopg.OperationalError as error:
                raise Unavailable("The database cannot be reached just now; please try again.") from error
        return self._connection

    def close(self) -> None:
        """Drop the connection; the next use opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def run(self, call: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`call(connection, …)`: one committed statement, fenced or idempotent, so that it may be tried again.

        Tried once more on a fresh connection when the old one turns out to be dead (a frozen container's often is),
        and again at once when a deadlock or serialization failure chose it as victim.
        """
        for attempt in range(1, CONFLICT_TRIES + 1):
            connection = self.connection()
            try:
                return call(connection, *args, **kwargs)
            except CONFLICTS:
                if attempt == CONFLICT_TRIES:
                    raise
            except psycopg.OperationalError as error:
                if not connection.broken and not connection.closed:
                    raise
                logger.warning("database connection lost", extra={"attempt": attempt})
                self.close()
                if attempt == 2:
                    raise Unavailable("The database cannot be reached just now; please try again.") from error
        raise AssertionError("unreachable")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction on the live connection; nothing is tried again."""
        connection = self.connection()
        with connection.transaction():
            yield connection
