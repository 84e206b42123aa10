"""The repeated statements of operators read few pages: live rows or a short period, independent of other rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from orchestrator.model.ids import first_id_at
from orchestrator.store import row_security
from orchestrator.store.connection import Connection
from orchestrator.store.owners import ANY_OWNER, owner_filter
from orchestrator.store.query_files import load_queries

STORED = """
INSERT INTO agent_tasks (id, owner_id, type, payload, status, result, due_at, created_at, updated_at, finished_at)
SELECT ('0190' || substr(md5(n::text), 1, 28))::uuid, 'old-' || n % 50, 'echo', '{}', 'completed', '{}', at, at, at, at
FROM generate_series(1, 20000) n, LATERAL (SELECT '2029-12-31'::timestamptz - interval '1 minute' * n AS at) moment
"""
LIVE = """
INSERT INTO agent_tasks (id, owner_id, type, payload, due_at, wake_at, waiting_for)
SELECT ('0191' || lpad(n::text, 28, '0'))::uuid, '1', 'echo', '{}', now(), CASE WHEN n % 2 = 0 THEN now() END,
       CASE WHEN n % 2 = 1 THEN 1 END
FROM generate_series(1, 20) n
"""
CHILDREN = """
INSERT INTO agent_tasks (id, owner_id, type, payload, due_at, wake_at, parent_id, spawn_key)
SELECT ('0192' || substr(id::text, 5))::uuid, '1', 'echo', '{}', now(), now(), id, 'kid'
FROM agent_tasks WHERE finished_at IS NULL
"""
#: Some for the rows, some for the catalogue's views; 20,000 rows are more than 500.
FEW_PAGES = 150

NOW = datetime(2030, 1, 1, tzinfo=UTC)
WINDOW = {"since": NOW - timedelta(minutes=5), "until": NOW, "lately": NOW - timedelta(minutes=1), "step": 10}
ANY = {
    **owner_filter(ANY_OWNER),
    **dict.fromkeys(("status", "type", "trace", "fingerprint", "id_ends", "error_text", "since", "until")),
}
IDS = {"below": UUID(int=2**128 - 1), "lowest": UUID(int=0)}
FIGURES, OPS, CANCELS, TASKS = (
    load_queries("orchestrator.store", stem) for stem in ("statistics", "operator_search", "bulk_cancel", "tasks")
)
#: Of what lives.
SOME = [UUID(hex=f"0191{n:028}") for n in range(1, 21)]
STATEMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "live_counts": (FIGURES["live_counts"], {}),
    "busiest_owner": (FIGURES["busiest_owner"], {}),
    "workers": (FIGURES["workers"], {"limit": 20}),
    "failing": (FIGURES["failing"], {"window": 2_000, "limit": 20}),
    "submitted": (FIGURES["submitted"], {"first": first_id_at(NOW - timedelta(minutes=1)), "end": first_id_at(NOW)}),
    "finished_counts": (FIGURES["finished_counts"], WINDOW),
    "finished_series": (FIGURES["finished_series"], WINDOW),
    "paces": (FIGURES["paces"], WINDOW),
    "minutes": (FIGURES["minutes"], WINDOW),
    "search_live": (OPS["search_live"], {**ANY, **IDS, "state": "waiting", "limit": 51}),
    "matching": (CANCELS["matching"], {**ANY, **IDS, "type": "echo", "state": None, "limit": 2_000}),
    "lock_unfinished": (CANCELS["lock_unfinished"], {"ids": SOME, "limit": 1_000}),
    "still_matching": (CANCELS["still_matching"], {**ANY, **IDS, "type": "echo", "state": None, "ids": SOME}),
    "would_end": (CANCELS["would_end"], {**ANY, **IDS, "type": "echo", "state": None, "ids": None}),
    "living_descendants": (TASKS["living_descendants"], {"ids": SOME, **owner_filter(ANY_OWNER), "limit": 1_000}),
    "ended_boundary": (
        OPS["ended_boundary"],
        {**ANY, "before": None, "before_id": UUID(int=2**128 - 1), "window": 50},
    ),
    "search_ended": (
        OPS["search_ended"],
        {
            **ANY,
            "before": NOW - timedelta(days=5),
            "before_id": UUID(int=0),
            "limit": 50,
            "boundary": NOW - timedelta(days=6),
            "boundary_id": UUID(int=0),
        },
    ),
}


@pytest.fixture
def full(conn: Connection) -> Connection:
    conn.execute(STORED.encode())
    conn.execute(LIVE.encode())
    conn.execute(CHILDREN.encode())
    conn.execute("VACUUM ANALYZE agent_tasks")
    return conn


@pytest.mark.parametrize("name", STATEMENTS)
def test_pages_touched_are_few(full: Connection, name: str) -> None:
    statement, values = STATEMENTS[name]
    with full.transaction(force_rollback=True):
        full.act(row_security.setting("role", "orchestrator_operator"))
        row = full.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}".encode(), values).fetchone()
    assert row is not None
    plan = row["QUERY PLAN"][0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < FEW_PAGES, plan
