"""Lock the rows that its payload names, for as long as its effects wait for their commit."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context
from orchestrator.model.fault_injection import reach


class Lock(BaseModel):
    key: int


@agent("test.lock", payload=Lock, open_to_users=True, max_attempts=1)
def lock(ctx: Context, payload: Lock) -> dict[str, Any]:
    ctx.db.execute("SELECT pg_advisory_xact_lock(%s)", (payload.key,))
    reach("run.in_handler")
    return {}
