"""Characters and bytes that SQS accepts: it refuses the whole request for one entry that breaks a rule."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.aws import queues
from orchestrator.aws.queues import BATCH, MOST_TRACES, EventQueue, TaskMessage, TaskQueue, group_of
from orchestrator.http.access_tokens import LONGEST_SUBJECT

#: "alphanumeric characters and punctuation", as the service model lists them; 128 at most.
GROUP = re.compile(r"""[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}""")
#: Bytes of a request, all its messages and attributes together. AWS raised it to 1 MiB in 2025; before, and in older
#: emulators, it was 256 KiB. We keep to the smaller.
LARGEST_REQUEST = 262_144


class Sqs:
    """Take valid requests as SQS does, and refuse a whole request otherwise."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        assert (service, operation) == ("sqs", "send_message_batch")
        entries: Sequence[dict[str, Any]] = parameters["Entries"]
        size = sum(len(one["MessageBody"]) + len(json.dumps(one.get("MessageAttributes", {}))) for one in entries)
        assert len(entries) <= 10
        assert size <= LARGEST_REQUEST
        assert all(GROUP.fullmatch(one["MessageGroupId"]) for one in entries)
        assert all(0 <= one.get("DelaySeconds", 0) <= 900 for one in entries)
        self.taken += entries
        return {}


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Sqs:
    service = Sqs()
    monkeypatch.setattr(queues, "call", service.call)
    return service


@given(st.text(min_size=1, max_size=LONGEST_SUBJECT))
def test_any_owner_has_a_group_that_sqs_takes(owner: str) -> None:
    """botocore's model of SQS, SendMessageBatchRequestEntry.MessageGroupId.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatchRequestEntry.html
    """
    assert GROUP.fullmatch(group_of(owner))


def test_owners_keep_groups_of_their_own() -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html: one a tenant."""
    owners = ["17", "Jörg Müller", "Jorg Muller", "o" * 128, "o" * 129, "auth0|abc"]
    assert len({group_of(owner) for owner in owners}) == len(owners)
    assert group_of("17") == "17"
    assert group_of("auth0|abc") == "auth0|abc"


def test_one_owner_with_a_strange_name_keeps_no_neighbour_from_being_sent(sqs: Sqs) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html."""
    wakes = [TaskMessage(uuid4(), owner) for owner in ("17", "Jörg Müller", "日本", "18")]
    assert TaskQueue("url").send(wakes) == []
    EventQueue("url").announce((wake.owner, None) for wake in wakes)
    assert len(sqs.taken) == 2 * len(wakes)


def test_the_largest_request_fits(sqs: Sqs) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html."""
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    largest = [TaskMessage(UUID(int=2**128 - 1), "ü" * 128, 10**6, trace, 2**62) for _ in range(25)]
    assert TaskQueue("url").send(largest) == []
    owners = ["ü" * 120 + str(number) for number in range(BATCH)]
    EventQueue("url").announce((owner, trace[:-2] + f"{n:02x}") for owner in owners for n in range(MOST_TRACES + 9))
    assert len(sqs.taken) == 25 + BATCH
