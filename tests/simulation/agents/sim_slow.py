"""Plays a script in the lane `long`."""

from __future__ import annotations

from typing import Any

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.fault_injection import reach
from tests.simulation.agents.sim_work import RUNS, Script, act, call_outside


@agent("sim.slow", payload=Script, open_to_users=True, lane="long", timeout=600)
def slow(ctx: Context, payload: Script) -> dict[str, Any]:
    word = payload.outcomes[RUNS[ctx.task_id]] if RUNS[ctx.task_id] < len(payload.outcomes) else payload.then
    RUNS[ctx.task_id] += 1
    if word == "effectless":
        return {"word": word}
    called = ctx.step("call", call_outside) if payload.step else None
    with ctx.transaction() as db:
        db.execute("INSERT INTO ledger (task_id, what) VALUES (%s, 'effect')", (ctx.task_id,))
    if payload.spawn:
        ctx.spawn("sim.work", {"outcomes": ["raise"]})
    reach("run.in_handler")
    act(word)
    return {"word": word, "called": called}
