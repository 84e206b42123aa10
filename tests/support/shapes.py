"""Answers checked against the shapes that the OpenAPI document is generated from."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter

Shape = TypeVar("Shape")


def validated(shape: type[Shape], answer: object) -> Shape:
    """Return the answer as its shape. Raises ValidationError for a missing, unknown or wrong field."""
    return TypeAdapter(shape).validate_python(answer)
