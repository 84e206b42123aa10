"""CloudWatch Logs' filter patterns for JSON lines, as far as the runbooks speak them; MiniStack knows none."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

Line = Mapping[str, Any]

_CONDITION = re.compile(
    r"""\s*\$\.(?P<field>\w+)\s*(?P<sign>!=|>=|<=|=|>|<)\s*(?P<value>"[^"]*"|[^\s&|}]+)\s*(?P<joint>&&|\|\||\})"""
)
_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}


class BadPattern(ValueError):
    """A pattern for which CloudWatch answers InvalidParameterException."""


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return whether a line fits `{ $.a = "x" && $.b > 1 || $.c = y* }`; && binds closer. Raise BadPattern."""
    ways = _ways(pattern)

    def matches(text: str) -> bool:
        try:
            line = json.loads(text)
        except ValueError:
            return False
        return isinstance(line, dict) and any(all(condition(line) for condition in way) for way in ways)

    return matches


def _ways(pattern: str) -> list[list[Callable[[Line], bool]]]:
    text = pattern.strip()
    ways: list[list[Callable[[Line], bool]]] = [[]]
    at, joint = 1, "&&"
    while joint != "}":
        found = _CONDITION.match(text, at)
        if not text.startswith("{") or found is None:
            raise BadPattern(f"not a pattern that is understood: {pattern}")
        ways[-1].append(_condition(found["field"], found["sign"], found["value"]))
        at, joint = found.end(), found["joint"]
        if joint == "||":
            ways.append([])
    return ways


def _condition(field: str, sign: str, value: str) -> Callable[[Line], bool]:
    quoted = value.startswith('"')
    if not quoted and re.fullmatch(r"-?\d+(\.\d+)?", value):
        wanted = float(value)
        return lambda line: isinstance(line.get(field), int | float) and _SIGNS[sign](line[field], wanted)
    if sign not in ("=", "!="):
        raise BadPattern(f"{sign} compares numbers, {value} is none")
    text = value.strip('"')
    return lambda line: isinstance(line.get(field), str) and fnmatchcase(line[field], text) is (sign == "=")
