"""One at a time per owner."""

from __future__ import annotations

from typing import Any

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from tests.simulation.agents.sim_work import Script, work


@agent("sim.limited", payload=Script, open_to_users=True, flags=("sim_flag",), limit_per_owner=1)
def limited(ctx: Context, payload: Script) -> dict[str, Any]:
    running = ctx.db.execute(
        "SELECT count(*) AS n FROM agent_tasks WHERE type = 'sim.limited' AND owner_id = %s"
        " AND status = 'processing' AND leased_until > task_now()",
        (ctx.owner,),
    ).fetchone()
    assert running is not None
    assert running["n"] <= 1, "over the limit"
    done: dict[str, Any] = work(ctx, payload)
    return done
