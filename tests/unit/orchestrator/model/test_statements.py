"""A statement is found by its name: the store's function that runs it has the same one."""

from __future__ import annotations

import ast
from importlib import resources
from pathlib import Path

import pytest

#: Functions that run several statements, each by their own name.
SEVERAL = {
    "begin_wait",
    "claim_limited",
    "end",
    "end_all",
    "erase_owner",
    "make_login",
    "minutes",
    "prune",
    "revoke",
    "search_ended",
    "search_tasks",
    "wake_parents",
}
#: Functions that run a statement of another function with other values.
SHARED = {"get_redrive", "newest_redrives", "redrive_one"}

MODULES = sorted(
    Path(str(file))
    for file in resources.files("orchestrator.store").iterdir()
    if file.name.endswith(".py") and file.name not in ("connection.py", "rows.py", "migrate.py")
)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_function_and_statement_have_the_same_name(module: Path) -> None:
    for function in ast.walk(ast.parse(module.read_text())):
        if isinstance(function, ast.FunctionDef) and function.name not in SEVERAL | SHARED:
            names = _statements(function)
            assert len(names) <= 1 or function.name.startswith("_"), (function.name, names)
            assert names <= {function.name} or function.name.startswith("_"), (function.name, names)


def _statements(function: ast.FunctionDef) -> set[str]:
    return {
        str(node.slice.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == "_SQL"
        and isinstance(node.slice, ast.Constant)
    }
