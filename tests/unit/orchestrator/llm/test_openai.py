"""The adapter for OpenAI-compatible services, against a server with their protocol."""

from __future__ import annotations

import pytest

from orchestrator.llm import Finished, Message, ModelError, ModelRequest, OpenAIModel, TextDelta, ToolCall, Usage
from orchestrator.llm.openai import BUSY_DELAY
from orchestrator.model.errors import RetryAfter
from tests.support.models import ModelServer


def request(**changes: object) -> ModelRequest:
    return ModelRequest(**{"messages": [Message("user", "Hello")], "key": "task:turn:1", "timeout": 5.0, **changes})  # type: ignore[arg-type] # fields of a test


def test_a_text_arrives_in_parts_and_then_as_a_whole() -> None:
    with ModelServer("Good day").running() as server:
        parts = list(OpenAIModel("m", base_url=server.url, api_key="k").stream(request()))
    *deltas, end = parts
    assert deltas == [TextDelta("Goo"), TextDelta("d day")]
    assert isinstance(end, Finished)
    assert end.turn.message == Message("assistant", "Good day")
    assert end.turn.usage == Usage(10, 5)


def test_calls_are_put_together_from_their_parts() -> None:
    with ModelServer([("price", '{"city": "Oslo"}'), ("price", "{oops")]).running() as server:
        (end,) = OpenAIModel("m", base_url=f"{server.url}/", api_key="k").stream(request())
    assert isinstance(end, Finished)
    assert end.turn.message.calls == (
        ToolCall("call-0", "price", {"city": "Oslo"}),
        ToolCall("call-1", "price", "{oops"),
    )


def test_the_request_to_the_service() -> None:
    calls = (ToolCall("call-0", "price", {"city": "Oslo"}),)
    messages = [Message("user", "Hi"), Message("assistant", "", calls), Message("tool", "100", call_id="call-0")]
    messages += [Message("assistant", "So"), Message("user", "More")]
    with ModelServer("", "", "Yes").running() as server:
        list(OpenAIModel("m", base_url=server.url, api_key="k").stream(request(messages=messages, system="Be kind.")))
    body = server.requests[0]
    assert body["model"] == "m"
    assert body["messages"][0] == {"role": "system", "content": "Be kind."}
    assert body["messages"][2]["tool_calls"][0]["function"] == {"name": "price", "arguments": '{"city": "Oslo"}'}
    assert body["messages"][3] == {"role": "tool", "tool_call_id": "call-0", "content": "100"}
    assert "tools" not in body


@pytest.mark.parametrize(
    ("status", "header", "seconds"), [(429, {"Retry-After": "7"}, 7), (503, {}, BUSY_DELAY), (429, {}, BUSY_DELAY)]
)
def test_a_busy_service_names_when_to_come_back(status: int, header: dict[str, str], seconds: float) -> None:
    with ModelServer("x").running() as server:
        server.statuses = [(status, header)]
        with pytest.raises(RetryAfter) as caught:
            list(OpenAIModel("m", base_url=server.url, api_key="k").stream(request()))
    assert caught.value.seconds == seconds


def test_one_request_is_sent_for_every_answer() -> None:
    with ModelServer("x").running() as server:
        server.statuses = [(500, {}), (500, {})]
        with pytest.raises(ModelError, match="answered 500"):
            list(OpenAIModel("m", base_url=server.url, api_key="k").stream(request()))
        assert len(server.requests) == 1


def test_a_service_that_is_away_is_an_error_without_its_address() -> None:
    with pytest.raises(ModelError) as caught:
        list(OpenAIModel("m", base_url="http://127.0.0.1:9/v1", api_key="k").stream(request()))
    assert str(caught.value) == "the model's service could not be used: ConnectError"


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    with ModelServer("cut").running() as server:
        server.breaks_off = True
        parts = OpenAIModel("m", base_url=server.url, api_key="k").stream(request())
        with pytest.raises(ModelError, match="broke off"):
            list(parts)
