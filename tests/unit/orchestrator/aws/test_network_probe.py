"""A deploy with Network=ipv6 fails before anything goes live where IPv6 does not reach AWS."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from orchestrator.aws import clients
from orchestrator.aws.network_probe import NoWayOut, connect, endpoints, probe


def test_every_unreachable_host_is_named_with_a_remedy() -> None:
    def reach(host: str) -> None:
        if host != "sqs":
            raise OSError(f"no route to {host}")

    with pytest.raises(NoWayOut, match=r"does not reach a \(no route to a\), b .*Network=nat"):
        probe(["sqs", "a", "b"], reach)
    probe(["sqs"], reach)


def test_the_names_are_those_that_the_functions_call(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore takes names with IPv6 addresses when the template's variable says so."""
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    clients.forget()
    hosts = endpoints("https://abc.execute-api.us-east-1.amazonaws.com/live")
    clients.forget()
    sqs, secrets, flags, socket_api = hosts
    assert (sqs, flags) == ("sqs.us-east-1.api.aws", "appconfigdata.us-east-1.api.aws")
    assert secrets.startswith("secretsmanager.us-east-1."), "either of its names has IPv6 addresses"
    assert socket_api == "abc.execute-api.us-east-1.amazonaws.com"


def test_only_ipv6_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def resolve(host: str, port: int, family: int, kind: int) -> list[Any]:
        asked.append((host, port, family))
        raise socket.gaierror("has IPv4 addresses alone")

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    with pytest.raises(OSError, match="no IPv6 address"):
        connect("only4.example")
    assert asked == [("only4.example", 443, socket.AF_INET6)]
