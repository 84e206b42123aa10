"""The conversation between a loop and its model, as it is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from orchestrator.model.task import Json

#: The arguments of a tool call: the model's JSON, parsed, or its text when it was no JSON.
Arguments: TypeAlias = dict[str, Json] | str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants to be called. `id` is the model's own; the response refers to it."""

    id: str
    name: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation.

    `calls` are those of an assistant's message. `call_id` and `is_error` belong to the response of a tool.
    """

    role: Literal["user", "assistant", "tool"]
    text: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens that the model counted."""

    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens)


@dataclass(frozen=True, slots=True)
class Turn:
    """One response of the model, as the step records it."""

    message: Message
    usage: Usage


def without_nul(turn: Turn) -> Turn:
    """Return the turn without NUL characters, which Postgres cannot store."""
    calls = tuple(ToolCall(_clean(call.id), _clean(call.name), _clean(call.arguments)) for call in turn.message.calls)
    return Turn(Message("assistant", _clean(turn.message.text), calls), turn.usage)


def _clean(value: Json) -> Json:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(key): _clean(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return value
