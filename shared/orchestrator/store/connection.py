"""The warm container's connection, its and its transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, LiteralString, ParamSpec, Self, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg import sql
from psycopg.abc import Params, Query, QueryNoTemplate
from psycopg.rows import DictRow, dict_row

from orchestrator.model.errors import DatabaseAway, Unauthenticated, Unavailable
from orchestrator.observability import logger
from orchestrator.store.handler_session import HandlerSession, TransactionControl
from orchestrator.store.query_files import load_queries
from orchestrator.store.row_security import NOBODY, RowContext
from orchestrator.store.session_state import is_idle, is_usable

P = ParamSpec("P")
T = TypeVar("T")

#: Root certificates of Postgres on AWS: Amazon RDS of every region, and RDS Proxy.
CERTIFICATES = Path(__file__).with_name("certificates") / "global-bundle.pem"
#: Postgres chose the transaction as the victim of a conflict; the same statement may succeed at once.
CONFLICTS = (pg.DeadlockDetected, pg.SerializationFailure)
#: A statement ran, or waited for a lock, longer than its session allows, or it was cancelled.
OVERDUE = (pg.LockNotAvailable, pg.QueryCanceled)
#: `act` refuses a caller whose account is closed, or whose session has ended.
CLOSED = pg.InvalidAuthorizationSpecification
ENDED = {
    "the account is closed": "This account no longer exists.",
    "the session has ended": "Your session has ended. Please sign in again.",
}
#: How often a conflict's victim tries again before the failure is passed on.
CONFLICT_TRIES = 5

_SQL = load_queries("orchestrator.store", "row_security")


class Connection(psycopg.Connection[DictRow]):
    """A connection of the application; every transaction on it begins with its row security context."""

    row_context: RowContext = NOBODY
    #: The rules while a handler uses it; None while only the engine does.
    handler_session: HandlerSession | None = None
    #: Calls that wait for the commit of the open transaction.
    _after_commit: list[Callable[[], None]] | None = None

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` after the commit of the transaction that `transaction()` has opened; at once without one.

        Raise TransactionControl in a handler, whose transaction is the engine's.
        """
        self._refuse_to_handler("submit with ctx.db as its connection")
        if self._after_commit is None:
            call()
        else:
            self._after_commit.append(call)

    def commit(self) -> None:
        self._refuse_to_handler("commit()")
        super().commit()

    def rollback(self) -> None:
        self._refuse_to_handler("rollback()")
        super().rollback()

    def close(self) -> None:
        self._refuse_to_handler("close()")
        super().close()

    def set_autocommit(self, value: bool) -> None:
        self._refuse_to_handler("set_autocommit()")
        super().set_autocommit(value)

    def __enter__(self) -> Self:
        self._refuse_to_handler("with ctx.db")
        return super().__enter__()

    def _refuse_to_handler(self, action: str) -> None:
        """Raise TransactionControl when a handler, and not the engine, uses this connection."""
        if self.handler_session is not None:
            raise TransactionControl(
                f"{action}: the engine commits ctx.db with the task's result; use ctx.db.transaction() for a savepoint"
            )

    def act(self, row_context: RowContext) -> None:
        """Set a row security context until the transaction or savepoint ends."""
        psycopg.Cursor(self).execute(_SQL["act"], {"settings": row_context}, prepare=False)

    def begin_savepoint(self, row_context: RowContext, *, release: bool) -> None:
        """Begin the savepoint `handler` with a row security context.

        `release` the savepoint before it first, and reset the settings that its handler may have changed.
        One message of several statements: a pipeline costs the client three times as much.
        """
        before = "RESET ALL; RESET ROLE; RELEASE SAVEPOINT handler; " if release else ""
        text = sql.SQL(before + "SAVEPOINT handler; SELECT act({})")
        psycopg.Cursor(self).execute(text.format(sql.Literal(row_context)), prepare=False)

    def clean_session(self, then: LiteralString = "") -> bool:
        """Undo the changes of handlers to the session and run `then`; return False when only a new session is clean."""
        cursor = psycopg.Cursor(self, row_factory=dict_row).execute(_SQL["clean_session"] + then, prepare=False)
        left = cursor.fetchone()
        return left is not None and left["prepared"] == 0

    def execute_in_context(self, query: LiteralString, values: Mapping[str, Any]) -> psycopg.Cursor[DictRow]:
        """Run a statement that sets the row security context itself, from its parameter `settings`.

        One round trip without a pipeline, so it is prepared like any other.
        """
        return psycopg.Cursor(self).execute(query, {**values, "settings": self.row_context or None})

    @contextmanager
    def transaction(
        self, savepoint_name: str | None = None, force_rollback: bool = False
    ) -> Iterator[psycopg.Transaction]:
        if self.handler_session is not None:
            self.handler_session.check(self)
        if not is_idle(self):
            with super().transaction(savepoint_name, force_rollback) as transaction:
                yield transaction
            return
        calls = self._after_commit = []
        try:
            with super().transaction(savepoint_name, force_rollback) as transaction:
                if self.row_context:
                    self.act(self.row_context)
                yield transaction
        finally:
            self._after_commit = None
        if transaction.status is psycopg.Transaction.Status.COMMITTED:
            for call in calls:
                call()


