"""Workers of the simulation, their connections, their end, and the database that they share."""

from __future__ import annotations

from collections.abc import Callable

from psycopg.pq import TransactionStatus

from orchestrator.engine.execution.lanes.pool import ConnectionPool
from orchestrator.engine.execution.worker import Worker
from orchestrator.store.connection import Connection, Database, connect


class SteadyWorker(Worker):
    """Which types are quick is said, not measured: time must not change a history."""

    __slots__ = ()

    def is_quick(self, task_type: str, within: float) -> bool:
        return task_type != "sim.family"


class SteadyPool(ConnectionPool):
    """A pool whose transactions have ended when a connection is given back: no other process may see one end later."""

    def __init__(self, opener: Callable[[], Connection]) -> None:
        super().__init__(opener)
        self.taken: list[Connection] = []

    def take(self) -> Connection:
        connection = super().take()
        self.taken.append(connection)
        return connection

    def give(self, connection: Connection) -> None:
        self.taken.remove(connection)
        _roll_back(connection)
        super().give(connection)


def end(worker: Worker) -> None:
    """End a worker's connections."""
    die(worker.db)
    die(worker.side)
    if worker.pool is not None:
        worker.pool.close()


def die(database: Database) -> None:
    """Roll back and close the connection, as Postgres does after its client dies, before anything else happens."""
    connection = database._connection
    if connection is not None:
        _roll_back(connection)
        connection.close()
    database._connection = None


def _roll_back(connection: Connection) -> None:
    if not connection.closed and connection.info.transaction_status is not TransactionStatus.IDLE:
        connection.pgconn.exec_(b"ROLLBACK")


def prepare(url: str) -> None:
    """One clock for every connection, as a database has, and the ledger that handlers write."""
    connection: Connection = connect(url)
    with connection:
        connection.execute("CREATE UNLOGGED TABLE simulated_clock (now timestamptz NOT NULL)")
        connection.execute("INSERT INTO simulated_clock VALUES (now())")
        connection.execute(
            "CREATE OR REPLACE FUNCTION task_now() RETURNS timestamptz LANGUAGE sql STABLE"
            " AS 'SELECT now FROM simulated_clock'"
        )
        connection.execute("GRANT SELECT ON simulated_clock TO PUBLIC")
        connection.execute("CREATE TABLE ledger (task_id uuid NOT NULL, what text NOT NULL)")
        connection.execute("GRANT SELECT, INSERT, DELETE ON ledger TO orchestrator_worker")
        for table in ("agent_tasks", "agent_task_events", "agent_task_steps"):
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)".encode())
