"""Lambda stops a chain of invocations through SQS at the 16th, unless the function allows it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, cast
from uuid import uuid4

import pytest
from botocore.awsrequest import AWSResponse

from orchestrator.aws import clients
from orchestrator.aws.queues import TaskMessage, TaskQueue
from tests.aws_rules.conftest import Resource
from tests.template.test_permissions import roles

#: Invocations of one function in a chain before Lambda stops it.
MOST_HOPS = 16
QUEUE = "https://sqs.us-east-1.amazonaws.com/1/tasks"


class RecursiveInvocation(Exception):
    """Lambda's RecursiveInvocationException."""


class Body(BytesIO):
    """An answer as botocore reads it."""

    def stream(self) -> Iterator[bytes]:
        yield self.read()


class Lambda:
    """Read the lineage of its function's messages, as Lambda does, and refuse a chain that is too long."""

    def __init__(self, *, allows: bool) -> None:
        self.allows = allows
        self.hops = 0

    def invoke(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One invocation of the worker, which sends a message to its own queue."""
        if self.hops >= MOST_HOPS and not self.allows:
            raise RecursiveInvocation
        trace = f"Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:abcdef01:{self.hops}"
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "worker")
        monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
        TaskQueue(QUEUE).send([TaskMessage(uuid4(), "owner")])

    def receive(self, request: Any, **_: Any) -> AWSResponse:
        """SQS takes the message, and Lambda counts one hop more where the sender names its lineage."""
        header = request.headers.get("X-Amzn-Trace-Id", b"")
        text = header.decode() if isinstance(header, bytes) else header
        if "Lineage=" in text:
            self.hops = int(text.rsplit(":", 1)[1]) + 1
        taken = b'{"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "x"}]}'
        return AWSResponse(QUEUE, 200, cast("Any", {}), cast("Any", Body(taken)))


def chain(length: int, *, allows: bool, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a chain of invocations; return how many Lambda let run."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    clients.forget()
    service = Lambda(allows=allows)
    clients.client("sqs").meta.events.register("before-send.sqs", cast("Any", service.receive))
    try:
        for ran in range(length):
            try:
                service.invoke(monkeypatch)
            except RecursiveInvocation:
                return ran
        return length
    finally:
        clients.forget()


def sends_to(role: dict[str, Any]) -> list[Any]:
    """The queues to which a role may send, as the template refers to them."""
    statements = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    return [queue for one in statements if one["Action"] == "sqs:SendMessage*" for queue in one["Resource"]]


def test_the_project_s_client_sends_the_chain_to_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html: "approximately 16 times"."""
    assert chain(20, allows=False, monkeypatch=monkeypatch) == MOST_HOPS


@pytest.mark.parametrize("name", ["WorkerFunction", "LongWorkerFunction"])
def test_the_worker_allows_it(functions: dict[str, Resource], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html: RecursiveLoop "Allow"."""
    allows = functions[name].get("RecursiveLoop") == "Allow"
    assert chain(40, allows=allows, monkeypatch=monkeypatch) == 40


def test_every_function_that_sends_to_its_own_queue_allows_it(
    family: dict[str, dict[str, Any]], resources: dict[str, Resource], functions: dict[str, Resource]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html: detection is on by default."""
    looping = set()
    for mapping in resources.values():
        if mapping["Type"] == "AWS::Lambda::EventSourceMapping":
            queue = mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]
            name = mapping["Properties"]["FunctionName"]["Ref"].removesuffix(".Alias")
            if {"Ref": queue} in sends_to(roles(family)[name]):
                looping.add(name)
    assert looping == {"WorkerFunction", "LongWorkerFunction"}
    assert {name for name, one in functions.items() if one.get("RecursiveLoop") == "Allow"} == looping
