"""One at a time per owner."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context


class Empty(BaseModel):
    pass


@agent("test.limited", payload=Empty, open_to_users=True, limit_per_owner=1)
def limited(ctx: Context, payload: Empty) -> dict[str, Any]:
    return {}
