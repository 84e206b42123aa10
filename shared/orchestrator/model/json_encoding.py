"""JSON that Postgres takes, and its size as it is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

#: An escaped NUL that is not itself escaped: jsonb refuses it.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
#: One for the process: `json.dumps` with options makes an encoder for each call, which takes longer than a small value.
_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def encode_json(value: Any) -> str:
    """`value` as JSON text for a jsonb column.

    Raise ValueError for values that Postgres or browsers refuse: NaN, infinities, NUL, lone surrogates, non-JSON types.
    """
    try:
        text = _ENCODE(value)
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {type(error).__name__}") from error
    if "\\u0000" in text and _NUL.search(text):
        raise ValueError("not JSON for Postgres: contains the NUL character")
    return text


#: A number in JSON text that Postgres writes out without its exponent.
_EXPONENT = re.compile(r"[0-9]e[+-]?([0-9]+)", re.IGNORECASE)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
#: The most bytes that one character of JSON text takes in an answer: a character outside the Basic Multilingual Plane.
_WORST_CHARACTER = 14
#: Levels of lists and objects in stored JSON: far from the interpreter's recursion limit.
DEEPEST = 200


def sent_size(text: str) -> int:
    """Return the bytes that JSON text takes in an answer: in ASCII, without exponents, and escaped again by Lambda."""
    size = len(json.dumps(json.dumps(json.loads(text), separators=(",", ":"))))
    if _EXPONENT.search(text):
        size += sum(int(exponent) for exponent in _EXPONENT.findall(_STRING.sub("", text)))
    return size


class JsonTooLarge(ValueError):
    """A value takes too many bytes as JSON, or nests too deep."""


def encode_bounded(value: Any, most: int, kind: str) -> str:
    """Return `encode_json(value)`; `kind` names the value in an error, as in "the result".

    Raise JsonTooLarge when it takes more than `most` bytes as it is sent, or nests deeper than DEEPEST levels.
    """
    text = encode_json(value)
    if text.count("[") + text.count("{") > DEEPEST and _is_deep(value):
        raise JsonTooLarge(f"{kind} nests deeper than {DEEPEST} levels")
    if (len(text) * _WORST_CHARACTER > most or _EXPONENT.search(text)) and (size := sent_size(text)) > most:
        raise JsonTooLarge(f"{kind} takes {size:,} bytes as JSON; {most:,} is the most")
    return text


def _is_deep(value: Any) -> bool:
    """Return whether the value nests deeper than DEEPEST levels, without recursion."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [inner for item in level if isinstance(item, dict | list | tuple) for inner in _parts(item)]
        if not level:
            return False
    return any(isinstance(item, dict | list | tuple) for item in level)


def _parts(item: dict[str, Any] | list[Any] | tuple[Any, ...]) -> Iterable[Any]:
    return item.values() if isinstance(item, dict) else item
