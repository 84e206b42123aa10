"""Agents of Pydantic AI as tasks: each request to their model is a step. Needs `agent-orchestrator[pydantic-ai]`.

    @agent("trip.advise", payload=Question, open_to_users=True, timeout=50)
    def advise(ctx: Context, payload: Question) -> dict[str, str]:
        advisor = Agent(DurableModel(ctx, OpenAIChatModel("a-model")), tools=[durable_tool(ctx, book)])
        return {"answer": advisor.run_sync(payload.text).output}

After a crash the agent runs again from the top: recorded requests and tools return their results, and the rest runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, NoReturn

from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from orchestrator.llm.tools import KEY

if TYPE_CHECKING:
    from orchestrator.engine.context import Context

#: Tokens of an answer that are reserved in budgets where the settings have no `max_tokens`.
MOST_OUTPUT = 4_096


class DurableModel(WrapperModel):
    """A model whose request n is the step `turn:n` of the task, paid from its budgets. Do not stream from it."""

    def __init__(self, ctx: Context, wrapped: Model | str) -> None:
        super().__init__(wrapped)
        self._ctx = ctx
        self._requests = 0

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Return the response, recorded or new."""
        self._requests += 1
        ask = super().request
        most_output = (model_settings or {}).get("max_tokens") or MOST_OUTPUT
        return await self._ctx.model_call_async(
            f"turn:{self._requests}",
            self.wrapped.model_name,
            lambda _key: ask(messages, model_settings, model_request_parameters),
            tokens=(_most_input(messages), most_output),
            usage=lambda response: (response.usage.input_tokens, response.usage.output_tokens),
            returns=ModelResponse,
        )

    def request_stream(self, *_args: object, **_options: object) -> NoReturn:
        """Raise NotImplementedError: a stream that breaks off cannot be recorded."""
        raise NotImplementedError("a durable model cannot stream; use run or run_sync, and ctx.stream for the answer")


def durable_tool(ctx: Context, function: Callable[..., object]) -> Callable[..., object]:
    """Return a tool for an agent of Pydantic AI whose calls are steps: each runs once, and its result is JSON.

    A parameter called `idempotency_key` is hidden from the model and gets the step's key.
    """
    signature = inspect.signature(function)
    shown = [each for each in signature.parameters.values() if each.name != KEY]

    @wraps(function)
    async def call(*args: object, **given: object) -> object:
        def run(key: str) -> object:
            return function(*args, **given, **({KEY: key} if KEY in signature.parameters else {}))

        return ctx.step(f"tool:{function.__name__}", run)

    call.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined] # inspect reads it
    call.__annotations__ = {name: each for name, each in function.__annotations__.items() if name != KEY}
    return call


def _most_input(messages: list[ModelMessage]) -> int:
    """Return an estimate of the tokens of a request: one for each two characters."""
    return len(ModelMessagesTypeAdapter.dump_json(messages)) // 2 + 1
