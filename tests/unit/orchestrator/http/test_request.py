from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.http import request
from orchestrator.model.errors import InvalidInput, NotFound, TooLarge


def event(
    body: str | None = None,
    *,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    base64_encoded: bool = False,
) -> APIGatewayProxyEventV2:
    return APIGatewayProxyEventV2(
        {
            "body": body,
            "isBase64Encoded": base64_encoded,
            "queryStringParameters": query,
            "headers": headers or {},
        }
    )


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    age: int
    inner: dict[str, int] = {}


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "{",
        "{'a': 1}",
        "NaN",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": ' + "9" * 5_000 + "}",
        "[" * 100_000,
        '{"a": "\udc80"}',
        "\ufeff{}",
        '"\\',
    ],
    ids=lambda body: repr(body)[:30],
)
def test_invalid_json_is_refused(body: str | None) -> None:
    with pytest.raises(InvalidInput):
        request.json_body(event(body))


@pytest.mark.parametrize(
    "value",
    ["a\0b", {"a\0": 1}, [["\0"]], "\ud800", {"k": "\udfff"}],
    ids=repr,
)
def test_text_that_postgres_cannot_store_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        request.json_body(event(json.dumps(value)))
    assert [fault.field for fault in caught.value.faults] == ["body"]


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert request.json_body(event(json.dumps("😀"))) == "😀"


def test_depth_is_bounded() -> None:
    deep, deeper = "[" * 64 + "]" * 64, "[" * 65 + "]" * 65
    request.json_body(event(deep))
    with pytest.raises(InvalidInput):
        request.json_body(event(deeper))


@pytest.mark.parametrize("size", [request.LARGEST_BODY, request.LARGEST_BODY + 1])
@pytest.mark.parametrize("as_base64", [False, True])
def test_the_size_that_counts_is_in_bytes(size: int, as_base64: bool) -> None:
    text = '"' + "é" * ((size - 2) // 2) + "x" * (size % 2) + '"'
    assert len(text.encode()) == size
    body = base64.b64encode(text.encode()).decode() if as_base64 else text
    if size <= request.LARGEST_BODY:
        request.json_body(event(body, base64_encoded=as_base64))
    else:
        with pytest.raises(TooLarge):
            request.json_body(event(body, base64_encoded=as_base64))


def test_a_megabyte_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(TooLarge):
        request.json_body(event("!" * 1_048_576, base64_encoded=True))


def test_every_fault_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        request.read(Form, event('{"name": "", "inner": {"x": "y"}, "more": 1}'))
    assert {fault.field for fault in caught.value.faults} == {"name", "age", "inner.x", "more"}
    assert all(fault.message for fault in caught.value.faults)


@pytest.mark.parametrize("body", ["[]", "null", "5", '"x"'])
def test_a_body_of_another_kind_names_the_body(body: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        request.read(Form, event(body))
    assert [fault.field for fault in caught.value.faults] == ["body"]


def test_faults_of_a_query_are_named_together() -> None:
    query = request.Query(event(query={"limit": "abc", "status": "odd", "type": "a\0"}))
    query.integer("limit", low=1, high=100)
    query.choice("status", ["pending"])
    query.text("type")
    with pytest.raises(InvalidInput) as caught:
        query.check()
    assert [fault.field for fault in caught.value.faults] == ["limit", "status", "type"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.0", "1e2", " 5", "", "\u0665", "9" * 400, "+5"])
def test_a_limit_out_of_range_is_a_fault(limit: str) -> None:
    query = request.Query(event(query={"limit": limit}))
    assert query.integer("limit", low=1, high=100) is None
    with pytest.raises(InvalidInput):
        query.check()


def test_a_query_that_says_nothing_has_no_faults() -> None:
    query = request.Query(event())
    assert (query.text("type"), query.choice("status", []), query.integer("limit", low=1, high=2)) == (
        None,
        None,
        None,
    )
    query.check()


@pytest.mark.parametrize("key", ["", "a b", "a\0", "é", "x" * 201])
def test_an_idempotency_key_amiss_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput):
        request.idempotency_key(event(headers={"idempotency-key": key}))


def test_header_names_have_no_case() -> None:
    assert request.idempotency_key(event(headers={"Idempotency-Key": "k"})) == "k"


def test_a_given_trace_goes_on() -> None:
    given = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    assert request.traceparent(event(headers={"traceparent": given})) == given


@pytest.mark.parametrize(
    "given", ["", "x", "00-" + "0" * 32 + "-" + "b" * 16 + "-01", "00-" + "A" * 32 + "-" + "b" * 16 + "-01\n"]
)
def test_a_broken_trace_is_begun_anew(given: str) -> None:
    begun = request.traceparent(event(headers={"traceparent": given}))
    assert begun != given
    assert request.traceparent(event(headers={"traceparent": begun})) == begun


@pytest.mark.parametrize("value", ["", "1", "x" * 36, "{" + "0" * 36, "0" * 31, "\u0660" * 36])
def test_an_id_that_is_none_names_nothing(value: str) -> None:
    with pytest.raises(NotFound):
        request.path_uuid(value)


def test_refusals_quote_no_input() -> None:
    secret = "hunter2-hunter2"

    class Password(BaseModel):
        password: int

    with pytest.raises(InvalidInput) as caught:
        request.read(Password, event(json.dumps({"password": secret})))
    messages: list[Any] = [caught.value.message, *caught.value.faults]
    assert secret not in repr(messages)
