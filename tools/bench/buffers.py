"""Number 9: pages touched by the hot statements while the table of finished tasks grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from orchestrator.model.ids import new_task_id
from orchestrator.store import row_security
from orchestrator.store.connection import Connection, connect
from orchestrator.store.query_files import load_queries
from tools.bench.preparation import Measured, preload

SIZES = (10_000, 100_000, 1_000_000)
#: Tasks that wait, at each size of the table.
LIVE = 200


def measure(url: str, sizes: tuple[int, ...] = SIZES) -> list[Measured]:
    connection = connect(url)
    live = preload(url, "bench.noop", LIVE)
    pages: dict[str, list[int]] = {}
    stored = 0
    for size in sizes:
        fill(connection, size - stored)
        stored = size
        for name, touched in touch(connection, live).items():
            pages.setdefault(name, []).append(touched)
    connection.close()
    return [
        Measured(
            "9",
            f"pages touched by {name}, {sizes[-1]:,} rows over {sizes[0]:,}",
            "0.8 to 1.2",
            [counts[-1] / counts[0]],
            detail=" → ".join(str(count) for count in counts),
        )
        for name, counts in pages.items()
    ]


def fill(connection: Connection, rows: int) -> None:
    """Finished tasks of 200 owners, so that a page of 20 is full at every size."""
    connection.execute(
        "INSERT INTO agent_tasks (id, owner_id, type, payload, status, result, due_at, created_at, updated_at,"
        " finished_at, attempts, seq)"
        " SELECT ('0190' || substr(md5(random()::text), 1, 28))::uuid, 'old-' || n %% 200, 'bench.noop', '{}',"
        " 'completed', '{}', t, t, t, t, 1, 3 FROM generate_series(1, %s) n,"
        " LATERAL (SELECT now() - interval '20 days' * random() AS t) at",
        (rows,),
    )
    connection.execute("VACUUM (ANALYZE, FREEZE) agent_tasks")


def touch(connection: Connection, live: list[UUID]) -> dict[str, int]:
    """Return pages each statement touches once its caches of the catalogue are warm."""
    return {
        name: min(_pages(connection, part, sql, values) for _ in range(3))
        for name, (part, sql, values) in _hot(live).items()
    }


def _hot(live: list[UUID]) -> dict[str, tuple[str, str, Mapping[str, Any]]]:
    """Return role, statement and values of each hot statement."""
    attempts, tasks, sweep = (load_queries("orchestrator.store", stem) for stem in ("attempts", "tasks", "sweep"))
    claim = {"ids": live[:10], "worker": "w", "event": "{}", "lease": 60.0, "alone": False, "paused_types": []}
    new = {"id": new_task_id(), "owner_id": "1", "type": "bench.noop", "payload": "{}", "payload_version": 1}
    rest = ("max_attempts", "limited", "schedule_at", "idempotency_key", "request_hash", "traceparent")
    page = {"owner_id": "old-7", "before": None, "status": None, "type": None, "limit": 20}
    return {
        "claim": ("worker", attempts["claim"], {**claim, "limited": False}),
        "submit": ("api", tasks["insert_task"], {**new, **dict.fromkeys(rest), "max_attempts": 3, "limited": False}),
        "list": ("api", tasks["list_tasks"], page),
        "inbox": ("api", tasks["newest_completed"], {"owner_id": "old-7", "type": "bench.noop", "limit": 20}),
        "sweep": ("sweeper", sweep["due_for_sweep"], {"limit": 500}),
    }


def _pages(connection: Connection, part: str, sql: str, values: Mapping[str, Any]) -> int:
    """Explained with execution under row-level security, then undone."""
    with connection.transaction(force_rollback=True):
        connection.act(row_security.setting("role", f"orchestrator_{part}"))
        connection.act(row_security.owner(values.get("owner_id", "")))
        row = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}".encode(), values).fetchone()
    if row is None:
        raise RuntimeError("no plan")
    plan = row["QUERY PLAN"][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
