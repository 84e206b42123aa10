"""Dead letters on the way that AWS's own redrive takes: from the dead-letter queue back to the task queue."""

from __future__ import annotations

import json

import pytest

from tests.e2e.alarm_causes import Lab
from tests.support.stack import Stack


@pytest.mark.parametrize("keeps_attributes", [True, False], ids=["by AWS", "by hand"])
def test_a_dead_letter_that_is_moved_back_runs_again(stack: Stack, keeps_attributes: bool) -> None:
    with Lab.of(stack) as lab:
        ids, _ = lab.make_three_dead_letters()
        move_back(stack, set(ids), keeps_attributes=keeps_attributes)
        assert {status_after_dead_letter(lab, id) for id in ids} <= {"completed", "failed"}
        for id in ids:
            kinds = [event["kind"] for event in lab.operator.get(f"/ops/tasks/{id}").json()["events"]]
            assert kinds.count("redriven") == 1


def status_after_dead_letter(lab: Lab, id: str) -> str:
    """Return its final status. Each check is a request, so this is no busy loop."""
    reads = (str(lab.over(id)["status"]) for _ in range(1_500))
    return next((status for status in reads if status != "dead-letter"), "dead-letter")


def move_back(stack: Stack, left: set[str], *, keeps_attributes: bool) -> None:
    """AWS moves a message with its attributes; a person may send only its text."""
    sqs, asked = stack.aws("sqs"), {"AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
    while left:
        answer = sqs.receive_message(QueueUrl=stack.said["dlq_url"], WaitTimeSeconds=5, **asked)
        for message in answer.get("Messages", []):
            id = json.loads(message["Body"])["taskId"]
            if id not in left:
                continue
            left.remove(id)
            kept = {"MessageAttributes": message["MessageAttributes"]} if keeps_attributes else {}
            group = message["Attributes"]["MessageGroupId"]
            sqs.send_message(
                QueueUrl=stack.said["queue_url"], MessageBody=message["Body"], MessageGroupId=group, **kept
            )
            sqs.delete_message(QueueUrl=stack.said["dlq_url"], ReceiptHandle=message["ReceiptHandle"])
