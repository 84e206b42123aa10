"""Open questions to operators on the command line."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Message, Worker
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.model.task import Json
from orchestrator.store import tasks
from orchestrator.store.owners import ANY_OWNER
from orchestrator_cli.session import Exit, Session
from tests.integration.cli.test_commands import run, said


@pytest.fixture
def asking(worker: Worker) -> UUID:
    """Return a task that asks an operator."""
    payload = {"do": "approve", "by": "operator", "writes": False}
    request = TaskRequest(owner="7", type="test.waits", payload=payload, by_user=False)
    task = submit(worker.side, worker.queue, worker.agents, request).task.id
    deliver(worker, task)
    return task


def deliver(worker: Worker, task: UUID) -> None:
    run_batch(worker, [Message("m", "r", task)], lambda: 60.0)


def result(worker: Worker, task: UUID) -> Json:
    deliver(worker, task)
    found = worker.side.run(tasks.get_task, ANY_OWNER, task)
    assert found is not None
    return found.result


def test_questions_are_listed_and_approved(session: Session, worker: Worker, asking: UUID) -> None:
    (ask,) = said(session, "asks", "list")
    assert (ask["taskId"], ask["name"], ask["shown"]) == (str(asking), "pay", {"amount": 5})
    assert '{"amount": 5}' in run(session, "asks", "list").stdout
    assert "Answered pay" in run(session, "asks", "approve", str(asking), "pay", "--note", "fine").stdout
    approved = result(worker, asking)
    assert isinstance(approved, dict)
    assert (approved["verdict"], approved["note"]) == ("approved", "fine")
    assert str(approved["by"]).startswith("operator ")
    assert said(session, "asks", "list") == []
    assert run(session, "asks", "refuse", str(asking), "pay").exit_code == Exit.REFUSED


@pytest.mark.parametrize(
    ("command", "options", "verdict", "value"),
    [
        ("approve", ("--edit", json.dumps({"amount": 4})), "edited", {"amount": 4}),
        ("refuse", (), "refused", {"amount": 5}),
        ("answer", ("true",), "approved", {"amount": 5}),
    ],
)
def test_every_decision_can_be_sent(
    session: Session, worker: Worker, asking: UUID, command: str, options: tuple[str, ...], verdict: str, value: Json
) -> None:
    assert run(session, "asks", command, str(asking), "pay", *options).exit_code == 0
    answered = result(worker, asking)
    assert isinstance(answered, dict)
    assert (answered["verdict"], answered["value"]) == (verdict, value)


@pytest.mark.parametrize(
    "command",
    [
        ("approve", "--edit", "{not json"),
        ("approve", "--edit", '{"unknown": 1}'),
        ("answer", "{not json"),
        ("answer", '"perhaps"'),
    ],
)
def test_a_faulty_answer_is_refused_and_the_question_stays_open(
    session: Session, asking: UUID, command: tuple[str, ...]
) -> None:
    name, *rest = command
    assert run(session, "asks", name, str(asking), "pay", *rest).exit_code == Exit.REFUSED
    assert len(said(session, "asks", "list")) == 1
