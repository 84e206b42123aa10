"""Does nothing and answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context


class Numbered(BaseModel):
    n: int = 0


@agent("bench.noop", payload=Numbered, open_to_users=True)
def noop(ctx: Context, payload: Numbered) -> dict[str, Any]:
    return {"n": payload.n}
