"""Two writes of its own, in the task's transaction."""

from __future__ import annotations

from typing import Any

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from tools.bench.agents.bench_noop import Numbered


@agent("bench.write", payload=Numbered, open_to_users=True)
def write(ctx: Context, payload: Numbered) -> dict[str, Any]:
    ctx.db.execute("INSERT INTO bench_effect (task_id) VALUES (%s)", (ctx.task_id,))
    ctx.db.execute("UPDATE bench_counter SET n = n + 1 WHERE id = %s", (payload.n % 1000,))
    return {"n": payload.n}
