"""No wording of pydantic reaches a person: every error type has a message of the product's own."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType

from orchestrator.http.schemas import requests
from orchestrator.model.validation import LONGEST_FIELD, MOST_FAULTS, WORDING, validation_faults
from tests.support.wording import PYDANTIC, foreign_messages, models_in

#: Types that no JSON document can cause, only Python objects, frozen models and calls of functions.
ONLY_PYTHON = {
    "no_such_attribute",
    "needs_python_object",
    "frozen_field",
    "frozen_instance",
    "get_attribute_error",
    "dataclass_exact_type",
    "default_factory_not_called",
    "iteration_error",
    "set_item_not_hashable",
    "assertion_error",
    "missing_sentinel_error",
    "ellipsis_error",
    "is_instance_of",
    "is_subclass_of",
    "callable_type",
    "arguments_type",
    "missing_argument",
    "unexpected_keyword_argument",
    "missing_keyword_only_argument",
    "unexpected_positional_argument",
    "missing_positional_only_argument",
    "multiple_argument_values",
}
#: Values for the gaps of every message.
CONTEXT: dict[str, Any] = {
    **dict.fromkeys(("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "actual_length"), 3),
    **dict.fromkeys(("max_digits", "decimal_places", "whole_digits", "tz_expected", "tz_actual"), 3),
    **dict.fromkeys(("expected", "expected_tags", "tag", "pattern", "encoding", "encoding_error", "class"), "x"),
    **dict.fromkeys(("discriminator", "field_type", "class_name", "attribute", "method_name"), "x"),
    "expected_schemes": "https",
    "expected_version": 4,
}


def made(type: str, context: dict[str, Any]) -> ValidationError:
    detail: InitErrorDetails = {"type": type, "loc": ("field",), "input": 1, "ctx": context}
    return ValidationError.from_exception_data("x", [detail])


@pytest.mark.parametrize("type", sorted(set(get_args(ErrorType)) - {"value_error", "assertion_error"}))
def test_every_type_has_a_message_of_our_own(type: str) -> None:
    (fault,) = validation_faults(made(type, {**CONTEXT, "error": "pydantic says"}))
    assert not PYDANTIC.search(fault.message), fault
    assert "pydantic" not in fault.message
    assert "{" not in fault.message
    assert re.fullmatch("[a-z_]+", fault.code)


def test_only_python_objects_cause_an_error_without_a_message() -> None:
    assert set(get_args(ErrorType)) - set(WORDING) - {"value_error"} == ONLY_PYTHON


@pytest.mark.parametrize("model", models_in(requests), ids=lambda model: model.__name__)
def test_the_engines_schemas_have_messages_of_our_own(model: type[BaseModel]) -> None:
    assert foreign_messages(model) == []


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: str = Field(min_length=8)
    tags: list[str] = Field(default_factory=list, max_length=1)
    color: Literal["red", "green"] = "red"
    age: Annotated[int, Field(ge=0)] = 0
    name: str = ""

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        if value == "custom":
            raise PydanticCustomError("name_taken", "is taken by {other}", {"other": "Ann"})
        if value:
            raise ValueError("must be a nice name")
        return value


def faults(document: object) -> list[tuple[str, str, str]]:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate(document)
    return [(fault.field, fault.code, fault.message) for fault in validation_faults(caught.value)]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, ("password", "required", "is required")),
        ({"password": "short"}, ("password", "too_short", "must have at least 8 characters")),
        ({"password": 5}, ("password", "wrong_type", "must be text")),
        ({"password": "x" * 8, "tags": ["a", "b"]}, ("tags", "too_long", "must have at most 1 item")),
        ({"password": "x" * 8, "tags": [1]}, ("tags.0", "wrong_type", "must be text")),
        ({"password": "x" * 8, "color": "blue"}, ("color", "not_allowed", "must be 'red' or 'green'")),
        ({"password": "x" * 8, "age": -1}, ("age", "out_of_range", "must be at least 0")),
        ({"password": "x" * 8, "more": 1}, ("more", "unknown_field", "is not a known field")),
        ({"password": "x" * 8, "name": "a"}, ("name", "invalid", "must be a nice name")),
        ({"password": "x" * 8, "name": "custom"}, ("name", "name_taken", "is taken by Ann")),
        ([], ("body", "wrong_type", "must be an object")),
    ],
)
def test_messages(document: object, expected: tuple[str, str, str]) -> None:
    assert faults(document) == [expected]


def test_a_prefix_goes_before_the_field() -> None:
    with pytest.raises(ValidationError) as caught:
        Form.model_validate({})
    assert [fault.field for fault in validation_faults(caught.value, "payload")] == ["payload.password"]


def test_made_up_fields_are_cut_and_counted() -> None:
    found = faults({"password": "x" * 8, **{f"\u202e{number}" + "y" * 1_000: 1 for number in range(500)}})
    assert len(found) == MOST_FAULTS
    assert all(len(field) == LONGEST_FIELD + 1 and field.isprintable() for field, _, _ in found)
