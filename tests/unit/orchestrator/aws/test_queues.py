from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from orchestrator.aws import queues
from orchestrator.aws.clients import CloudError, call
from orchestrator.aws.queues import Depth, EventQueue, LaneQueues, TaskMessage, TaskQueue, lane_queues
from orchestrator.engine.execution.worker import Source
from orchestrator.entrypoints import sqs
from orchestrator.model.task import Lane


@pytest.fixture
def url(aws: None) -> str:
    return str(call("sqs", "create_queue", QueueName="tasks")["QueueUrl"])


def wakes(count: int) -> list[TaskMessage]:
    return [TaskMessage(UUID(int=number + 1), f"owner-{number % 3}") for number in range(count)]


def messages(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while batch := call(
        "sqs",
        "receive_message",
        QueueUrl=url,
        MaxNumberOfMessages=10,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    ).get("Messages"):
        found.extend(batch)
    return found


def test_sends_any_number_in_batches_of_ten(url: str) -> None:
    assert TaskQueue(url).send(wakes(23)) == []
    bodies = [json.loads(message["Body"]) for message in messages(url)]
    assert sorted(UUID(body["taskId"]).int for body in bodies) == list(range(1, 24))
    assert all(set(body) == {"v", "taskId"} and body["v"] == 1 for body in bodies)


def test_a_task_message_carries_its_trace_and_its_owner_as_group(url: str) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    TaskQueue(url).send([TaskMessage(UUID(int=1), "ann", traceparent=trace)])
    (message,) = messages(url)
    assert message["MessageAttributes"]["traceparent"]["StringValue"] == trace
    assert message["Attributes"]["MessageGroupId"] == "ann"


def test_a_dead_letter_message_names_its_event(url: str) -> None:
    """The queue sends `dead_seq` as an attribute of the message; the worker reads the attribute from Lambda's event."""
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    TaskQueue(url).send([TaskMessage(UUID(int=1), "ann", traceparent=trace, dead_seq=7)])
    TaskQueue(url).send([TaskMessage(UUID(int=1), "ann", traceparent=trace)])
    seqs = [message["MessageAttributes"]["death"]["StringValue"] for message in messages(url)]
    assert sorted(seqs) == ["0", "7"]
    records = [
        {
            "messageId": "1",
            "receiptHandle": "1",
            "body": json.dumps({"v": 1, "taskId": str(UUID(int=1))}),
            "messageAttributes": attributes,
        }
        for attributes in (
            {"death": {"stringValue": "7", "dataType": "Number"}, "traceparent": {"stringValue": trace}},
            {"death": {"stringValue": "0", "dataType": "Number"}, "traceparent": {"stringValue": trace}},
            {"traceparent": {"stringValue": trace, "dataType": "String"}},
            {"death": {"stringValue": "seven", "dataType": "String"}},
            {},
        )
    ]
    assert [(message.source, message.dead_seq) for message in sqs.messages({"Records": records})] == [
        (Source.DEAD_LETTER_QUEUE, 7),
        (Source.TASK_QUEUE, 0),
        (Source.UNKNOWN, 0),
        (Source.UNKNOWN, 0),
        (Source.UNKNOWN, 0),
    ]


def test_a_delay_is_limited_to_the_longest_of_sqs(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []

    def record(_service: str, _operation: str, **parameters: Any) -> dict[str, Any]:
        sent.extend(parameters["Entries"])
        return {}

    monkeypatch.setattr(queues, "call", record)
    TaskQueue("q").send([TaskMessage(UUID(int=1), "ann", delay=5_000), TaskMessage(UUID(int=2), "ann")])
    assert [entry.get("DelaySeconds") for entry in sent] == [900, None]


def test_names_the_messages_an_unreachable_queue_did_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def fail_second(service: str, operation: str, **_: Any) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise CloudError(service, operation, "ConnectTimeoutError")
        return {"Failed": [{"Id": "3", "Code": "InternalError"}]} if calls == 3 else {}

    monkeypatch.setattr(queues, "call", fail_second)
    lost = TaskQueue("q").send(wakes(25))
    assert [wake.task_id.int for wake in lost] == [*range(11, 21), 24]


def test_receive_delete_and_depth(url: str) -> None:
    tasks = TaskQueue(url)
    tasks.send(wakes(3))
    assert tasks.depth() == Depth(3, 0, 0)
    received = tasks.receive()
    assert {message.task_id for message in received} == {wake.task_id for wake in wakes(3)}
    tasks.delete([message.receipt_handle for message in received])
    assert tasks.depth() == Depth(0, 0, 0)


def test_visibility_is_changed_for_each_message(url: str) -> None:
    tasks = TaskQueue(url)
    tasks.send(wakes(2))
    received = tasks.receive()
    tasks.change_visibility([(message.receipt_handle, 0.0) for message in received])
    assert len(tasks.receive()) == 2


def test_a_lost_visibility_change_is_only_logged(url: str) -> None:
    TaskQueue(url).change_visibility([("no such handle", 30)])


def test_events_name_each_owner_once(url: str) -> None:
    EventQueue(url).announce([("ann", None), ("ben", None), ("ann", None)])
    assert sorted(json.loads(message["Body"])["owner"] for message in messages(url)) == ["ann", "ben"]


def test_an_event_names_every_trace_of_its_owner_once(url: str) -> None:
    EventQueue(url).announce([("ann", "00-a"), ("ann", None), ("ann", "00-b"), ("ann", "00-a")])
    (message,) = messages(url)
    assert message["MessageAttributes"]["traceparent"]["StringValue"] == "00-a,00-b"


def test_an_event_of_many_traces_stays_small(url: str) -> None:
    EventQueue(url).announce([("ann", f"00-{number}") for number in range(1_000)])
    (message,) = messages(url)
    assert message["MessageAttributes"]["traceparent"]["StringValue"].count(",") == queues.MOST_TRACES - 1


@pytest.mark.parametrize("body", ["", "not json", "[]", "null", '"x"', "[" * 100])
def test_a_body_that_is_no_object_is_empty(body: str) -> None:
    assert queues.parse_body(body) == {}


@pytest.fixture
def long_url(aws: None) -> str:
    return str(call("sqs", "create_queue", QueueName="long-tasks")["QueueUrl"])


def lane_of(task_type: str) -> Lane:
    return "long" if task_type == "slow" else "quick"


def of_type(number: int, task_type: str) -> TaskMessage:
    return TaskMessage(UUID(int=number), "ann", type=task_type)


def ids_in(url: str) -> list[int]:
    return sorted(UUID(json.loads(message["Body"])["taskId"]).int for message in messages(url))


def test_a_message_goes_to_the_queue_of_its_lane(url: str, long_url: str) -> None:
    lanes = lane_queues(url, long_url, "quick", lane_of)
    assert lanes.send([of_type(1, "slow"), of_type(2, "echo"), of_type(3, "slow")]) == []
    assert (ids_in(url), ids_in(long_url)) == ([2], [1, 3])


def test_a_lane_that_does_not_answer_loses_only_its_own(url: str) -> None:
    lanes = LaneQueues({"quick": url, "long": f"{url}-gone"}, "quick", lane_of)
    lost = lanes.send([of_type(1, "slow"), of_type(2, "echo")])
    assert [message.task_id.int for message in lost] == [1]
    assert ids_in(url) == [2]


def test_the_depth_is_that_of_all_lanes(url: str, long_url: str) -> None:
    lanes = lane_queues(url, long_url, "long", lambda _: "long")
    lanes.send([of_type(1, "slow")])
    TaskQueue(url).send(wakes(2))
    assert lanes.depth() == Depth(waiting=3, in_flight=0, delayed=0)
    assert [queue.url for queue in lanes.lanes()] == [url, long_url]


def test_a_worker_receives_from_its_own_lane(url: str, long_url: str) -> None:
    TaskQueue(url).send([of_type(1, "echo")])
    TaskQueue(long_url).send([of_type(2, "slow")])
    (received,) = lane_queues(url, long_url, "long", lambda _: "quick").receive()
    assert received.task_id == UUID(int=2)


def test_without_a_second_queue_all_lanes_share_one(url: str) -> None:
    assert type(lane_queues(url, "", "quick", lambda _: "long")) is TaskQueue
