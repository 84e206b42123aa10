"""The transaction that a batch's handlers share. The first handler that writes opens it.

It locks the rows of the batch's attempts by token first, so that no other worker can take a lease away under it. Each
handler that writes has a savepoint: a handler that fails undoes its own effects and no others.

Only the engine ends this transaction. A row of `handler_transactions` marks it: a deferred trigger refuses a COMMIT
while the row exists, and only the finishing statement deletes it. After a ROLLBACK the row is missing, so that
statement writes nothing. Both cost no round trip.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from orchestrator.model.errors import Interrupted, LeaseLost
from orchestrator.store import attempts, row_security
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Connection, Database, RowContextCursor
from orchestrator.store.handler_session import HandlerSession, TransactionControl
from orchestrator.store.session_state import is_usable

_RUNS = (TransactionStatus.INTRANS, TransactionStatus.INERROR)


class ConnectionLost(Exception):
    """The batch's connection died under a handler, and its effects with it."""


class TransactionEnded(TransactionControl):
    """A handler ended the transaction that it shared with its neighbours, or left the connection unusable."""

    def __init__(self) -> None:
        super().__init__(
            "the handler ended its transaction (COMMIT, ROLLBACK or an open pipeline on ctx.db); nothing of it was"
            " committed. The engine commits ctx.db with the result; use ctx.db.transaction() for a savepoint"
        )


class EndedByNeighbour(Interrupted):
    """An earlier handler ended the transaction and began another; this handler must run again."""


class BatchTransaction:
    """Open while effects of handlers wait for their commit."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._connection: Connection | None = None
        self._waiting: Sequence[Attempt] = ()
        self._locked: set[UUID] = set()
        self._savepoint = False
        self._session: HandlerSession | None = None
        self._changed = False
        #: The attempt whose handler has written since its savepoint.
        self.writer: Attempt | None = None
        #: The key of this transaction's row in `handler_transactions`; None without handlers.
        self.marker: str | None = None
        #: Whether a handler has ended it: nothing of it can be committed.
        self.ended = False

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    @property
    def must_end(self) -> bool:
        """Return whether no other handler may use it: a handler has ended it, or changed the session."""
        return self.ended or self._changed

    def expect(self, waiting: Sequence[Attempt]) -> None:
        """Set the attempts whose rows the first handler that writes locks."""
        self._waiting = waiting

    def use(self, attempt: Attempt) -> Connection:
        """Return the connection for `attempt`'s writes. Raise LeaseLost when another attempt owns the task."""
        if self.ended:
            raise TransactionEnded
        connection = self.begin()
        if attempt.id not in self._locked:
            raise LeaseLost("another attempt owns the task")
        if self.writer is not attempt:
            self._begin_savepoint(connection, attempt)
        return connection

    def _begin_savepoint(self, connection: Connection, attempt: Attempt) -> None:
        try:
            connection.begin_savepoint(row_security.owner(attempt.owner_id), release=self._savepoint)
        except (psycopg.InternalError, psycopg.ProgrammingError) as error:
            self.ended = True
            raise EndedByNeighbour from error
        self._savepoint = True
        self.writer = attempt
        self._session = connection.handler_session = HandlerSession()

    def begin(self) -> Connection:
        """Open the transaction unless it is open. Raise ConnectionLost when the connection dies meanwhile."""
        if self._connection is None:
            self._connection = self._db.connection()
            try:
                self._connection.execute("BEGIN", prepare=False)
                if self._waiting:
                    self.marker, self._locked = attempts.lock_attempts(self._connection, self._waiting)
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
        """Undo the writes of the current handler; `ended` is set when its savepoint is gone."""
        connection, self.writer = self._connection if self.writer else None, None
        if connection is None:
            return
        self._take_back(connection)
        if not self._still_runs(connection):
            return
        try:
            connection.execute("ROLLBACK TO SAVEPOINT handler", prepare=False)
        except (psycopg.InternalError, psycopg.ProgrammingError):
            self.ended = True

    def leave(self) -> bool:
        """End the current handler's part and return whether it wrote.

        Raise TransactionEnded when it ended the transaction, and RuntimeError when it left it failed.
        """
        connection, self.writer = self._connection if self.writer else None, None
        if connection is None:
            return False
        self._take_back(connection)
        if not self._still_runs(connection):
            raise TransactionEnded
        if connection.info.transaction_status is TransactionStatus.INERROR:
            self._undo_failed(connection)
            raise RuntimeError(
                "the handler left its transaction failed; use ctx.db.transaction() around statements that may fail"
            )
        if self._changed:
            connection.execute("RESET ALL", prepare=False)
            connection.execute("RESET ROLE", prepare=False)
        return True

    def _undo_failed(self, connection: Connection) -> None:
        try:
            connection.execute("ROLLBACK TO SAVEPOINT handler", prepare=False)
        except (psycopg.InternalError, psycopg.ProgrammingError):
            self.ended = True

    def _take_back(self, connection: Connection) -> None:
        """Take the connection back from the handler and note the settings that it changed."""
        session, self._session, connection.handler_session = self._session, None, None
        if session is not None and (session.changed or session.started_threads()):
            self._changed = True
        if connection.row_factory is not dict_row or connection.cursor_factory is not RowContextCursor:
            connection.row_factory, connection.cursor_factory = dict_row, RowContextCursor
            self._changed = True

    def _still_runs(self, connection: Connection) -> bool:
        """Return whether the transaction still runs; set `ended` when not."""
        self.ended = self.ended or not (
            is_usable(connection) and connection.info.transaction_status in _RUNS and connection.autocommit
        )
        return not self.ended

    def is_lost(self) -> bool:
        """Return whether the server or the network ended the connection."""
        return self._connection is not None and (self._connection.closed or self._connection.broken)

    def is_halfway(self) -> bool:
        """Return whether a statement or a pipeline was left unfinished on the connection."""
        return self._connection is not None and not is_usable(self._connection)

    def commit(self) -> None:
        """Commit everything so far. No change of the session by a handler outlives it."""
        connection, changed = self._connection, self._changed
        if connection is not None and self.marker is not None:
            changed = not connection.clean_session("COMMIT") or changed  # a failed COMMIT undoes the settings
        elif connection is not None:
            connection.execute("COMMIT", prepare=False)
        self._reset()
        if changed:
            self._db.close()

    def rollback(self) -> None:
        """Undo everything. A connection that is unusable or changed is closed; the next use opens another."""
        connection, changed, handled = self._connection, self._changed or self.ended, self.marker is not None
        self._reset()
        if connection is None:
            return
        connection.handler_session = None
        try:
            if is_usable(connection) and not changed:
                connection.execute("ROLLBACK", prepare=False)
                changed = handled and not connection.clean_session()
        except psycopg.Error:
            changed = True
        if changed or connection.closed or connection.info.transaction_status is not TransactionStatus.IDLE:
            self._db.close()

    def _reset(self) -> None:
        self._connection = None
        self._locked = set()
        self._savepoint = self._changed = self.ended = False
        self.writer = self.marker = self._session = None
