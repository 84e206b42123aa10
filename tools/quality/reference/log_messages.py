"""The reference of log messages, from the calls of loggers in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.quality.reference.markdown import code, document, table
from tools.virtualenvs import ROOT

INTRODUCTION = """\
Every log line is one JSON object with `message`, `level`, `timestamp`, `service`, `version` and, where they exist,
`task_id`, `task_type`, `attempt`, `owner` and `trace_id`. Lines contain ids only: no payload, no name, and no message
of a foreign error. Names in capitals stand for a value: `task KIND` is `task submitted`, `task completed`,
`task retrying` and so on."""
LEVELS = ("debug", "info", "warning", "error", "exception")


@dataclass(frozen=True, slots=True, order=True)
class Logged:
    """One message of the code; `exception` is level error with the stack of the exception."""

    message: str
    level: str
    fields: str
    file: str


def page() -> str:
    """Return reference/log-messages.md."""
    found = sorted({each for path in _files() for each in _messages(path)})
    rows = [(code(each.message), each.level.upper(), each.fields, code(each.file)) for each in found]
    return document("Log messages", INTRODUCTION, table(("message", "level", "fields", "in"), rows))


def _files() -> list[Path]:
    return sorted(path for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py"))


def _messages(path: Path) -> Iterator[Logged]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args and _is_logger(node.func):
            text = _text(node.args[0])
            if text:
                level = "error" if node.func.attr == "exception" else node.func.attr
                yield Logged(text, level, _fields(node), str(path.relative_to(ROOT)))


def _is_logger(function: ast.Attribute) -> bool:
    return function.attr in LEVELS and isinstance(function.value, ast.Name) and function.value.id == "logger"


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else ast.unparse(part).strip("f'\"{}").upper()
            for part in node.values
        )
    return ""


def _fields(call: ast.Call) -> str:
    """The names of the fields that the call adds, where they stand in the code."""
    names: list[str] = []
    for keyword in call.keywords:
        if keyword.arg == "extra" and isinstance(keyword.value, ast.Dict):
            names += [str(key.value) for key in keyword.value.keys if isinstance(key, ast.Constant)]
        elif keyword.arg not in ("extra", "exc_info", None):
            names.append(str(keyword.arg))
    return ", ".join(code(name) for name in names)
