"""Goes on in its thread after its time limit, and tries to leave an effect."""

from __future__ import annotations

from typing import Any

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from tests.support.agents.test_think import GO_ON, INSERT, WENT_ON, Thought


@agent("test.thinkSpin", payload=Thought, open_to_users=True, timeout=0.4, max_attempts=1, lane="long")
def think_spin(ctx: Context, payload: Thought) -> dict[str, Any]:
    """Go on after the time limit, and try to leave an effect."""
    GO_ON.wait(60)
    try:
        with ctx.transaction() as db:
            db.execute(INSERT, (ctx.task_id, ctx.attempt))
    except BaseException as error:
        WENT_ON.append(type(error).__name__)
        raise
    WENT_ON.append("wrote")
    return {}