class RowContextCursor(psycopg.Cursor[DictRow]):
    """A cursor that sends the row security context with a statement outside a transaction, in one pipeline.

    Nothing is prepared in a pipeline: psycopg treats a statement that failed there as prepared from then on.
    """

    def execute(  # type: ignore[override] # the engine has no template strings
        self,
        query: QueryNoTemplate,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> Self:
        connection = self.connection
        session = self._handler_session()
        if session is not None:
            try:
                return super().execute(query, params, prepare=prepare, binary=binary)
            finally:
                session.note(query, self.statusmessage)
        if not isinstance(connection, Connection) or not connection.row_context or not is_idle(connection):
            return super().execute(query, params, prepare=prepare, binary=binary)
        with connection.pipeline():
            connection.act(connection.row_context)
            super().execute(query, params, prepare=False, binary=binary)
        return self

    def executemany(self, query: Query, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        session = self._handler_session()
        super().executemany(query, params_seq, returning=returning)
        if session is not None:
            session.note(query, self.statusmessage)

    def _handler_session(self) -> HandlerSession | None:
        """Return the rules of the handler that uses the connection. Raise TransactionControl when they forbid it."""
        connection = self.connection
        if not isinstance(connection, Connection) or connection.handler_session is None:
            return None
        connection.handler_session.check(connection)
        return connection.handler_session


#: A statement is prepared at its third run: planning is a third of its cost to the server.
PREPARED_FROM = 3


def connect(conninfo: str, *, prepares: bool = True, **kwargs: Any) -> Connection:
    """Open a connection of the application: autocommit, rows as dicts for handlers.

    `prepares`: whether repeated statements are prepared; a proxy that shares sessions does not support it.
    """
    return Connection.connect(
        conninfo,
        autocommit=True,
        prepare_threshold=PREPARED_FROM if prepares else None,
        row_factory=dict_row,
        cursor_factory=RowContextCursor,
        **kwargs,
    )


@contextmanager
def _readable_errors() -> Iterator[None]:
    """Turn refusals of Postgres into the errors that callers get."""
    try:
        yield
    except OVERDUE as error:
        raise Unavailable("The database is busy just now; please try again.") from error
    except CLOSED as error:
        raise Unauthenticated(ENDED.get(error.diag.message_primary or "", "Please sign in.")) from error


class Database:
    """One connection of a warm container, opened at first use and again when it is lost."""

    def __init__(self, opener: Callable[[], Connection]) -> None:
        self._opener = opener
        self._connection: Connection | None = None
        self._row_context = NOBODY

    def connection(self) -> Connection:
        """Return the open connection. Raise DatabaseAway when the database cannot be reached."""
        if self._connection is None or not is_usable(self._connection):
            self.close()
            try:
                self._connection = self._opener()
            except psycopg.OperationalError as error:
                raise DatabaseAway from error
            self._connection.row_context = self._row_context
        return self._connection

    def is_at_rest(self) -> bool:
        """Return whether a connection is open, without a transaction or a handler on it."""
        found = self._connection
        return found is not None and is_usable(found) and is_idle(found) and found.handler_session is None

    def is_lost(self) -> bool:
        """Return whether there is a connection that cannot be used any more."""
        return self._connection is not None and not is_usable(self._connection)

    @contextmanager
    def row_context(self, row_context: RowContext) -> Iterator[None]:
        """Run the block in a row security context: statements see only the rows of this owner or operator."""
        before = self._row_context
        self._act(row_context)
        try:
            yield
        finally:
            self._act(before)

    def _act(self, row_context: RowContext) -> None:
        self._row_context = row_context
        if self._connection is not None:
            self._connection.row_context = row_context

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        if self._connection is not None:
            self._connection.handler_session = None
            self._connection.close()
            self._connection = None

    def run(self, call: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return `call(connection, …)`: one committed statement that can be repeated, fenced or idempotent.

        It runs once more on a new connection when the old one is lost, as often in a frozen container.
        It runs again at once when Postgres chose it as the victim of a deadlock or serialization failure.
        """
        conflicts = losses = 0
        while True:
            connection = self.connection()
            try:
                with _readable_errors():
                    return call(connection, *args, **kwargs)
            except CONFLICTS:
                conflicts += 1
                if conflicts == CONFLICT_TRIES:
                    raise
            except pg.FeatureNotSupported:
                losses += 1
                if losses > 1 or not is_idle(connection):
                    raise
                logger.info("a table has changed under a prepared statement")
                self.close()
            except psycopg.OperationalError as error:
                if is_usable(connection):
                    raise
                losses += 1
                logger.warning("database connection lost", extra={"attempt": losses})
                self.close()
                if losses > 1:
                    raise DatabaseAway from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open one transaction on the connection; nothing is repeated."""
        connection = self.connection()
        with _readable_errors(), connection.transaction():
            yield connection
