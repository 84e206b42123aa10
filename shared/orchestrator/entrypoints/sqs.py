"""Queue events: each record becomes a message or an owner. A malformed record is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypedDict, cast

from orchestrator.aws.queues import parse_body, parse_dead_seq, parse_task_id
from orchestrator.engine.execution.worker import Message, source_of
from orchestrator.observability import logger, tracing


class _Attribute(TypedDict, total=False):
    stringValue: str


class _Record(TypedDict):
    messageId: str
    receiptHandle: str
    body: str


class _Received(_Record, total=False):
    """A record of an event. Tests and `sam local invoke` may leave the attributes out."""

    attributes: Mapping[str, str]
    messageAttributes: Mapping[str, _Attribute]


def messages(event: Mapping[str, object]) -> list[Message]:
    """Return the messages that name a task; SQS deletes the others."""
    return list(_messages(event))


def owners(event: Mapping[str, object]) -> list[str]:
    """Return the owners of the notifications, each once."""
    return list(dict.fromkeys(_owners(event)))


def failures(message_ids: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """Return the answer that gives these messages back to the queue and deletes the others."""
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in message_ids]}


@contextmanager
def traced(name: str, event: Mapping[str, object]) -> Iterator[None]:
    """Run the block as a part of every trace that sent one of the messages."""
    with ExitStack() as spans:
        for traceparent in dict.fromkeys(_traceparents(event)):
            spans.enter_context(tracing.span(name, parent=traceparent, kind="consumer"))
        yield


def _records(event: Mapping[str, object]) -> Sequence[_Received]:
    return cast("Sequence[_Received]", event.get("Records", ()))


def _traceparents(event: Mapping[str, object]) -> Iterator[str]:
    for record in _records(event):
        attribute = record.get("messageAttributes", {}).get("traceparent", {})
        if isinstance(attribute.get("stringValue"), str):
            yield from attribute["stringValue"].split(",")


def _messages(event: Mapping[str, object]) -> Iterator[Message]:
    for record in _records(event):
        task_id = parse_task_id(record["body"])
        if task_id is None:
            logger.warning("message names no task", message_id=record["messageId"])
            continue
        attributes = record.get("attributes", {})
        source, dead_seq = source_of(
            parse_dead_seq(record.get("messageAttributes", {}).get("death", {}).get("stringValue"))
        )
        yield Message(
            message_id=record["messageId"],
            receipt_handle=record["receiptHandle"],
            task_id=task_id,
            sent_ms=float(attributes.get("SentTimestamp", 0)),
            receives=int(attributes.get("ApproximateReceiveCount", 1)),
            source=source,
            dead_seq=dead_seq,
        )


def _owners(event: Mapping[str, object]) -> Iterator[str]:
    for record in _records(event):
        owner = parse_body(record["body"]).get("owner")
        if isinstance(owner, str) and owner:
            yield owner
