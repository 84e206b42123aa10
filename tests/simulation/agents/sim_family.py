"""Joins children, then leaves an effect."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Call, Context
from orchestrator.model.fault_injection import reach
from tests.simulation.agents.sim_work import Script


class Family(BaseModel):
    children: list[Script]
    quorum: int | None = None
    deadline: float | None = None


@agent("sim.family", payload=Family, open_to_users=True)
def family(ctx: Context, payload: Family) -> dict[str, Any]:
    calls = [Call("sim.work", child.model_dump()) for child in payload.children]
    joined = ctx.gather("kids", calls, quorum=payload.quorum, deadline=payload.deadline)
    ctx.db.execute("INSERT INTO ledger (task_id, what) VALUES (%s, 'effect')", (ctx.task_id,))
    reach("run.in_handler")
    return {"done": [child.status.value for child in joined.children], "timedOut": joined.timed_out}
