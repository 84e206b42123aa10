"""Models of Amazon Bedrock, by its Converse API with a streamed response."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.aws.clients import CloudError, stream_call
from orchestrator.llm.messages import Message, ToolCall, Turn, Usage
from orchestrator.llm.model import Finished, ModelError, ModelRequest, TextDelta
from orchestrator.llm.openai import BUSY_DELAY, arguments_of
from orchestrator.model.errors import RetryAfter

#: Errors of the service that ask the caller to come back later.
BUSY = frozenset({"ThrottlingException", "ServiceUnavailableException", "ModelNotReadyException"})


class BedrockModel:
    """One model of Amazon Bedrock; `name` is its model id or the id of an inference profile."""

    def __init__(self, name: str, *, endpoint: str | None = None) -> None:
        self.name = name
        self._endpoint = endpoint

    def stream(self, request: ModelRequest) -> Iterator[TextDelta | Finished]:
        """Yield the response. See `Model.stream`."""
        try:
            events = stream_call(
                "bedrock-runtime",
                "converse_stream",
                "stream",
                read_timeout=request.timeout,
                endpoint=self._endpoint,
                modelId=self.name,
                messages=_messages(request.messages),
                inferenceConfig={"maxTokens": request.max_tokens},
                **({"system": [{"text": request.system}]} if request.system else {}),
                **({"toolConfig": {"tools": [_tool(each) for each in request.tools]}} if request.tools else {}),
            )
            yield from _parts(events)
        except CloudError as error:
            if error.code in BUSY:
                raise RetryAfter(BUSY_DELAY, "the model's service is busy") from error
            raise ModelError(f"the model's service failed: {error.code}") from error


def _parts(events: Iterator[dict[str, Any]]) -> Iterator[TextDelta | Finished]:
    text: list[str] = []
    calls: dict[int, dict[str, str]] = {}
    for event in events:
        if start := event.get("contentBlockStart"):
            if use := start["start"].get("toolUse"):
                calls[start["contentBlockIndex"]] = {"id": use["toolUseId"], "name": use["name"], "input": ""}
        elif block := event.get("contentBlockDelta"):
            delta = block["delta"]
            if "text" in delta:
                text.append(delta["text"])
                yield TextDelta(delta["text"])
            elif "toolUse" in delta:
                calls[block["contentBlockIndex"]]["input"] += delta["toolUse"]["input"]
        elif metadata := event.get("metadata"):
            counted = metadata["usage"]
            usage = Usage(counted["inputTokens"], counted["outputTokens"])
            used = tuple(ToolCall(each["id"], each["name"], arguments_of(each["input"])) for each in calls.values())
            yield Finished(Turn(Message("assistant", "".join(text), used), usage))
            return
    raise ModelError("the model's answer broke off")


def _messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return the messages in Converse's form: the responses of one turn's tools travel in one user message."""
    converted: list[dict[str, Any]] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        if converted and converted[-1]["role"] == role:
            converted[-1]["content"].extend(_content(message))
        else:
            converted.append({"role": role, "content": _content(message)})
    return converted


def _content(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        status = "error" if message.is_error else "success"
        result = {"toolUseId": message.call_id, "content": [{"text": message.text}], "status": status}
        return [{"toolResult": result}]
    text = [{"text": message.text}] if message.text else []
    calls = [{"toolUse": {"toolUseId": call.id, "name": call.name, "input": _input(call)}} for call in message.calls]
    return [*text, *calls]


def _input(call: ToolCall) -> dict[str, Any]:
    return call.arguments if isinstance(call.arguments, dict) else {"text": call.arguments}


def _tool(spec: Any) -> dict[str, Any]:
    return {"toolSpec": {"name": spec.name, "description": spec.description, "inputSchema": {"json": spec.schema}}}
