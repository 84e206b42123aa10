"""Return the payload: shows that the whole path works."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.agents import agent
from orchestrator.engine.context import Context


class EchoPayload(BaseModel):
    """Anything at all."""

    model_config = ConfigDict(extra="allow")


class EchoResult(BaseModel):
    """The payload that arrived."""

    message: str
    received: dict[str, Any]


@agent("echo", payload=EchoPayload, result=EchoResult, open_to_users=True)
def echo(ctx: Context, payload: EchoPayload) -> EchoResult:
    return EchoResult(message="Echo from the worker.", received=payload.model_dump())
