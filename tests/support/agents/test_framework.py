"""An agent of Pydantic AI as a task, with the model behind `url` and the till beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
from pydantic import BaseModel

from orchestrator import Context, agent
from orchestrator.llm import Message, OpenAIModel
from orchestrator.llm.model import Finished, ModelRequest

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models.function import AgentInfo


class Question(BaseModel):
    url: str


def price(city: str) -> dict[str, int]:
    """Return the price of a ticket to a city, in cents."""
    return {"cents": 100 if city == "Bergen" else 200}


@agent("test.framework", payload=Question)
def think(ctx: Context, payload: Question) -> dict[str, str]:
    from pydantic_ai import Agent
    from pydantic_ai.models.function import FunctionModel

    from orchestrator.llm.pydantic_ai import DurableModel, durable_tool

    def charge(cents: int, idempotency_key: str) -> dict[str, Any]:
        """Charge the traveller."""
        headers = {"Idempotency-Key": idempotency_key}
        charged: dict[str, Any] = httpx.post(f"{payload.url}/charge", json={"cents": cents}, headers=headers).json()
        return charged

    async def ask(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
        return _ask(payload.url, messages)

    model = DurableModel(ctx, FunctionModel(ask, model_name="test-model"))
    tools = [durable_tool(ctx, price), durable_tool(ctx, charge)]
    return {"text": Agent(model, tools=tools).run_sync("Buy the cheaper ticket.").output}


def _ask(url: str, messages: list[ModelMessage]) -> ModelResponse:
    """Ask the server, which finds its response by the number of the model's messages so far."""
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.usage import RequestUsage

    asked = tuple(Message("assistant", "…") for each in messages if isinstance(each, ModelResponse))
    server = OpenAIModel("test-model", base_url=url, api_key="secret-key")
    for part in server.stream(ModelRequest(messages=asked, key="none", timeout=30)):
        if isinstance(part, Finished):
            message, usage = part.turn.message, part.turn.usage
            calls = [ToolCallPart(call.name, call.arguments, call.id) for call in message.calls]
            parts: list[TextPart | ToolCallPart] = [*calls] or [TextPart(message.text)]
            used = RequestUsage(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
            return ModelResponse(parts=parts, usage=used, model_name="test-model")
    raise AssertionError("the server gave no end")
