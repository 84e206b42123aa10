"""The public API of the library: its names, their documentation, and the cost of an import."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import orchestrator

#: A name is added here on purpose; one that is gone breaks applications.
PUBLIC = {
    *("agent", "Context", "AsyncContext", "Call", "Child", "Gathered"),
    *("Refuse", "RetryAfter", "WaitExpired", "Decision"),
    *("Response", "Router", "Services", "operation", "Parameter", "read_body", "json_response", "current_owner"),
    *("TaskRequest", "submit", "submit_task", "signal", "announce_signal"),
    *("Unique", "UniqueKey", "debounce", "Concurrent", "Rate"),
    *("Fault", "InvalidInput", "Forbidden", "NotFound", "Conflict"),
    *("run_agent", "Ran"),
}
SHARED = Path(orchestrator.__file__).resolve().parents[1]


def test_the_names_are_these() -> None:
    assert set(orchestrator.__all__) == PUBLIC
    assert set(dir(orchestrator)) >= PUBLIC


def test_a_type_checker_sees_the_same_names() -> None:
    tree = ast.parse(Path(orchestrator.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imported = [alias for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert {alias.asname or alias.name for alias in imported} == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_each_name_is_there_and_documented(name: str) -> None:
    value = getattr(orchestrator, name)
    assert value is getattr(orchestrator, name)
    assert len(inspect.getdoc(value) or "") > 20


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Refused'"):
        _ = orchestrator.Refused  # type: ignore[attr-defined] # it is what the test is about


def test_an_import_imports_nothing_else() -> None:
    program = f"import sys; sys.path.insert(0, {str(SHARED)!r}); import orchestrator; print(*sorted(sys.modules))"
    ended = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.split())
    assert {name for name in loaded if name.startswith("orchestrator")} == {"orchestrator"}
    assert loaded.isdisjoint({"psycopg", "pydantic", "aws_lambda_powertools", "botocore", "importlib.metadata"})
