"""JSON for Postgres: the encoder refuses the values that jsonb refuses, before the caller sends them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.json_encoding import DEEPEST, JsonTooLarge, encode_bounded, encode_json, sent_size

text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
)


@given(values)
def test_json_comes_back_as_it_was(value: object) -> None:
    assert json.loads(encode_json(value)) == value


@pytest.mark.parametrize(
    "value", ["\x00", {"a\x00": 1}, "\\\x00", "\ud800", float("nan"), float("-inf"), object(), {1, 2}, b"bytes"]
)
def test_values_that_postgres_refuses_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        encode_json(value)


def test_a_backslash_before_u0000_is_only_text() -> None:
    assert json.loads(encode_json("\\u0000")) == "\\u0000"


@pytest.mark.parametrize(
    ("value", "most"),
    [("x" * 10_000, 20_000), ('"' * 10_000, 45_000), ("\U0001f600" * 10_000, 145_000), ([1e308] * 100, 40_000)],
    ids=["ascii", "quotes", "emoji", "numbers"],
)
def test_the_size_is_that_of_the_answer(value: object, most: int) -> None:
    as_postgres_gives_it = json.loads(json.dumps(value), parse_float=lambda text: int(float(text)))
    answer = json.dumps(json.dumps(as_postgres_gives_it, separators=(",", ":")))
    size = sent_size(encode_json(value))
    assert len(answer) <= size <= most
    assert encode_bounded(value, size, "it") == encode_json(value)
    with pytest.raises(JsonTooLarge, match="bytes as JSON"):
        encode_bounded(value, len(answer) - 1, "it")


def test_an_exponent_in_a_text_is_only_text() -> None:
    assert sent_size('["1e300"]') < 20


def test_deep_values_are_refused_and_wide_ones_are_not() -> None:
    deep: list[object] = []
    for _ in range(DEEPEST):
        deep = [deep]
    with pytest.raises(JsonTooLarge, match="nests deeper"):
        encode_bounded(deep, 1_000_000, "it")
    assert encode_bounded(deep[0], 1_000_000, "it")
    assert encode_bounded([[{}]] * 1_000, 1_000_000, "it")
