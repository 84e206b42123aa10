"""SQS, ten messages a request. A message that cannot be sent is returned to the caller; the sweeper repairs it."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self
from uuid import UUID

from orchestrator.aws.clients import CloudError, call
from orchestrator.model.task import Lane
from orchestrator.observability import logger

#: The most messages of one request to SQS.
BATCH = 10
#: Seconds: the longest delay of SQS. A task that is due later waits in Postgres.
LONGEST_DELAY = 900
#: A message group that SQS accepts: visible ASCII characters.
GROUP = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
#: Traces that one notification names; a redrive of more tasks of one owner is a push in these only.
MOST_TRACES = 50
#: Seconds: the longest a received message can be hidden.
LONGEST_INVISIBILITY = 43_200


class NamedTask(Protocol):
    """The fields of a task's row that a task message needs."""

    @property
    def id(self) -> UUID: ...

    @property
    def owner_id(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def traceparent(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class TaskMessage:
    """The message that names a task to run, `delay` seconds from now.

    `dead_seq`: the seq of the dead letter that this message is about; 0 for any other message. `type`: the
    task's, which decides its lane; it is not sent.
    """

    task_id: UUID
    owner: str
    delay: int = 0
    traceparent: str | None = None
    dead_seq: int = 0
    type: str = ""

    @classmethod
    def of(cls, task: NamedTask, *, delay: float = 0.0, dead_seq: int = 0) -> Self:
        """Return the message about a task's row; `delay` in seconds is rounded up."""
        return cls(task.id, task.owner_id, math.ceil(delay), task.traceparent, dead_seq, task.type)


@dataclass(frozen=True, slots=True)
class Received:
    """A received message. `task_id`: None when it names no task; `dead_seq`: None when it has no such attribute."""

    receipt_handle: str
    task_id: UUID | None
    dead_seq: int | None


@dataclass(frozen=True, slots=True)
class Depth:
    """Messages in a queue: to be received, received and not deleted yet, and delayed."""

    waiting: int
    in_flight: int
    delayed: int


class TaskQueue:
    """The task queue or the dead-letter queue: both carry task messages."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, task_messages: Sequence[TaskMessage]) -> list[TaskMessage]:
        """Send the messages; return those that the queue did not accept."""
        return [
            task_messages[at] for at in send_all(self.url, [_entry(task_message) for task_message in task_messages])
        ]

    def lanes(self) -> Sequence[TaskQueue]:
        """Return the queue of each lane."""
        return [self]

    def change_visibility(self, changes: Iterable[tuple[str, float]]) -> None:
        """Hide each message (by receipt handle) for so many seconds; a lost change only delays it."""
        entries = [
            {"ReceiptHandle": handle, "VisibilityTimeout": max(0, min(int(seconds), LONGEST_INVISIBILITY))}
            for handle, seconds in changes
        ]
        for batch in _batches(entries):
            _try_batch(self.url, "change_message_visibility_batch", batch)

    def receive(self) -> list[Received]:
        """Return up to ten messages, which stay hidden for the queue's visibility timeout."""
        answer = call(
            "sqs",
            "receive_message",
            QueueUrl=self.url,
            MaxNumberOfMessages=BATCH,
            MessageAttributeNames=["death"],
        )
        return [
            Received(
                message["ReceiptHandle"],
                parse_task_id(message["Body"]),
                parse_dead_seq(message.get("MessageAttributes", {}).get("death", {}).get("StringValue")),
            )
            for message in answer.get("Messages", [])
        ]

    def delete(self, receipt_handles: Sequence[str]) -> None:
        for batch in _batches([{"ReceiptHandle": handle} for handle in receipt_handles]):
            _try_batch(self.url, "delete_message_batch", batch)

    def depth(self) -> Depth:
        """Return the approximate number of messages in the queue."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        answer = call("sqs", "get_queue_attributes", QueueUrl=self.url, AttributeNames=names)
        return Depth(*(int(answer["Attributes"].get(name, 0)) for name in names))


class LaneQueues(TaskQueue):
    """The task queues, or the dead-letter queues, of all lanes.

    A message goes to the queue of its task's lane. `receive`, `delete` and `change_visibility` are for the lane `own`.
    """

    def __init__(self, urls: Mapping[Lane, str], own: Lane, lane_of: Callable[[str], Lane]) -> None:
        super().__init__(urls[own])
        self._queues = {lane: TaskQueue(url) for lane, url in urls.items()}
        self._lane_of = lane_of

    def send(self, wakes: Sequence[TaskMessage]) -> list[TaskMessage]:
        """Send each message to its lane; return those that were not accepted."""
        lanes: dict[Lane, list[TaskMessage]] = {}
        for wake in wakes:
            lanes.setdefault(self._lane_of(wake.type), []).append(wake)
        return [lost for lane, messages in lanes.items() for lost in self._queues[lane].send(messages)]

    def lanes(self) -> Sequence[TaskQueue]:
        return list(self._queues.values())

    def depth(self) -> Depth:
        """Return the approximate number of messages in the queues together."""
        depths = [queue.depth() for queue in self._queues.values()]
        return Depth(
            sum(depth.waiting for depth in depths),
            sum(depth.in_flight for depth in depths),
            sum(depth.delayed for depth in depths),
        )


def lane_queues(quick: str, long: str, own: Lane, lane_of: Callable[[str], Lane]) -> TaskQueue:
    """Return the queues at these addresses; one for all lanes where `long` is empty."""
    return LaneQueues({"quick": quick, "long": long}, own, lane_of) if long else TaskQueue(quick)


class EventQueue:
    """The queue of notifications: the push function reads which owners have new events."""

    def __init__(self, url: str) -> None:
        self.url = url

    def announce(self, changes: Iterable[tuple[str, str | None]]) -> None:
        """Send one notification for each owner. `changes`: the owner of a task, and the traceparent of its change."""
        traces: dict[str, dict[str, None]] = {}
        for owner, traceparent in changes:
            traces.setdefault(owner, {}).update({traceparent: None} if traceparent else {})
        send_all(self.url, [_notification(owner, list(known)) for owner, known in traces.items()])


def parse_body(body: str) -> dict[str, object]:
    """Return a message's body as an object; any other body becomes an empty object."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def parse_task_id(body: str) -> UUID | None:
    """Return the task id of a message, or None."""
    try:
        return UUID(str(parse_body(body).get("taskId")))
    except ValueError:
        return None


def parse_dead_seq(text: object) -> int | None:
    """Return the attribute `dead_seq`, or None when a message has none."""
    return int(text) if isinstance(text, str) and text.isdecimal() else None


def send_all(url: str, entries: Sequence[Mapping[str, object]]) -> list[int]:
    """Send every entry; return the positions of those that were not accepted."""
    lost: list[int] = []
    for start, batch in enumerate(_batches(entries)):
        failed = _try_batch(url, "send_message_batch", batch)
        lost.extend(start * BATCH + at for at in failed)
    return lost


def group_of(owner: str) -> str:
    """Return an owner's message group: the owner itself, or its hash where SQS would refuse the whole request."""
    return owner if GROUP.fullmatch(owner) else f"sha256:{hashlib.sha256(owner.encode()).hexdigest()}"


def _entry(task_message: TaskMessage) -> dict[str, object]:
    entry: dict[str, object] = {
        "MessageBody": json.dumps({"v": 1, "taskId": str(task_message.task_id)}),
        "MessageGroupId": group_of(task_message.owner),
    }
    if task_message.delay > 0:
        entry["DelaySeconds"] = min(task_message.delay, LONGEST_DELAY)
    dead_seq = {"death": {"DataType": "Number", "StringValue": str(task_message.dead_seq)}}
    return entry | {"MessageAttributes": _trace(task_message.traceparent) | dead_seq}


def _notification(owner: str, traceparents: Sequence[str]) -> dict[str, object]:
    entry = {"MessageBody": json.dumps({"v": 1, "owner": owner}), "MessageGroupId": group_of(owner)}
    trace = _trace(",".join(traceparents[:MOST_TRACES]))
    return entry | ({"MessageAttributes": trace} if trace else {})


def _trace(traceparent: str | None) -> dict[str, object]:
    return {"traceparent": {"DataType": "String", "StringValue": traceparent}} if traceparent else {}


def _batches(entries: Sequence[Mapping[str, object]]) -> Iterator[Sequence[Mapping[str, object]]]:
    for start in range(0, len(entries), BATCH):
        yield entries[start : start + BATCH]


def _try_batch(url: str, operation: str, batch: Sequence[Mapping[str, object]]) -> list[int]:
    """Send one request for up to ten entries; return the positions that failed."""
    numbered = [{"Id": str(at), **entry} for at, entry in enumerate(batch)]
    try:
        answer = call("sqs", operation, QueueUrl=url, Entries=numbered)
    except CloudError as error:
        logger.warning("queue unreachable", operation=operation, error=str(error), messages=len(batch))
        return list(range(len(batch)))
    failed = [int(failure["Id"]) for failure in answer.get("Failed", [])]
    if failed:
        logger.warning("queue refused messages", operation=operation, failures=answer["Failed"])
    return failed
