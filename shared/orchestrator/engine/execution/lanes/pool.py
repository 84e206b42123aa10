"""Connections that attempts of the long lane share; an attempt has one only while a statement or transaction runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from psycopg.pq import TransactionStatus

from orchestrator.store.connection import Connection, Database
from orchestrator.store.row_security import RowContext
from orchestrator.store.session_state import is_usable

P = ParamSpec("P")
T = TypeVar("T")

#: Connections of a container that are open at once, and of them those that stay open while nothing uses them.
MOST, KEPT = 6, 2
#: Seconds that an attempt waits for a connection. After it the pool opens one more: handlers that keep their
#: transactions open must not stop those that need a second connection to end.
PATIENCE = 5.0


class ConnectionPool:
    """Open connections that nothing uses, and the turns of the attempts that wait for one."""

    def __init__(self, opener: Callable[[], Connection]) -> None:
        self._opener = opener
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._turns = threading.Semaphore(MOST)
        #: Connections that were opened without a turn; so many are given back without freeing one.
        self._extra = 0

    def take(self) -> Connection:
        """Return a connection that only the caller uses. Wait while the attempts of the container use `MOST`."""
        if not self._turns.acquire(timeout=PATIENCE):
            with self._lock:
                self._extra += 1
        try:
            return self._reuse() or self._opener()
        except BaseException:
            self._free_turn()
            raise

    def give(self, connection: Connection) -> None:
        """Take back a connection; close it when enough are idle, or when it is in a transaction or unusable."""
        idle = is_usable(connection) and connection.info.transaction_status is TransactionStatus.IDLE
        with self._lock:
            kept = idle and len(self._idle) < KEPT
            if kept:
                self._idle.append(connection)
        if not kept:
            connection.close()
        self._free_turn()

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _reuse(self) -> Connection | None:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None or is_usable(connection):
                return connection
            connection.close()

    def _free_turn(self) -> None:
        with self._lock:
            extra = self._extra > 0
            self._extra -= extra
        if not extra:
            self._turns.release()


class SharedDatabase(Database):
    """A `Database` that threads use in turns: steps of an `async def` handler may run side by side."""

    def __init__(self, opener: Callable[[], Connection]) -> None:
        super().__init__(opener)
        self._turn = threading.RLock()

    @contextmanager
    def row_context(self, row_context: RowContext) -> Iterator[None]:
        with self._turn, super().row_context(row_context):
            yield

    def run(self, call: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._turn:
            return super().run(call, *args, **kwargs)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._turn, super().transaction() as connection:
            yield connection


class PooledDatabase(SharedDatabase):
    """A database that returns its connection to the pool after each call, unless a transaction is open."""

    def __init__(self, pool: ConnectionPool) -> None:
        super().__init__(pool.take)
        self._pool = pool

    def run(self, call: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._turn:
            try:
                return super().run(call, *args, **kwargs)
            finally:
                connection = self._connection
                if connection is not None and connection.info.transaction_status is TransactionStatus.IDLE:
                    self.give_back()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._turn:
            try:
                with super().transaction() as connection:
                    yield connection
            finally:
                self.give_back()

    def close(self) -> None:
        """Close the connection; the next use takes another from the pool."""
        with self._turn:
            if self._connection is not None:
                self._connection.handler_session = None
                self._connection.close()
            self.give_back()

    def give_back(self) -> None:
        """Return the connection to the pool, when no other thread uses it any more."""
        with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.handler_session = None
                self._pool.give(connection)
