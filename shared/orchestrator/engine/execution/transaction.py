"""The transaction that a batch's handlers share, opened by the first one that writes.

Its rows are locked by token first, so nobody can take a lease away under it. Each handler that writes has a
savepoint: one that fails undoes its own effects and no other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import psycopg
from psycopg.pq import TransactionStatus

from orchestrator.model.errors import LeaseLost
from orchestrator.store import attempts, row_security
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Connection, Database, is_usable


class ConnectionLost(Exception):
    """The batch's connection died under a handler, and its effects with it."""


class BatchTransaction:
    """Open while any handler's effects wait for their commit."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._open: AbstractContextManager[psycopg.Transaction] | None = None
        self._connection: Connection | None = None
        self._waiting: Sequence[Attempt] = ()
        self._ours: set[object] = set()
        self._savepoint = False
        #: The attempt whose handler has written since its savepoint.
        self.writer: Attempt | None = None

    @property
    def is_open(self) -> bool:
        return self._open is not None

    def expect(self, waiting: Sequence[Attempt]) -> None:
        """The attempts whose rows to lock when a handler writes first."""
        self._waiting = waiting

    def use(self, attempt: Attempt) -> Connection:
        """The connection for `attempt`'s writes. Raises LeaseLost when it does not own its task any more."""
        connection = self.begin()
        if attempt.id not in self._ours:
            raise LeaseLost("another attempt owns the task")
        if self.writer is not attempt:
            connection.begin_savepoint(row_security.owner(attempt.owner_id), release=self._savepoint)
            self._savepoint = True
            self.writer = attempt
        return connection

    def begin(self) -> Connection:
        """Opens the transaction unless it is open; it is open whole or not at all."""
        if self._connection is None:
            self._connection = self._db.connection()
            self._open = self._connection.transaction()
            try:
                self._open.__enter__()
                self._ours = set(attempts.hold(self._connection, self._waiting)) if self._waiting else set()
            except BaseException as error:
                self._give_up(error)
                raise
        return self._connection

    def _give_up(self, error: BaseException) -> None:
        lost = self.is_lost()
        self.rollback()
        if lost:
            raise ConnectionLost from error

    def undo(self) -> None:
        """Takes back what the present handler wrote."""
        if self.writer is not None and self._connection is not None:
            self._connection.execute("ROLLBACK TO SAVEPOINT handler")
            self.writer = None

    def is_lost(self) -> bool:
        """Whether its connection has died, or was left halfway."""
        return self._connection is not None and not is_usable(self._connection)

    def wrote(self) -> bool:
        """Ends the present handler's part; whether it wrote. Raises RuntimeError if it left its transaction failed."""
        if self.writer is None:
            return False
        if self._connection is not None and self._connection.info.transaction_status is TransactionStatus.INERROR:
            raise RuntimeError("the handler left its transaction failed; use ctx.db.transaction() around what may fail")
        self.writer = None
        return True

    def commit(self) -> None:
        """Makes everything so far last."""
        if self._open is not None:
            self._open.__exit__(None, None, None)
        self._open = None
        self._reset()

    def rollback(self) -> None:
        """Takes everything back; a connection that died has done so already."""
        opened, connection = self._open, self._connection
        self._open = None
        self._reset()
        if opened is None or connection is None:
            return
        abandoned = psycopg.Rollback()
        try:
            opened.__exit__(type(abandoned), abandoned, None)
        except psycopg.Error:
            self._db.close()
        if not connection.closed and connection.info.transaction_status is not TransactionStatus.IDLE:
            self._db.close()

    def _reset(self) -> None:
        self._connection = None
        self._ours = set()
        self._savepoint = False
        self.writer = None
