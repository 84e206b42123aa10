"""An agent that thinks with the model behind `url`, and charges at the till beside it."""

from __future__ import annotations

from typing import Any, Literal

import httpx
from pydantic import BaseModel

from orchestrator import Context, agent
from orchestrator.llm import Limits, OpenAIModel, ToolError, agent_tool, run_agent_loop, tool


class Question(BaseModel):
    url: str
    text: str = "Buy the cheaper ticket."
    structured: bool = False
    stream: str | None = None
    turns: int = 10
    tokens: int | None = None
    approve: Literal["owner", "operator"] | None = None
    expires: float | None = None


class Ticket(BaseModel):
    """A ticket that was bought."""

    seat: int


class Nothing(BaseModel):
    """No arguments."""


@agent("test.thinking", payload=Question)
def think(ctx: Context, payload: Question) -> dict[str, Any]:
    @tool
    def price(city: str) -> dict[str, int]:
        """Return the price of a ticket to a city, in cents."""
        if city == "Atlantis":
            raise ToolError("There is no such city.")
        return {"cents": 100 if city == "Bergen" else 200}

    @tool(approve=payload.approve, expires=payload.expires)
    def charge(cents: int, idempotency_key: str) -> dict[str, Any]:
        """Charge the traveller."""
        headers = {"Idempotency-Key": idempotency_key}
        charged: dict[str, Any] = httpx.post(f"{payload.url}/charge", json={"cents": cents}, headers=headers).json()
        return charged

    answer = run_agent_loop(
        ctx,
        OpenAIModel("test-model", base_url=payload.url, api_key=lambda: "secret-key"),
        payload.text,
        system="You sell tickets.",
        tools=[price, charge, agent_tool("test.noop", Nothing, "Do nothing, as a task of its own.")],
        limits=Limits(turns=payload.turns, tokens=payload.tokens),
        result=Ticket if payload.structured else None,
        stream=payload.stream,
    )
    value = answer.value.model_dump() if answer.value else None
    return {"text": answer.text, "value": value, "tokens": answer.usage.input_tokens + answer.usage.output_tokens}
