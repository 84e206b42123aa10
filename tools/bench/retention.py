"""`python -m tools.bench.retention [EVENTS]`: the deletion of old tasks, and the vacuum after it, in a large table.

Once with the settings that Postgres has for every table, once with those of the schema: how much one vacuum has to do,
and how long it takes. Nothing else uses the server; the numbers are those of this machine.
"""

from __future__ import annotations

import sys
from time import monotonic

from psycopg import sql

from orchestrator.engine.sweep import PAGE, RETENTION_DAYS
from orchestrator.store import sweep as store
from orchestrator.store.connection import Connection, Database, connect
from tests.support import postgres
from tools.bench.preparation import durable_server, ground

#: Events of a task; tasks inserted at once; days before the retention that the oldest task finished.
EVENTS_PER_TASK, CHUNK, OVERDUE_DAYS = 3, 50_000, 9
#: The part of a table that is deleted before Postgres vacuums it: its own setting, and that of the schema.
USUAL, OFTEN = 0.2, 0.02

TASKS = """
INSERT INTO agent_tasks
  (id, owner_id, type, payload, status, result, due_at, created_at, updated_at, finished_at, attempts, seq)
SELECT uuidv7(-age), 'owner-' || (random() * 1000)::int, 'echo', '{"hello": "world"}', 'completed',
  '{"message": "hi"}', now() - age, now() - age, now() - age, now() - age, 1, 3
FROM generate_series(%(first)s::int, %(last)s::int) n,
  LATERAL (SELECT make_interval(secs => %(oldest)s - n * %(step)s) AS age) a
"""
EVENTS = """
INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, created_at)
SELECT id, s, 1, (ARRAY['submitted', 'started', 'completed'])[s], (ARRAY['pending', 'processing', 'completed'])[s],
  owner_id, created_at
FROM agent_tasks, generate_series(1, 3) s
"""


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with durable_server() as layout, ground(layout) as url:
        connection = connect(url)
        connection.execute("ALTER TABLE agent_tasks SET (autovacuum_enabled = off)")
        connection.execute("ALTER TABLE agent_task_events SET (autovacuum_enabled = off)")
        _fill(connection, events // EVENTS_PER_TASK)
        connection.execute("VACUUM (ANALYZE, FREEZE) agent_tasks, agent_task_events")
        print(_sizes(connection), flush=True)
        sweeper = postgres.connect_as(url, "sweeper")
        for share in (OFTEN, USUAL - OFTEN):
            deleted = _delete(connection, sweeper, int(events / EVENTS_PER_TASK * share))
            _vacuum(connection, "agent_tasks", deleted)
            _vacuum(connection, "agent_task_events", deleted * EVENTS_PER_TASK)


def _fill(connection: Connection, tasks: int) -> None:
    """Finished tasks, evenly over the days of the retention and some before it."""
    began = monotonic()
    oldest = (RETENTION_DAYS + OVERDUE_DAYS) * 86400.0
    step = oldest / tasks
    connection.execute("SET session_replication_role = replica")
    for first in range(1, tasks + 1, CHUNK):
        last = min(first + CHUNK - 1, tasks)
        connection.execute(TASKS, {"first": first, "last": last, "oldest": oldest, "step": step})
    connection.execute(EVENTS)
    connection.execute("SET session_replication_role = origin")
    print(f"filled in {monotonic() - began:.0f} s", flush=True)


def _delete(connection: Connection, sweeper: Database, tasks: int) -> int:
    """Delete tasks as the sweeper does, page by page; return how many."""
    before, began, deleted = _wal(connection), monotonic(), 0
    while deleted < tasks:
        page = sweeper.run(store.prune_tasks, RETENTION_DAYS, PAGE)
        deleted += page
        if page < PAGE:
            break
    took, wal = monotonic() - began, _wal(connection) - before
    page_ms, each = took / max(deleted, 1) * PAGE * 1000, wal / max(deleted, 1)
    rate = f"{deleted / took:,.0f} a second, {page_ms:.0f} ms a page, {each:,.0f} bytes of WAL each"
    print(f"deleted {deleted:,} tasks: {rate}", flush=True)
    return deleted


def _vacuum(connection: Connection, table: str, dead: int) -> None:
    before, began = _wal(connection), monotonic()
    connection.execute(f"VACUUM {table}".encode())
    took, wal = monotonic() - began, _wal(connection) - before
    print(f"vacuum of {table}: {dead:,} dead rows, {took:.1f} s, {wal / 1e6:,.0f} MB of WAL", flush=True)


def _wal(connection: Connection) -> int:
    row = connection.execute("SELECT pg_current_wal_lsn() - '0/0' AS n").fetchone()
    return int(row["n"]) if row else 0


def _sizes(connection: Connection) -> str:
    found = []
    for table in ("agent_tasks", "agent_task_events"):
        sizes = sql.SQL("SELECT count(*) AS n, pg_table_size({}) AS data, pg_indexes_size({}) AS indexes FROM {}")
        row = connection.execute(sizes.format(table, table, sql.Identifier(table))).fetchone()
        if row:
            found.append(
                f"{table}: {row['n']:,} rows, {row['data'] / 1e6:,.0f} MB and indexes {row['indexes'] / 1e6:,.0f} MB"
            )
    return "\n".join(found)


if __name__ == "__main__":
    main()
