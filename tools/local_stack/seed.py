"""The schema and the demonstration families of a local stack."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from orchestrator.store.connection import connect
from tools.local_stack.deploy import client
from tools.local_stack.stack_config import Layout
from tools.progress import Refused

#: One password for all of them, on a stack that only this machine can reach.
PASSWORD = "playdate-local-demo"  # noqa: S105 - `make up` shows it to everybody


def migrate(layout: Layout, function: str) -> None:
    """Let the deployed function bring the schema up to date, as a deploy on AWS does."""
    answer = client(layout, "lambda").invoke(FunctionName=function, Payload=b"{}")
    payload = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        raise Refused(f"The migrations failed:\n{json.dumps(payload, indent=2)}")


def settle(layout: Layout) -> Sequence[Mapping[str, Any]]:
    """Call the application's `demo.seed`, where it has one; return the users that can sign in."""
    if not (layout.application / "demo.py").exists():
        return []
    sys.path.insert(0, str(layout.application.parent))
    demo = import_module(f"{layout.application.name}.demo")
    with connect(layout.database_url) as connection:
        users: Sequence[Mapping[str, Any]] = demo.seed(connection, PASSWORD)
        return users
