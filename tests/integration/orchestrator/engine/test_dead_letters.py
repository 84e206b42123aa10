"""The engine deletes a message from the dead-letter queue once no operator must decide about its task, not before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from moto import mock_aws

from orchestrator.aws import clients
from orchestrator.aws.clients import CloudError, call
from orchestrator.aws.queues import Depth, Received, TaskMessage, TaskQueue
from orchestrator.engine.dead_letter_queue import FRUITLESS, delete_settled_messages
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.operators.redrive import Selection, discard, redrive
from orchestrator.model.states import Status
from tests.support.engine import Engine


@pytest.fixture
def moved_messages() -> Iterator[TaskQueue]:
    clients.forget()
    with mock_aws():
        yield TaskQueue(call("sqs", "create_queue", QueueName="dead")["QueueUrl"])
    clients.forget()


@pytest.fixture
def worker(engine: Engine, moved_messages: TaskQueue) -> Worker:
    return replace(engine.worker, dead_letters=moved_messages)


def die(engine: Engine, worker: Worker, times: int = 9) -> UUID:
    task = engine.submit(payload={"do": "raise", "times": times}, max_attempts=1)
    engine.run(task.id, worker=worker)
    assert engine.task(task.id).status is Status.DEAD_LETTER
    return task.id


def left(moved_messages: TaskQueue) -> Counter[UUID | None]:
    """The tasks of the visible messages, which stay."""
    seen: list[Received] = []
    while batch := moved_messages.receive():
        seen += batch
    moved_messages.change_visibility((each.receipt_handle, 0) for each in seen)
    return Counter(each.task_id for each in seen)


def test_those_redriven_and_discarded_go_and_those_that_wait_stay(
    engine: Engine, worker: Worker, moved_messages: TaskQueue
) -> None:
    waits, gone, redriven = die(engine, worker), die(engine, worker), die(engine, worker, times=1)
    discard(engine.db, engine.events, Selection(ids=[gone]), "olga", "hopeless")
    redrive(engine.db, engine.queue, engine.events, Selection(ids=[redriven]), "olga")
    assert left(moved_messages) == Counter([waits, gone, redriven])
    assert delete_settled_messages(worker, lambda: 60.0) == 2
    assert left(moved_messages) == Counter([waits]), "and it is not hidden"
    assert delete_settled_messages(worker, lambda: 60.0) == 0


def test_of_two_dead_letters_of_one_task_the_later_stays(
    engine: Engine, worker: Worker, moved_messages: TaskQueue
) -> None:
    task_id = die(engine, worker)
    redrive(engine.db, engine.queue, engine.events, Selection(), "olga")
    engine.run(task_id, worker=worker)
    assert left(moved_messages) == Counter([task_id, task_id])
    assert delete_settled_messages(worker, lambda: 60.0) == 1
    (stays,) = moved_messages.receive()
    assert stays.dead_seq == engine.task(task_id).seq


def test_foreign_messages_stay(engine: Engine, worker: Worker, moved_messages: TaskQueue) -> None:
    """By hand: one for a task that is dead, one that names none; and one the task queue gave up, which goes."""
    task_id = die(engine, worker)
    for body in (f'{{"taskId": "{task_id}"}}', "who knows"):
        call("sqs", "send_message", QueueUrl=moved_messages.url, MessageBody=body)
    moved_messages.send([TaskMessage(task_id, "1"), TaskMessage(uuid4(), "1")])
    assert delete_settled_messages(worker, lambda: 60.0) == 2
    assert left(moved_messages) == Counter([task_id, task_id, None])


def test_many_are_a_matter_of_pages_and_of_the_time_that_is_left(
    engine: Engine, worker: Worker, moved_messages: TaskQueue
) -> None:
    moved_messages.send([TaskMessage(uuid4(), "1", dead_seq=9) for _ in range(25)])
    assert delete_settled_messages(worker, lambda: 5.0) == 0
    assert delete_settled_messages(worker, lambda: 60.0) == 25
    assert not left(moved_messages)


def test_a_search_that_finds_nothing_ends_and_hides_nothing(
    worker: Worker, moved_messages: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12 * FRUITLESS):
        call("sqs", "send_message", QueueUrl=moved_messages.url, MessageBody=f"not ours {number}")
    reads = 0

    def receive() -> list[Received]:
        nonlocal reads
        reads += 1
        return TaskQueue.receive(moved_messages)

    monkeypatch.setattr(moved_messages, "receive", receive)
    assert delete_settled_messages(worker, lambda: 60.0) == 0
    assert reads == FRUITLESS
    assert left(moved_messages).total() == 12 * FRUITLESS


def test_an_unavailable_queue_stops_no_other_repair(worker: Worker) -> None:
    class Away(TaskQueue):
        def depth(self) -> Depth:
            raise CloudError("sqs", "get_queue_attributes", "ServiceUnavailable")

    assert delete_settled_messages(replace(worker, dead_letters=Away("nowhere")), lambda: 60.0) == 0
