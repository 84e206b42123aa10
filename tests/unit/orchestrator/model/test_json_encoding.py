"""JSON for Postgres: what jsonb refuses is refused before it is sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.json_encoding import encode_json

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
def test_what_postgres_refuses_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON"):
        encode_json(value)


def test_a_backslash_before_u0000_is_only_text() -> None:
    assert json.loads(encode_json("\\u0000")) == "\\u0000"
