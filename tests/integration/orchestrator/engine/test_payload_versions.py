"""Every upcaster reads the payloads that its version wrote.

`payloads/TYPE.VERSION.json` is a payload as that version of the type stored it. A type above version 1 has one for
each version; without it, this test fails. An application tests its own types (`tests/unit/playmate`).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.engine.agents import Agents
from orchestrator.model.json_encoding import encode_json
from orchestrator.model.states import Status
from tests.support.engine import Engine

PAYLOADS = Path(__file__).with_name("payloads")
AGENTS = Agents("tests.support.agents")
VERSIONS = [
    (type, version)
    for type in AGENTS.types()
    if AGENTS.get(type).version > 1
    for version in range(1, AGENTS.get(type).version + 1)
]


def store(engine: Engine, type: str, version: int, payload: object) -> None:
    engine.db.connection().execute(
        "INSERT INTO agent_tasks (id, owner_id, type, payload, payload_version, max_attempts, due_at, wake_at)"
        " VALUES (gen_random_uuid(), '1', %s, %s, %s, 1, task_now(), task_now())",
        (type, encode_json(payload), version),
    )


def test_there_are_versions_to_test() -> None:
    assert ("test.versioned", 1) in VERSIONS


@pytest.mark.parametrize(("type", "version"), VERSIONS)
def test_every_version_of_every_type_is_read(type: str, version: int) -> None:
    golden = PAYLOADS / f"{type}.{version}.json"
    payload = json.loads(golden.read_text(encoding="utf-8"))
    newest = json.loads((PAYLOADS / f"{type}.{AGENTS.get(type).version}.json").read_text(encoding="utf-8"))
    agent = AGENTS.get(type)
    assert agent.parse(payload, version) == agent.parse(newest, agent.version)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_row_of_an_older_version_runs(engine: Engine, version: int) -> None:
    store(engine, "test.versioned", version, json.loads((PAYLOADS / f"test.versioned.{version}.json").read_text()))
    (row,) = engine.db.connection().execute("SELECT id FROM agent_tasks").fetchall()
    engine.run(row["id"])
    assert engine.task(row["id"]).result == {"grams": 1500, "to": ["1 High Street", "Athens"]}


def test_a_row_that_its_upcaster_cannot_read_is_that_tasks_failure(engine: Engine) -> None:
    neighbour = engine.submit()
    store(engine, "test.versioned", 1, {"to": "nowhere"})
    (row,) = engine.db.connection().execute("SELECT id FROM agent_tasks WHERE type = 'test.versioned'").fetchall()
    engine.run(row["id"], neighbour.id)
    assert (engine.task(row["id"]).status, engine.task(row["id"]).error["type"]) == (Status.DEAD_LETTER, "KeyError")
    assert engine.task(neighbour.id).status is Status.COMPLETED


def test_a_row_of_newer_code_waits_for_it(engine: Engine) -> None:
    store(engine, "test.versioned", 4, {})
    (row,) = engine.db.connection().execute("SELECT id FROM agent_tasks").fetchall()
    engine.run(row["id"])
    assert (engine.task(row["id"]).status, engine.task(row["id"]).attempts) == (Status.PENDING, 0)
