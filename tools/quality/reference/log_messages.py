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
    tree = ast.parse(path.read_text(encoding="utf-8"))
    aliases = _aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            level = _level(node.func) or aliases.get(ast.unparse(node.func), "")
            text = _text(node.args[0]) if level else ""
            if text:
                yield Logged(text, level, _fields(node), str(path.relative_to(ROOT)))


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Return names for one of several methods of the logger, as in `log = logger.info if slow else logger.debug`."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            levels = [level for each in ast.walk(node.value) if (level := _level(each))]
            if levels:
                found[node.targets[0].id] = " or ".join(levels)
    return found


def _level(node: ast.AST) -> str:
    """Return the level of `logger.LEVEL`; nothing for other code."""
    if not isinstance(node, ast.Attribute) or node.attr not in LEVELS or ast.unparse(node.value) != "logger":
        return ""
    return "error" if node.attr == "exception" else node.attr


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
    """Return the names of the fields that the call adds, where they stand in the code."""
    names: list[str] = []
    for keyword in call.keywords:
        if keyword.arg == "extra" and isinstance(keyword.value, ast.Dict):
            names += [str(key.value) for key in keyword.value.keys if isinstance(key, ast.Constant)]
        elif keyword.arg not in ("extra", "exc_info", None):
            names.append(str(keyword.arg))
    return ", ".join(code(name) for name in names)
