"""`waitingFor` of one task: its fields, and nothing of other owners, workers or errors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.http.app import Services, build_app
from orchestrator.http.schemas import responses
from orchestrator.store.connection import Connection, Database
from tests.integration.conftest import routers, signed_in
from tests.support.engine import message_for
from tests.support.gateway import Caller
from tests.support.shapes import validated

OTHER_OWNER = "owner-of-other-rows"
WORKER = "worker-of-today"


@pytest.fixture
def api(services: Services, worker: Worker) -> Caller:
    """The caller of owner 1, of an API that knows the agents of tests."""
    anyone = Caller(build_app(replace(services, agents=worker.agents), routers()))
    return signed_in(anyone, services, "1")


def waiting(
    db: Database, services: Services, worker: Worker, type: str, payload: dict[str, Any], owner: str = "1"
) -> UUID:
    task = submit(
        db, services.queue, worker.agents, TaskRequest(owner=owner, type=type, payload=payload, by_user=False)
    )
    run_batch(replace(worker, name=WORKER), [message_for(task.task.id)], lambda: 60.0)
    return task.task.id


@pytest.mark.parametrize(
    ("type", "payload", "reason", "kind"),
    [
        ("test.waits", {"do": "approve", "by": ["1", OTHER_OWNER]}, "answer", "approval"),
        ("test.waits", {"do": "approve", "by": [OTHER_OWNER]}, "answer", "approval"),
        ("test.waits", {"do": "sleep", "seconds": 60}, "schedule", "sleep"),
        ("test.family", {"children": [{}, {}]}, "children", "children"),
        ("test.odd", {"do": "outside"}, "retry", None),
        ("test.noop", {}, None, None),
    ],
)
def test_the_reason_of_one_task(
    api: Caller,
    db: Database,
    services: Services,
    worker: Worker,
    type: str,
    payload: dict[str, Any],
    reason: str | None,
    kind: str | None,
) -> None:
    task = waiting(db, services, worker, type, payload)
    answer = api.get(f"/api/tasks/{task}")
    view = validated(responses.TaskView, answer.json())
    waits = view.get("waitingFor", {})
    assert (waits.get("reason"), waits.get("kind")) == (reason, kind)
    for secret in (OTHER_OWNER, WORKER, "OutsideException", '"outside"'):
        assert secret not in answer.text
    (listed,) = [item for item in api.get("/api/tasks").json()["items"] if item["id"] == str(task)]
    assert "reason" not in listed.get("waitingFor", {}), "a list costs one statement"


def test_the_tasks_of_others_are_not_counted(
    api: Caller, db: Database, services: Services, worker: Worker, conn: Connection
) -> None:
    request = TaskRequest(owner="1", type="test.limited", payload={}, by_user=False)
    for owner in (OTHER_OWNER, OTHER_OWNER, "1"):
        submit(db, services.queue, worker.agents, replace(request, owner=owner))
    mine = submit(db, services.queue, worker.agents, request).task.id
    conn.execute(
        "UPDATE agent_tasks SET status = 'processing', token = nextval('attempt_token'), attempts = 1,"
        " started_at = task_now(), leased_by = %s, leased_until = task_now() + interval '1 hour' WHERE id <> %s",
        (WORKER, mine),
    )
    answer = api.get(f"/api/tasks/{mine}")
    assert answer.json()["waitingFor"]["sentence"] == "One of your requests of this kind runs already."
    assert OTHER_OWNER not in answer.text
    assert WORKER not in answer.text
