"""The agents of the documents are found by their name, run on a real database, and pass the test beside them."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine.agents import Agents
from orchestrator.testing import run_agent
from tests.support.documents import Block, blocks, markdown_files
from tools import agent_skeleton

AGENT = re.compile(r'^@agent\(\s*"([\w.]+)"', re.MULTILINE)
PACKAGE = "documented_agents"
WITH_AGENTS = [block for page in markdown_files() for block in blocks(page) if AGENT.search(block.text)]
WITH_TESTS = [
    block
    for page in markdown_files()
    for block in blocks(page)
    if block.language == "python" and "def test_" in block.text
]

#: Agents whose first attempt ends with a wait, and those that need a server, with which another test runs them.
WAITING = {"poll.ask"}
TESTED_APART = {"ticket.buy"}  # tests/integration/orchestrator/engine/test_agent_loop.py


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package of agents with one module for each block, named as `make agent` names it."""
    folder = tmp_path / PACKAGE
    folder.mkdir()
    (folder / "__init__.py").touch()
    for block in WITH_AGENTS:
        for task_type in AGENT.findall(block.text):
            module = next(iter(agent_skeleton.files(task_type))).name
            (folder / module).write_text(block.text)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield PACKAGE
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


def test_there_are_agents_and_tests_to_try() -> None:
    assert WITH_AGENTS
    assert WITH_TESTS


@pytest.mark.parametrize("block", WITH_AGENTS, ids=str)
def test_an_agent_is_registered_and_completes(block: Block, package: str, database_url: str) -> None:
    for task_type in AGENT.findall(block.text):
        agent = Agents(package).get(task_type)
        if task_type in TESTED_APART:
            continue
        payload = dict.fromkeys(agent.payload.model_fields, "Lina")
        done = run_agent(database_url, task_type, payload, package=package)
        assert done.error is None
        if task_type in WAITING:
            assert done.status == "pending"
            continue
        assert done.status == "completed"
        assert agent.result is not None
        agent.result.model_validate(done.result)


@pytest.mark.parametrize("block", WITH_TESTS, ids=str)
def test_a_documented_test_passes(block: Block, package: str, database_url: str) -> None:
    namespace: dict[str, Any] = {}
    text = block.text.replace("my_app.agents", package)
    exec(compile(text, str(block), "exec"), namespace)  # noqa: S102 - the documents' own test
    namespace["run_agent"] = lambda *args, **given: run_agent(*args, **{**given, "package": package})
    tests = [value for name, value in namespace.items() if name.startswith("test_")]
    assert tests
    for each in tests:
        each(database_url)
