"""Models behind an OpenAI-compatible endpoint: `POST {base_url}/chat/completions` with a streamed response."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orchestrator.llm.messages import Arguments, Message, ToolCall, Turn, Usage
from orchestrator.llm.model import Finished, ModelError, ModelRequest, TextDelta
from orchestrator.model.errors import RetryAfter

if TYPE_CHECKING:
    import httpx

#: Seconds to reach the service.
CONNECT_TIMEOUT = 5.0
#: Seconds to wait where the service asks for patience and names no time.
BUSY_DELAY = 10.0
#: Responses that ask the caller to come back later.
BUSY = frozenset({429, 503})


class OpenAIModel:
    """One model of an OpenAI-compatible service. Needs the extra `agent-orchestrator[models]`."""

    def __init__(self, name: str, *, base_url: str, api_key: str | Callable[[], str]) -> None:
        """`api_key` may be a function, so that a rotated secret is read again."""
        self.name = name
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._api_key = api_key

    def stream(self, request: ModelRequest) -> Iterator[TextDelta | Finished]:
        """Yield the response. See `Model.stream`."""
        import httpx

        ends = time.monotonic() + request.timeout
        timeout = httpx.Timeout(request.timeout, connect=min(CONNECT_TIMEOUT, request.timeout))
        headers = {"Authorization": f"Bearer {self._key()}", "Idempotency-Key": request.key}
        try:
            with (
                httpx.Client(timeout=timeout) as client,
                client.stream("POST", self._url, json=self._body(request), headers=headers) as response,
            ):
                _check(response)
                yield from _parts(response.iter_lines(), ends)
        except httpx.HTTPError as error:
            # The library's texts may contain the address; the name of the error is enough for operators.
            raise ModelError(f"the model's service could not be used: {type(error).__name__}") from None

    def _key(self) -> str:
        return self._api_key if isinstance(self._api_key, str) else self._api_key()

    def _body(self, request: ModelRequest) -> dict[str, Any]:
        system = [{"role": "system", "content": request.system}] if request.system else []
        body: dict[str, Any] = {
            "model": self.name,
            "messages": [*system, *(_message(each) for each in request.messages)],
            "max_tokens": request.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema},
                }
                for tool in request.tools
            ]
        return body


def _check(response: httpx.Response) -> None:
    if response.status_code in BUSY:
        raise RetryAfter(response.headers.get("Retry-After") or BUSY_DELAY, "the model's service is busy")
    if response.status_code != 200:
        raise ModelError(f"the model's service answered {response.status_code}")


def _parts(lines: Iterator[str], ends: float) -> Iterator[TextDelta | Finished]:
    """Yield the events of a stream of lines. Raise ModelError when it breaks off or takes too long."""
    text: list[str] = []
    calls: dict[int, dict[str, str]] = {}
    usage = Usage()
    for line in lines:
        if time.monotonic() > ends:
            raise ModelError("the model did not finish its answer in time")
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            tool_calls = tuple(_call(calls[index]) for index in sorted(calls))
            yield Finished(Turn(Message("assistant", "".join(text), tool_calls), usage))
            return
        event = json.loads(data)
        usage = _usage(event.get("usage")) or usage
        for choice in event.get("choices", ()):
            delta = choice.get("delta") or {}
            if part := delta.get("content"):
                text.append(part)
                yield TextDelta(part)
            for part in delta.get("tool_calls") or ():
                _collect(calls, part)
    raise ModelError("the model's answer broke off")


def _collect(calls: dict[int, dict[str, str]], part: Mapping[str, Any]) -> None:
    """Add a part of a tool call to those that are being received."""
    call = calls.setdefault(part["index"], {"id": "", "name": "", "arguments": ""})
    call["id"] = part.get("id") or call["id"]
    function = part.get("function") or {}
    call["name"] += function.get("name") or ""
    call["arguments"] += function.get("arguments") or ""


def _call(parts: Mapping[str, str]) -> ToolCall:
    return ToolCall(parts["id"], parts["name"], arguments_of(parts["arguments"]))


def arguments_of(text: str) -> Arguments:
    """Return the arguments that the model wrote, or its text when that is no JSON object."""
    try:
        parsed = json.loads(text or "{}")
    except ValueError:
        return text
    return parsed if isinstance(parsed, dict) else text


def _usage(counted: Mapping[str, int] | None) -> Usage | None:
    return Usage(counted["prompt_tokens"], counted["completion_tokens"]) if counted else None


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
    if not message.calls:
        return {"role": message.role, "content": message.text}
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _written(call.arguments)}}
        for call in message.calls
    ]
    return {"role": "assistant", "content": message.text or None, "tool_calls": calls}


def _written(arguments: Arguments) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)
