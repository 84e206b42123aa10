"""Two families meet, get recommendations, and one of them erases its account: on the deployed template."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import boto3
import httpx
import psycopg
import pytest

from tests.e2e.watcher import Watcher, watching
from tests.support.search import columns_that_contain
from tests.support.stack import Stack

SATURDAY = [{"weekday": "saturday", "start": "14:00", "end": "17:00"}]


class Family:
    """A new guardian with one kid."""

    def __init__(self, client: httpx.Client, name: str, kid: str) -> None:
        self.client, self.name, self.kid = client, name, kid
        body = {"name": name, "email": f"{name}@example.com", "password": f"long-enough-{uuid4().hex}"}
        answer = client.post("/auth/signup", json=body)
        assert answer.status_code == 201, answer.text
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
        self.id = answer.json()["data"][0]["id"]
        child = {"name": kid, "age": 7, "favoriteActivity": "chess"}
        assert client.post("/api/kids", json=child).status_code == 201
        week = {"timeZone": "Europe/Paris", "windows": SATURDAY}
        assert client.put("/api/availability", json=week).status_code == 200

    def does(self, watcher: Watcher, path: str, body: dict[str, Any]) -> dict[str, Any]:
        accepted = self.client.post(path, json=body)
        assert accepted.status_code == 202, accepted.text
        task = watcher.until_over(accepted.json()["taskId"])
        assert task["status"] == "completed", task
        result: dict[str, Any] = task["result"]
        return result


@contextmanager
def families(stack: Stack) -> Iterator[tuple[Family, Family]]:
    with ExitStack() as clients:
        mark = uuid4().hex[:8]
        one, other = (
            Family(clients.enter_context(stack.client()), f"{name}-{mark}", f"{kid}-{mark}")
            for name, kid in (("stay", "Lina"), ("leave", "Xanthippe"))
        )
        yield one, other


def recommendation_for(watcher: Watcher) -> dict[str, Any]:
    """Return the first recommendations on this owner's socket with a kid of the other family: after the acceptance."""
    while True:
        for update in watcher.updates:
            task = update["task"]
            if task["type"] == "friend.recommendations" and task["status"] == "completed":
                found: dict[str, Any] = task["result"]
                if found["recommendations"]:
                    return found
        watcher.receive("task-update")


@pytest.mark.timeout(180)
def test_two_families_meet_and_one_is_forgotten(stack: Stack) -> None:
    with families(stack) as (stays, leaves), watching(stays.client) as hers, watching(leaves.client) as his:
        hers.subscribe()
        his.subscribe()
        point = {"playdate_latit": 48.84627, "playdate_longi": 2.33717}
        moved = leaves.does(his, "/api/playdate-point/coordinates", point)
        assert moved["availabilityPlan"]["suggestions"][0]["suggestedDay"] == "Saturday"
        assert moved["localInsight"]["facts"]["country"] == "FR"
        stays.does(hers, "/api/friends/ask", {"friendname": leaves.name})
        leaves.does(his, "/api/friends/setstate", {"friendId": stays.id, "friendshipState": 1})
        first, second = recommendation_for(hers), recommendation_for(his)
        assert (first["friendName"], second["friendName"]) == (leaves.name, stays.name)
        assert first["recommendations"][0]["startsAt"] == second["recommendations"][0]["startsAt"]
        assert [item["id"] for item in stays.client.get("/api/tasks/inbox").json()["items"]]
        friends = stays.client.get("/api/friends/confirmed").json()
        assert friends == [{"id": leaves.id, "name": leaves.name}]

        forgotten = leaves.client.delete("/api/me").json()["taskId"]
        assert until_over(leaves.client, forgotten)["status"] == "completed"

        with psycopg.connect(stack.said["database_url"]) as conn:
            for word in (leaves.name, leaves.kid):
                assert columns_that_contain(conn, word) == []
            assert columns_that_contain(conn, stays.kid) != []
        assert not any(leaves.name in body or leaves.kid in body for body in queued(stack))
        assert stays.client.get("/api/friends/confirmed").json() == []


def until_over(client: httpx.Client, task_id: str) -> dict[str, Any]:
    """Asks for the task until it is over: its owner's sockets are forgotten before it ends."""
    for _ in range(300):
        task: dict[str, Any] = client.get(f"/api/tasks/{task_id}").json()
        if task["status"] not in ("pending", "processing"):
            return task
    raise AssertionError("the task does not end")


def queued(stack: Stack) -> list[str]:
    """The bodies of all messages that wait in any queue."""
    sqs = boto3.client("sqs", endpoint_url=stack.said["aws_endpoint_url"], region_name=stack.said["region"])
    urls = [stack.said[name] for name in ("queue_url", "dlq_url", "event_queue_url")]
    return [
        message["Body"]
        for url in urls
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get(
            "Messages", []
        )
    ]
