"""`Any` stays at the engine's edges: values of the driver, JSON of others, and functions of users."""

from __future__ import annotations

import ast

from tools.virtualenvs import ROOT

ENGINE = ROOT / "shared/orchestrator"
AWS = "answers of botocore, JSON of AWS"
JSON = "JSON of callers: payloads, results, progress, errors"
DRIVER = "values of psycopg"
HANDLERS = "functions of users, with arguments and results of any type"
LIBRARIES = "a generic class or a schema of a library"
#: The modules that may use `Any`, with the reason. The list only shrinks; a new module has types.
MAY = {
    "aws/clients.py": AWS,
    "aws/feature_flag_admin.py": AWS,
    "aws/feature_flags.py": AWS,
    "aws/token_key_rotation.py": AWS,
    "engine/agents.py": HANDLERS,
    "engine/context/attempt_context.py": HANDLERS,
    "engine/context/step_results.py": HANDLERS,
    "engine/execution/handler.py": HANDLERS,
    "http/access_tokens.py": LIBRARIES,
    "http/openapi.py": LIBRARIES,
    "http/operation.py": LIBRARIES,
    "http/schemas/requests.py": LIBRARIES,
    "llm/bedrock.py": JSON,
    "llm/loop.py": JSON,
    "llm/openai.py": JSON,
    "llm/tools.py": JSON,
    "model/json_encoding.py": JSON,
    "model/task.py": JSON,
    "store/connection.py": DRIVER,
    "store/handler_session.py": DRIVER,
    "store/rows.py": DRIVER,
    "testing/durable.py": HANDLERS,
    "testing/hooks.py": HANDLERS,
    "testing/outside.py": HANDLERS,
    "testing/single_attempt.py": HANDLERS,
}


def using() -> set[str]:
    """Return the engine's modules that use `Any`."""
    return {
        str(path.relative_to(ENGINE)) for path in ENGINE.rglob("*.py") if uses_any(path.read_text(encoding="utf-8"))
    }


def uses_any(code: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(code)))


def test_only_these_modules_use_any() -> None:
    assert using() - MAY.keys() == set(), "give the values a type: a dataclass, a TypedDict, or model.task.Json"


def test_the_list_shrinks_with_the_code() -> None:
    assert MAY.keys() - using() == set()
