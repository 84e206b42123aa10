"""As `test.think`, a plain function that runs in a thread."""

from __future__ import annotations

from typing import Any

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.fault_injection import reach
from tests.support.agents.test_think import INSERT, Thought
from tests.support.model_server import ask


@agent("test.thinkLong", payload=Thought, open_to_users=True, timeout=120.0, lane="long")
def think_long(ctx: Context, payload: Thought) -> dict[str, Any]:
    match payload.do:
        case "db":
            ctx.db.execute("SELECT 1")
        case "read":
            with ctx.read() as db:
                return {
                    "rows": db.execute(
                        "SELECT count(*)::int AS n FROM ledger WHERE task_id = %s", (ctx.task_id,)
                    ).fetchall()
                }
        case "write":
            with ctx.read() as db:
                db.execute(INSERT, (ctx.task_id, ctx.attempt))
    answer = ctx.step("ask", lambda key: ask(payload.url, key)) if payload.url else 0
    reach("run.in_handler")
    with ctx.transaction() as db:
        db.execute(INSERT, (ctx.task_id, ctx.attempt))
        if payload.do == "raise-inside":
            raise ValueError("inside")
    match payload.do:
        case "step-inside":
            ctx.step("late", str)
        case "progress-inside":
            ctx.progress("late")
    return {"answer": answer}
