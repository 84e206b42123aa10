"""Rows written by any version ever shipped can be read: tests/support/golden keeps one payload a version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.engine.agents import Agents, NewerPayload

GOLDEN = Path(__file__).parents[2] / "support" / "golden"
AGENTS = Agents("playmate.agents")
VERSIONS = [(name, version) for name in AGENTS.types() for version in range(1, AGENTS.get(name).version + 1)]


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_every_version_has_a_payload_that_is_read(name: str, version: int) -> None:
    payload = json.loads((GOLDEN / f"{name}.v{version}.json").read_text())
    parsed = AGENTS.get(name).parse(payload, version)
    assert AGENTS.get(name).parse(parsed.model_dump(mode="json", by_alias=True), AGENTS.get(name).version) == parsed


def test_no_golden_payload_is_without_its_agent() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {f"{name}.v{version}" for name, version in VERSIONS}


@pytest.mark.parametrize("name", AGENTS.types())
def test_a_payload_of_newer_code_is_left_for_it(name: str) -> None:
    agent = AGENTS.get(name)
    with pytest.raises(NewerPayload):
        agent.parse({}, agent.version + 1)
