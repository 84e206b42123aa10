"""A model for tests that answers by a script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.llm.messages import Message, ToolCall, Turn, Usage
from orchestrator.llm.model import Finished, ModelError, ModelRequest, TextDelta
from orchestrator.model.task import Json


@dataclass(frozen=True, slots=True)
class Call:
    """A response of the script that calls one tool."""

    tool: str
    arguments: dict[str, Json]


#: A text, a call, several calls at once, or an error to raise.
Response = str | Call | Sequence[Call] | Exception


class ScriptedModel:
    """Give the responses of a script: the n-th request of a conversation gets the n-th response.

    `requests` are those that were received. Responses are found by the number of the assistant's messages so far, so
    a second attempt that asks again gets the same response.
    """

    name = "scripted"

    def __init__(self, *responses: Response) -> None:
        self._responses = responses
        self.requests: list[ModelRequest] = []

    def stream(self, request: ModelRequest) -> Iterator[TextDelta | Finished]:
        """Yield the next response, a text word by word. Raise ModelError behind the end of the script."""
        self.requests.append(request)
        number = sum(message.role == "assistant" for message in request.messages)
        if number >= len(self._responses):
            raise ModelError(f"the script has {len(self._responses)} responses and was asked for one more")
        response = self._responses[number]
        if isinstance(response, Exception):
            raise response
        if isinstance(response, str):
            for word in re.findall(r"\S+\s*|\s+", response):
                yield TextDelta(word)
            yield Finished(Turn(Message("assistant", response), _usage(request, response)))
            return
        calls = [response] if isinstance(response, Call) else response
        made = tuple(ToolCall(f"call-{number}-{index}", call.tool, call.arguments) for index, call in enumerate(calls))
        yield Finished(Turn(Message("assistant", "", made), _usage(request, "")))


def _usage(request: ModelRequest, text: str) -> Usage:
    """Return counts that a test can predict: a token is a word."""
    return Usage(sum(len(message.text.split()) for message in request.messages), len(text.split()))
