"""Results of steps: the checks before the effect, and the JSON that is recorded after it."""

from __future__ import annotations

import json
import typing
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import Any
from uuid import UUID

from orchestrator.model.json_encoding import encode_bounded
from orchestrator.model.sizes import LONGEST_NAME
from orchestrator.model.task import Json

#: Bytes that one step's result may have, as it is sent.
LARGEST_STEP = 256_000
#: Types that JSON cannot represent. A function that is annotated with one is refused before it runs.
NOT_JSON = (date, time, timedelta, Decimal, UUID, bytes, bytearray, set, frozenset, complex, PurePath)


def check_name(name: str, kind: str) -> None:
    """Raise ValueError unless `name` can be the name of a step, a join or a child."""
    if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise ValueError(f"{kind} must be 1 to {LONGEST_NAME} printable characters, not {str(name)[:60]!r}")


def check_annotation(name: str, fn: Callable[..., Any], returns: Any) -> None:
    """Raise TypeError when the step's function says that it returns something other than JSON."""
    if returns is not None:
        return
    try:
        annotation = typing.get_type_hints(fn).get("return")
    except Exception:  # an annotation that cannot be resolved says nothing
        return
    if isinstance(annotation, type) and issubclass(annotation, NOT_JSON):
        raise TypeError(
            f"step {name!r} would return {annotation.__name__}, which is not JSON; convert it, or pass returns="
        )


def to_json(result: Any, returns: Any) -> str:
    """Return a result as the JSON text to record. Raise ValueError when it is not JSON or too large."""
    if returns is not None:
        from pydantic import TypeAdapter

        adapter = TypeAdapter(returns)
        result = adapter.dump_python(adapter.validate_python(result), mode="json", by_alias=True)
    return encode_bounded(result, LARGEST_STEP, "the result")


def from_json(recorded: Json, returns: Any) -> Any:
    """Return a recorded result as the handler gets it, in the first run as in every later one."""
    if returns is None:
        return recorded
    from pydantic import TypeAdapter

    return TypeAdapter(returns).validate_python(recorded)


def reload(text: str) -> Json:
    """Return this JSON text as Postgres would return it."""
    return json.loads(text)
