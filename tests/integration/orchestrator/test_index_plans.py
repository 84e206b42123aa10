"""Hot statements use their indexes at every size of the tables, with any statistics.

Each statement is explained with execution as its function's own login, so under row-level security, once planned for
its values and once for any values (as a prepared statement that Postgres plans once). `PLAN_ROWS=1000000` adds a size.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from orchestrator.store import row_security
from orchestrator.store.connection import Connection, connect
from orchestrator.store.query_files import load_queries
from tests.support import postgres
from tools.local_stack.stack_config import Layout

SIZES = [1_000, 10_000, 100_000, *(int(rows) for rows in os.environ.get("PLAN_ROWS", "").split(",") if rows)]
#: Tables that grow without end.
BIG = {"agent_tasks", "agent_task_events", "agent_task_steps", "agent_task_chunks"}
#: A node that is expected to read this much more than it was given ids for is planned for another table.
#: Postgres expects 13 of a million rows for two columns of a table that it never analysed.
MOST_PER_ID = 20

#: Finished tasks of 200 owners with a step and three events each. Their ids come before every live one's.
STORED = """
WITH task AS (
  INSERT INTO agent_tasks (id, owner_id, type, payload, status, result, due_at, created_at, updated_at, finished_at,
                           attempts, seq)
  SELECT ('0190' || substr(md5(n::text), 1, 28))::uuid, 'old-' || n %% 200, 'echo', '{}', 'completed', '{}',
         at, at, at, at, 1, 3
  FROM generate_series(1, %(rows)s) n, LATERAL (SELECT now() - interval '20 days' * (n %% 1000) / 1000 AS at) moment
  RETURNING id, owner_id
), step AS (
  INSERT INTO agent_task_steps (task_id, name, token, result) SELECT id, 'call', 1, '{}' FROM task
), chunk AS (
  INSERT INTO agent_task_chunks (task_id, stream, generation, start, owner_id, text)
  SELECT id, 'answer', 1, 0, owner_id, 'text' FROM task
)
INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)
SELECT id, seq, 1, 'completed', 'completed', owner_id FROM task, generate_series(1, 3) seq
"""
#: By group of ten: running, waiting to run, leases that ended, parked, limited, parents; and a child of each parent.
#: Many more wait to run: with few, a plan without the index of the limited tasks would cost about as much.
LIVE = """
WITH task AS (
  INSERT INTO agent_tasks (id, owner_id, type, payload, due_at, wake_at, status, attempts, token, leased_until,
                           parked_by, limited, waiting_for, awaits)
  SELECT ('0191' || lpad(n::text, 28, '0'))::uuid, '1', 'echo', '{}', now(), CASE WHEN n / 10 <> 3 THEN now() END,
         CASE WHEN n / 10 IN (0, 2) THEN 'processing' ELSE 'pending' END, (n / 10 IN (0, 2))::int,
         CASE WHEN n / 10 IN (0, 2) THEN n + 1 END,
         CASE n / 10 WHEN 0 THEN now() + interval '1 hour' WHEN 2 THEN now() - interval '1 hour' END,
         CASE n / 10 WHEN 3 THEN 'flag' END, n / 10 = 4,
         CASE n / 10 WHEN 5 THEN 1 END, CASE n / 10 WHEN 5 THEN 'all' END
  FROM generate_series(0, 599) n RETURNING *
)
INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)
SELECT id, 1, 0, 'submitted', status, owner_id FROM task
"""
CHILDREN = """
INSERT INTO agent_tasks (id, owner_id, type, payload, due_at, wake_at, parent_id, spawn_key, gather)
SELECT ('0192' || substr(id::text, 5))::uuid, '1', 'echo', '{}', now(), now(), id, 'kid', 'all'
FROM agent_tasks WHERE waiting_for IS NOT NULL
"""
#: A limit under which tasks run and others wait.
UNDER_LIMIT = """
WITH made AS (INSERT INTO agent_limits (key, at_most, requests, per) VALUES ('service', 50, 50, 60) RETURNING key),
used AS (
  INSERT INTO agent_limit_uses (key, token, task_id)
  SELECT made.key, t.token, t.id FROM made, agent_tasks t WHERE t.status = 'processing'
)
INSERT INTO agent_limit_waits (task_id, key) SELECT t.id, made.key FROM made, agent_tasks t WHERE t.limited
"""
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"


def ids_of(group: int) -> list[UUID]:
    return [UUID(hex=f"0191{n:028}") for n in range(group * 10, group * 10 + 10)]


RUNNING, READY, ENDED, PARKED, LIMITED, PARENTS = (ids_of(group) for group in range(6))
TOKENS = list(range(1, 11))
CLAIM = {
    "ids": READY,
    "worker": "w",
    "lease": 60.0,
    "alone": False,
    "paused_types": ["x"],
    "limited": False,
}
OUTCOME = {"status": "completed", "kind": "completed", "result": '{"n":1}', "refund": 0, "delay": 0.0}
OUTCOMES = json.dumps([{"id": str(i), "token": t, **OUTCOME} for i, t in zip(RUNNING, TOKENS, strict=True)])
CHILD = {
    "ids": [UUID(int=8)],
    "owners": ["1"],
    "types": ["echo"],
    "payloads": ["{}"],
    "versions": [1],
    "max_attempts": [3],
}
SPAWN = {
    "deadlines": [None],
    "limited": [False],
    "parents": PARENTS[:1],
    "keys": ["new"],
    "gathers": ["all"],
    "traceparents": ["-"],
}
STEP = {"task_id": RUNNING[0], "token": 1, "name": "s", "result": "{}", "event": "{}", "fault": None}
STREAM = {"task_id": RUNNING[0], "token": 1, "stream": "answer", "generation": 1, "start": 5, "text": "words"}
NEW = {"id": UUID(int=7), "owner_id": "1", "type": "echo", "payload": "{}", "payload_version": 1, "max_attempts": 3}
NEW_REST = {
    "deadline": None,
    "limited": False,
    "schedule_at": None,
    "idempotency_key": "k",
    "request_hash": b"h",
    "traceparent": None,
}
UNIQUE = {"limited": False, "unique_key": "k"}
PAGE = {"owner_id": "old-7", "before": None, "status": None, "type": None, "limit": 20}
OWN = {"any_owner": False, "owner_id": "1"}
NOBODY_ELSE = {"after_task": UUID(int=0), "after_seq": 0, "task_ids": None, "limit": 100}


@dataclass(frozen=True)
class Case:
    """A statement with values, the function whose login runs it, and how many ids it is given (0: it pages)."""

    part: str
    file: str
    name: str
    values: Mapping[str, Any]
    ids: int = 0

    @property
    def statement(self) -> str:
        return load_queries("orchestrator.store", self.file)[self.name]


CASES = [
    Case("worker", "attempts", "claim", CLAIM, 10),
    Case("worker", "attempts", "claim", {**CLAIM, "ids": LIMITED[:1], "alone": True, "limited": True}, 10),
    Case("worker", "attempts", "count_limited", {"owner_id": "1", "type": "echo"}),
    Case("worker", "attempts", "find_unclaimed", {"ids": READY}, 10),
    Case("worker", "attempts", "finish", {"outcomes": OUTCOMES, "marker": None, "started": "{}"}, 10),
    Case("worker", "attempts", "start", {"ids": RUNNING, "tokens": TOKENS, "event": "{}"}, 10),
    Case("worker", "attempts", "unclaim", {"ids": RUNNING, "tokens": TOKENS}, 10),
    Case("worker", "attempts", "renew", {"ids": RUNNING, "tokens": TOKENS, "lease": 60.0}, 10),
    Case("worker", "attempts", "lock_attempts", {"ids": RUNNING, "tokens": TOKENS}, 10),
    Case("worker", "attempts", "pin_flags", {"ids": RUNNING, "tokens": TOKENS, "flags": ["{}"] * 10}, 10),
    Case("worker", "attempts", "end_leases", {"ids": ENDED, "error": "{}"}, 10),
    Case("worker", "attempts", "next_limited", {"owners": ["1"], "types": ["echo"], "slots": [2]}),
    Case("worker", "attempts", "park", {"id": READY[0], "flag": "f"}, 1),
    Case("worker", "limits", "lock_limits", {"keys": ["a"], "at_most": [8], "requests": [500], "per": [60.0]}),
    Case("worker", "limits", "end_uses", {"keys": ["service"]}),
    Case("worker", "limits", "read_rooms", {"keys": ["service"], "task_id": LIMITED[0]}),
    Case("worker", "limits", "wait_for_room", {"task_id": LIMITED[0], "key": "service"}, 1),
    Case("worker", "limits", "use_limits", {"task_id": LIMITED[0], "token": 99, "keys": ["service"]}),
    Case("worker", "limits", "grant_starts", {"key": "service", "delays": [0.0, 1.0]}),
    Case("sweeper", "limits", "waiting_keys", {"limit": 500}),
    Case("worker", "steps", "recorded_steps", {"task_id": RUNNING[0]}),
    Case("worker", "steps", "record_step", STEP, 1),
    Case("worker", "steps", "note_progress", {**STEP, "progress": "{}"}, 1),
    Case("worker", "steps", "attempt_state", STEP, 1),
    Case("worker", "streams", "begin_stream", STREAM, 1),
    Case("worker", "streams", "append_chunk", STREAM, 1),
    Case("worker", "streams", "end_stream", STREAM, 1),
    Case("api", "streams", "read_stream", {"task_id": READY[0], "stream": "answer", "owner_id": "1", "after": 0}),
    Case("worker", "children", "insert_children", {**CHILD, **SPAWN}, 10),
    Case("worker", "children", "children", {"parent_id": PARENTS[0], "gather": "all"}),
    Case("worker", "children", "lock_parents", {"ids": PARENTS}, 10),
    Case("worker", "children", "wake_parents", {"ids": PARENTS}, 10),
    Case("api", "tasks", "insert_task", {**NEW, **NEW_REST, "settings": row_security.caller("1")}),
    Case(
        "api",
        "tasks",
        "insert_tasks",
        {"tasks": json.dumps([{**NEW, "id": str(UUID(int=7)), **UNIQUE}]), "owner_id": "1"},
    ),
    Case("api", "unique", "lock_holder", {"owner_id": "1", "type": "echo", **UNIQUE}, 1),
    Case("api", "unique", "renew_holder", {**NEW, **NEW_REST, "id": READY[0], "delay": 5.0, "longest": 60.0}, 1),
    Case("api", "unique", "release_key", {"id": READY[0]}, 1),
    Case("api", "unique", "find_joined", {"owner_id": "1", "idempotency_key": "k"}, 1),
    Case("api", "tasks", "find_submitted", {"id": READY[0], "owner_id": "1", "idempotency_key": "k"}, 1),
    Case("api", "tasks", "get_task", {"id": READY[0], **OWN}, 1),
    Case("api", "tasks", "list_tasks", PAGE),
    Case("api", "tasks", "list_tasks", {**PAGE, "status": "completed", "type": "echo", "before": UUID(int=2**127)}),
    Case("api", "tasks", "newest_completed", {"owner_id": "old-7", "type": "echo", "limit": 20}),
    Case("api", "tasks", "cancel", {"ids": READY[:2], **OWN, "actor": "1", "reason": None}, 10),
    Case("api", "tasks", "living_descendants", {"ids": PARENTS, **OWN, "limit": 100}),
    Case("api", "run_tree", "run_tasks", {"id": PARENTS[0], **OWN, "highest": 100, "limit": 1_001}),
    Case(
        "operator",
        "run_tree",
        "run_tasks",
        {"id": PARENTS[0], "any_owner": True, "owner_id": "", "highest": 100, "limit": 1_001},
    ),
    Case("api", "run_tree", "run_events", {"ids": PARENTS, **OWN, "each": 200, "limit": 10_000}),
    Case("api", "explain", "own_blockers", {"id": LIMITED[0], "owner_id": "1", "most_ahead": 100}),
    Case("api", "events", "task_events", {"task_id": READY[0], **OWN, "after": 0, "limit": 100}),
    Case("push", "events", "unseen", {"owner_id": "1", "base": "1:1:", "target": None, **NOBODY_ELSE}),
    Case("websocket", "events", "first_unseen", {"owner_id": "old-7", "task_ids": None}),
    Case("websocket", "events", "first_unseen", {"owner_id": "1", "task_ids": READY}),
    Case("sweeper", "sweep", "due_for_sweep", {"limit": 500}),
    Case("sweeper", "sweep", "silent_attempts", {"silent": 35.0, "limit": 500}),
    Case("sweeper", "sweep", "parked_flags", {}),
    Case("sweeper", "sweep", "parked_tasks", {"flag": "flag", "after": UUID(int=0), "limit": 500}),
    Case("sweeper", "sweep", "unpark", {"ids": PARKED}, 10),
    Case("sweeper", "sweep", "prune_tasks", {"days": 19, "limit": 500}),
]


@pytest.fixture(scope="module", params=SIZES)
def filled(request: pytest.FixtureRequest, postgres_server: Layout) -> Iterator[str]:
    """A database whose tables were analysed with their live rows alone, and have grown since."""
    with postgres.fresh_database(postgres_server) as url, connect(url) as conn:
        for table in BIG:
            conn.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)".encode())
        conn.execute(LIVE.encode())
        conn.execute(CHILDREN.encode())
        conn.execute(UNDER_LIMIT.encode())
        conn.execute("ANALYZE")
        conn.execute(STORED.encode(), {"rows": request.param})
        yield url


def take_statistics(url: str, state: str) -> None:
    with connect(url) as conn:
        if state == "fresh":
            conn.execute("VACUUM ANALYZE")
        if state == "missing":
            for table in BIG:
                conn.execute("SELECT pg_clear_relation_stats('public', %s)", (table,))
                for column in conn.execute(COLUMNS, (table,)).fetchall():
                    name = column["attname"]
                    conn.execute("SELECT pg_clear_attribute_stats('public', %s, %s, false)", (table, name))


@pytest.mark.parametrize("state", ["stale", "missing", "fresh"])
def test_every_hot_statement_keeps_to_its_index(filled: str, state: str) -> None:
    take_statistics(filled, state)
    faults = []
    with ExitStack() as stack:
        logins = {part: stack.enter_context(postgres.log_in(filled, part)) for part in {case.part for case in CASES}}
        for case in CASES:
            for mode in ("force_custom_plan", "force_generic_plan"):
                faults += [f"{case.name} ({mode}): {fault}" for fault in faults_of(logins[case.part], case, mode)]
    assert not faults, "\n".join(faults)


def faults_of(conn: Connection, case: Case, mode: str) -> list[str]:
    """Return the faults of a case's plan."""
    with conn.transaction(force_rollback=True):
        conn.execute(sql.SQL("SET LOCAL plan_cache_mode = {}").format(mode))
        if "settings" not in case.values and "owner_id" in case.values:
            conn.act(row_security.owner(case.values["owner_id"]))
        before = scans(conn)
        plan = explain(conn, case)
        faults = [f"{table} is read from end to end" for table, times in scans(conn).items() if times > before[table]]
    most = MOST_PER_ID * case.ids
    read = [node for node in nodes(plan) if case.ids and node.get("Relation Name") in BIG and node["Plan Rows"] > most]
    faults += [f"{node['Node Type']} of {node['Relation Name']} expects {node['Plan Rows']} rows" for node in read]
    return faults


def scans(conn: Connection) -> dict[str, int]:
    """How often this session has read each big table from end to end, inside functions and triggers too."""
    rows = conn.execute("SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE relname = ANY(%s)", (list(BIG),))
    return {row["relname"]: row["seq_scan"] for row in rows}


def explain(conn: Connection, case: Case) -> dict[str, Any]:
    """The plan of the case's statement, prepared with types that Postgres infers, as psycopg prepares it."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", case.statement)))
    text = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found.group(1)) + 1}", case.statement)
    conn.execute(f"PREPARE one AS {text}".encode())
    values = sql.SQL("({})").format(sql.SQL(", ").join(sql.Literal(case.values[name]) for name in names))
    run = sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE one {}").format(values if names else sql.SQL(""))
    row = conn.execute(run).fetchone()
    conn.execute("DEALLOCATE one")
    assert row is not None
    return dict(row["QUERY PLAN"][0]["Plan"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)
