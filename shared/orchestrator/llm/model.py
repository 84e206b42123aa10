"""The protocol between the loop and a language model. An adapter implements one method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from orchestrator.llm.messages import Message, Turn
from orchestrator.model.errors import OrchestratorError
from orchestrator.model.task import Json


class ModelError(OrchestratorError):
    """The model's service failed or refused the request. Spends an attempt, as any error of a handler does."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it; `schema` is the JSON Schema of its arguments, an object."""

    name: str
    description: str
    schema: dict[str, Json]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request to a model.

    `timeout`: seconds that the whole answer may take. `key`: the step's idempotency key. `max_tokens`: of the answer.
    """

    messages: Sequence[Message]
    key: str
    timeout: float
    system: str = ""
    tools: Sequence[ToolSpec] = field(default_factory=tuple)
    max_tokens: int = 4_096


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next part of the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a response: the complete message and its use of tokens."""

    turn: Turn


class Model(Protocol):
    """A language model. The price list has its price under `name`."""

    name: str

    def stream(self, request: ModelRequest) -> Iterator[TextDelta | Finished]:
        """Yield the parts of the text in order, then one `Finished`.

        Raise RetryAfter when the service asks to come back later, ModelError for every other failure. An adapter
        sends one request and does not retry: the engine does.
        """
