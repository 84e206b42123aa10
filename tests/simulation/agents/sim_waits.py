"""Sleeps, waits for a signal until its deadline, then leaves an effect."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.errors import WaitExpired
from orchestrator.model.fault_injection import reach


class Pause(BaseModel):
    sleep: float
    deadline: float


@agent("sim.waits", payload=Pause, open_to_users=True)
def pause(ctx: Context, payload: Pause) -> dict[str, Any]:
    ctx.sleep("nap", payload.sleep)
    try:
        answer = ctx.wait_for("go", deadline=payload.deadline)
    except WaitExpired:
        answer = None
    ctx.db.execute("INSERT INTO ledger (task_id, what) VALUES (%s, 'effect')", (ctx.task_id,))
    reach("run.in_handler")
    return {"answer": answer}
