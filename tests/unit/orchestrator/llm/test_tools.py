"""Tools: typed functions become a model's tools."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from orchestrator.llm import agent_tool, tool


class City(BaseModel):
    """A city."""

    name: str


def test_a_function_is_a_tool_with_a_schema_of_its_parameters() -> None:
    @tool
    def charge(cents: int, note: str = "", *, idempotency_key: str) -> dict[str, Any]:
        """Charge the traveller."""
        return {"cents": cents, "note": note, "key": idempotency_key}

    assert (charge.spec.name, charge.spec.description) == ("charge", "Charge the traveller.")
    assert set(charge.spec.schema["properties"]) == {"cents", "note"}
    assert charge.spec.schema["required"] == ["cents"]
    assert charge.spec.schema["additionalProperties"] is False
    arguments = charge.arguments.model_validate({"cents": 5})
    assert charge.run(arguments, "task:step") == {"cents": 5, "note": "", "key": "task:step"}


def test_a_tool_can_have_another_name() -> None:
    @tool(name="look_up")
    def search(text: str) -> str:
        """Search."""
        return text

    assert search.spec.name == "look_up"


def test_an_agent_is_a_tool_with_its_payload_as_arguments() -> None:
    made = agent_tool("city.describe", City, "Describe a city.")
    assert (made.name, made.type) == ("city_describe", "city.describe")
    assert made.spec.schema["required"] == ["name"]


def test_a_model_cannot_read_a_function_without_a_docstring() -> None:
    def silent(city: str) -> str:
        return city

    with pytest.raises(ValueError, match="'silent' needs a docstring"):
        tool(silent)


def test_a_parameter_without_a_type_is_named() -> None:
    def loose(city, when: str):  # type: ignore[no-untyped-def] # that is the mistake under test
        """Return the weather."""
        return (city, when)

    with pytest.raises(TypeError, match="needs a type for city"):
        tool(loose)
