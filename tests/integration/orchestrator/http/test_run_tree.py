"""The run of a task as a tree: for its owner without anything of others, for operators with owners and workers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.runs.tree import MOST_TASKS
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.http.app import Services
from orchestrator.http.schemas import runs
from orchestrator.store.connection import Connection, Database
from tests.integration.conftest import CountedQueue
from tests.support.engine import message_for
from tests.support.gateway import Caller
from tests.support.queues import RecordingQueue
from tests.support.shapes import validated

WORKER = "worker-of-today"


@pytest.fixture
def parent(db: Database, services: Services, worker: Worker) -> UUID:
    """A task of owner 1 that waits for three children, of which one is done."""
    named = replace(worker, name=WORKER)
    request = TaskRequest(owner="1", type="test.family", payload={"children": [{}, {}, {}]}, by_user=False)
    task = submit(db, services.queue, worker.agents, request).task.id
    run_batch(named, [message_for(task)], lambda: 60.0)
    assert isinstance(worker.queue, RecordingQueue)
    first = next(sent.task_id for sent in worker.queue.sent if sent.task_id != task)
    run_batch(named, [message_for(first)], lambda: 60.0)
    return task


def tree(caller: Caller, task: UUID | str, route: str = "/api") -> dict[str, Any]:
    answer = caller.get(f"{route}/tasks/{task}/tree")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_owner_reads_the_run_from_any_of_its_tasks(ann: Caller, parent: UUID) -> None:
    run = validated(runs.RunTree, tree(ann, parent))
    root, *children = run["nodes"]
    assert (root["id"], root["parentId"], root["type"]) == (str(parent), None, "test.family")
    assert [child["parentId"] for child in children] == [str(parent)] * 3
    assert [span["kind"] for span in root["spans"]] == ["queued", "attempt", "step", "children"]
    assert root["spans"][2]["name"] == "first"
    assert root["spans"][-1]["end"] is None, "it still waits"
    assert sorted(child["status"] for child in children) == ["completed", "pending", "pending"]
    below = tree(ann, children[0]["id"])
    assert (below["rootId"], below["taskId"]) == (str(parent), children[0]["id"])
    assert [node["id"] for node in below["nodes"]] == [node["id"] for node in run["nodes"]]


def test_the_totals_are_the_life_of_the_root(ann: Caller, parent: UUID, conn: Connection) -> None:
    run = tree(ann, parent)
    row = conn.execute(
        "SELECT extract(epoch FROM %s - ready_at) * 1000 AS life FROM agent_tasks WHERE id = %s", (run["at"], parent)
    ).fetchone()
    assert row is not None
    assert sum(run["totals"].values()) == pytest.approx(float(row["life"]), abs=2), "`at` has milliseconds"


def test_a_stranger_gets_404_and_no_worker_is_named(ann: Caller, ben: Caller, parent: UUID, conn: Connection) -> None:
    assert ben.get(f"/api/tasks/{parent}/tree").status == 404
    assert ann.get("/api/tasks/no-task/tree").status == 404
    conn.execute(
        "WITH one AS (UPDATE agent_tasks SET owner_id = 'other-owner' WHERE id = "
        " (SELECT id FROM agent_tasks WHERE parent_id = %s ORDER BY id LIMIT 1) RETURNING id)"
        " UPDATE agent_task_events SET owner_id = 'other-owner' FROM one WHERE task_id = one.id",
        (parent,),
    )
    run = tree(ann, parent)
    assert len(run["nodes"]) == 3, "the child of another owner is left out"
    for secret in (WORKER, "other-owner"):
        assert secret not in json.dumps(run)


def test_operators_see_owners_and_workers(ann: Caller, operator: Caller, parent: UUID) -> None:
    run = validated(runs.OpsRunTree, tree(operator, parent, "/ops"))
    assert {node["owner"] for node in run["nodes"]} == {"1"}
    assert [span["worker"] for span in run["nodes"][0]["spans"]][1] == WORKER
    assert ann.get(f"/ops/tasks/{parent}/tree").status == 403


def test_a_large_run_is_bounded(ann: Caller, parent: UUID, conn: Connection, queue: CountedQueue) -> None:
    conn.execute(
        "WITH child AS (INSERT INTO agent_tasks"
        " (id, owner_id, type, payload, due_at, parent_id, spawn_key, status, result, finished_at)"
        " SELECT gen_random_uuid(), '1', 'test.noop', '{}', now(), %s, 'more:' || n, 'completed', '{}', now()"
        " FROM generate_series(1, 3000) n RETURNING id)"
        " INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)"
        " SELECT id, seq, 1, kind, 'completed', '1' FROM child,"
        " (VALUES (1, 'submitted'), (2, 'started'), (3, 'completed')) event (seq, kind)",
        (parent,),
    )
    conn.execute("ANALYZE agent_tasks")
    run = tree(ann, parent)
    assert (len(run["nodes"]), run["truncated"]) == (MOST_TASKS, True)
