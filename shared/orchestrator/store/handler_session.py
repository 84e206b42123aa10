"""Checks of the connection that a handler borrows: allowed statements, and session state that it changed."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow

if TYPE_CHECKING:
    from orchestrator.store.connection import Connection

#: The beginnings of the command tags of statements that change nothing but rows, or end with their savepoint.
HARMLESS = frozenset(
    {
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
        "COPY",
        "FETCH",
        "MOVE",
        "EXPLAIN",
        "SHOW",
        "SAVEPOINT",
        "RELEASE",
    }
    | {"ROLLBACK", "LOCK", "TRUNCATE"}
)
#: Functions that change the session although their command tag is SELECT, and a script of several statements.
_CHANGES = re.compile(r"set_config|advisory_lock|pg_stat_reset|;\s*\S", re.IGNORECASE)


class TransactionControl(RuntimeError):
    """A handler tried to end, open or bypass the transaction that the engine owns."""


class HandlerSession:
    """The rules for a connection while one attempt's handler uses it."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._thread = threading.get_ident()
        self._threads = threading.active_count()
        #: Whether the handler changed something that outlives its statements.
        self.changed = False
        #: Whether its calls may come from any thread of the process: those of an `async def` handler do.
        self.any_thread = False

    def check(self, connection: Connection) -> None:
        """Raise TransactionControl unless the handler may run a statement on `connection` now."""
        other = threading.get_ident() != self._thread and not self.any_thread
        if os.getpid() != self._process or other:
            raise TransactionControl("ctx.db can be used only in the handler's own thread and process")
        if connection.info.transaction_status is TransactionStatus.IDLE:
            raise TransactionControl("the handler has ended its transaction; the engine commits it with the result")

    def note(self, query: Any, tag: str | None) -> None:
        """Remember a statement that changes the session, by its text and the command tag of its result."""
        if (tag or "").partition(" ")[0] not in HARMLESS or _CHANGES.search(_text(query)):
            self.changed = True

    def started_threads(self) -> bool:
        """Return whether more threads run than before the handler; one of them may keep the connection."""
        return not self.any_thread and threading.active_count() > self._threads


@contextmanager
def savepoint(connection: psycopg.Connection[DictRow]) -> Iterator[None]:
    """Undo the writes of the block when it raises an Exception.

    Not psycopg's own block: a handler that was interrupted leaves it without its end, and its late end would run on a
    connection that the engine uses again. The engine itself undoes the effects of an interrupted handler.
    """
    cursor = psycopg.Cursor(connection)
    cursor.execute("SAVEPOINT block", prepare=False)
    try:
        yield
    except Exception:
        cursor.execute("ROLLBACK TO SAVEPOINT block", prepare=False)
        raise
    cursor.execute("RELEASE SAVEPOINT block", prepare=False)


def _text(query: Any) -> str:
    if isinstance(query, bytes):
        return query.decode("utf-8", "replace")
    return query if isinstance(query, str) else ";composed statement"
