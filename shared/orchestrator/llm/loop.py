"""The loop of an agent that thinks: ask the model, run the tools that it calls, until it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestrator.engine.context import Call
from orchestrator.llm.approved_calls import decide
from orchestrator.llm.messages import Message, ToolCall, Turn, Usage, without_nul
from orchestrator.llm.model import Model, ModelError, ModelRequest, TextDelta, ToolSpec
from orchestrator.llm.tools import AgentTool, FunctionTool, ToolError
from orchestrator.model.errors import Refuse
from orchestrator.model.validation import validation_faults

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from orchestrator.engine.context import Context
    from orchestrator.engine.context.stream import Stream

#: The tool that a structured answer is given through.
ANSWER = "give_answer"
#: Seconds of an attempt that are kept for recording and committing after a model call.
RESERVED = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one loop.

    `turns`: requests to the model. `tokens`: input and output of all turns. `seconds`: that one turn may take; the
    attempt's own time bounds it too. `max_tokens`: of one answer.
    """

    turns: int = 10
    tokens: int | None = None
    seconds: float | None = None
    max_tokens: int = 4_096


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a loop: the text, the validated object where `result` was asked for, and its use of tokens."""

    text: str
    value: Any
    usage: Usage
    messages: tuple[Message, ...]


def run_agent_loop(
    ctx: Context,
    model: Model,
    prompt: str | Sequence[Message],
    *,
    system: str = "",
    tools: Sequence[FunctionTool | AgentTool] = (),
    limits: Limits | None = None,
    result: type[BaseModel] | None = None,
    stream: str | None = None,
) -> Answer:
    """Ask the model until it answers, and run the tools that it calls.

    Turn n is the step `turn:n`, and call i of it the step `turn:n:tool:i:name`: a retry repeats none that is recorded.
    With `result` the answer is an object of that model; an invalid one goes back to the model with its faults. With
    `stream` the owner reads the model's texts while they grow, as the stream of that name.

    Raise Refuse with code `turn_limit` or `token_limit` when a limit is reached.
    """
    loop = _Loop(ctx, model, system, {each.name: each for each in tools}, limits or Limits(), result)
    if stream is None:
        return loop.run(prompt)
    with ctx.stream(stream) as out:
        loop.out = out
        return loop.run(prompt)


@dataclass(slots=True)
class _Loop:
    ctx: Context
    model: Model
    system: str
    tools: Mapping[str, FunctionTool | AgentTool]
    limits: Limits
    result: type[BaseModel] | None
    out: Stream | None = None
    live: bool = False
    messages: list[Message] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)

    def run(self, prompt: str | Sequence[Message]) -> Answer:
        self.messages = [Message("user", prompt)] if isinstance(prompt, str) else list(prompt)
        for number in range(1, self.limits.turns + 1):
            turn = self._turn(number)
            self.usage += turn.usage
            self.messages.append(turn.message)
            answer = self._answer(turn.message) or self._run_tools(number, turn.message.calls)
            if answer is not None:
                return answer
            self._check_tokens()
        raise Refuse("The agent did not finish within its limit of turns.", code="turn_limit")

    def _turn(self, number: int) -> Turn:
        """Return a turn, recorded or new; a retry writes a recorded one to its own stream."""
        self.live = False
        turn = self.ctx.model_call(
            f"turn:{number}",
            self.model.name,
            self._ask,
            tokens=(self._most_input(), self.limits.max_tokens),
            usage=lambda turn: (turn.usage.input_tokens, turn.usage.output_tokens),
            returns=Turn,
        )
        if self.out is not None and not self.live:
            self.out.write(turn.message.text)
        return turn

    def _ask(self, key: str) -> Turn:
        """Send the conversation to the model and return its turn."""
        seconds = max(1.0, self.ctx.remaining() - RESERVED)
        request = ModelRequest(
            messages=tuple(self.messages),
            key=key,
            timeout=min(seconds, self.limits.seconds or seconds),
            system=self.system,
            tools=self._specs(),
            max_tokens=self.limits.max_tokens,
        )
        self.live = True
        for part in self.model.stream(request):
            if isinstance(part, TextDelta):
                if self.out is not None:
                    self.out.write(part.text)
            else:
                return without_nul(part.turn)
        raise ModelError("the model's answer has no end")

    def _most_input(self) -> int:
        """Return an estimate of the tokens of the next request: one for each two characters."""
        texts = [self.system, *(each.text for each in self.messages)]
        calls = [str(call.arguments) for each in self.messages for call in each.calls]
        schemas = [f"{spec.name}{spec.description}{spec.schema}" for spec in self._specs()]
        return sum(len(each) for each in (*texts, *calls, *schemas)) // 2 + 1

    def _specs(self) -> tuple[ToolSpec, ...]:
        specs = [each.spec for each in self.tools.values()]
        if self.result is not None:
            text = "Give the final answer. Call this once, when you have everything."
            specs.append(ToolSpec(ANSWER, text, self.result.model_json_schema()))
        return tuple(specs)

    def _answer(self, message: Message) -> Answer | None:
        """Return the answer when the message is one: a text without calls, where no structure is asked for."""
        if message.calls:
            return None
        if self.result is None:
            return self._end(message.text, None)
        self.messages.append(Message("user", f"Call {ANSWER} to give the answer."))
        return None

    def _run_tools(self, number: int, calls: Sequence[ToolCall]) -> Answer | None:
        """Run the calls of a turn in order, and add their responses; return the answer if one of them gives it."""
        for index, call in enumerate(calls):
            if call.name == ANSWER and self.result is not None:
                value, faults = _parsed(self.result, call)
                if not faults:
                    return self._end("", value)
                self._respond(call, faults, is_error=True)
            else:
                self._run_tool(f"turn:{number}:tool:{index}", call)
        return None

    def _run_tool(self, name: str, call: ToolCall) -> None:
        tool = self.tools.get(call.name)
        if tool is None:
            return self._respond(call, f"There is no tool {call.name!r}.", is_error=True)
        arguments, faults = _parsed(tool.arguments, call)
        if arguments is None:
            return self._respond(call, faults, is_error=True)
        note = ""
        if tool.approve is not None:
            arguments, note = decide(self.ctx, tool, name, arguments)
            if arguments is None:
                return self._respond(call, note, is_error=True)
        outcome = self._run_approved(f"{name}:{call.name}"[:150], tool, arguments)
        return self._respond(call, note + outcome["text"], is_error=outcome["isError"])

    def _run_approved(self, step: str, tool: FunctionTool | AgentTool, arguments: BaseModel) -> dict[str, Any]:
        """Run the tool as a step or as a child task, and return its response."""
        if isinstance(tool, FunctionTool):
            return self.ctx.step(step, lambda key: _outcome(tool, arguments, key))
        payload = arguments.model_dump(mode="json", by_alias=True)
        child = self.ctx.gather(step, [Call(tool.type, payload)]).children[0]
        if child.completed:
            return {"text": json.dumps(child.result, ensure_ascii=False), "isError": False}
        return {"text": f"The task ended as {child.status.value}.", "isError": True}

    def _respond(self, call: ToolCall, text: str, *, is_error: bool = False) -> None:
        self.messages.append(Message("tool", text, call_id=call.id, is_error=is_error))

    def _check_tokens(self) -> None:
        used = self.usage.input_tokens + self.usage.output_tokens
        if self.limits.tokens is not None and used >= self.limits.tokens:
            raise Refuse("The agent did not finish within its limit of tokens.", code="token_limit")

    def _end(self, text: str, value: Any) -> Answer:
        return Answer(text, value, self.usage, tuple(self.messages))


def _outcome(tool: FunctionTool, arguments: BaseModel, key: str) -> dict[str, Any]:
    """Run a tool's function. A ToolError is a result too, so that a retry sees the same."""
    try:
        returned = tool.run(arguments, key)
    except ToolError as error:
        return {"text": str(error), "isError": True}
    text = returned if isinstance(returned, str) else json.dumps(returned, ensure_ascii=False)
    return {"text": text, "isError": False}


def _parsed(model: type[BaseModel], call: ToolCall) -> tuple[BaseModel | None, str]:
    """Return the arguments of a call, or None and the faults as the model can read them."""
    from pydantic import ValidationError

    if isinstance(call.arguments, str):
        return None, "The arguments must be one JSON object."
    try:
        return model.model_validate(call.arguments), ""
    except ValidationError as error:
        return None, _faults(error)


def _faults(error: ValidationError) -> str:
    return "; ".join(f"{fault.field} {fault.message}" for fault in validation_faults(error, ""))
