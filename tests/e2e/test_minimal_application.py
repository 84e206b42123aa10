"""The engine serves another application by a setting alone: one agent and one route on the local stack."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from orchestrator.aws.secrets import Secrets
from orchestrator.http.access_tokens import Tokens
from tests.e2e.watcher import watching
from tests.support.model_server import ModelServer
from tests.support.stack import Stack, private_stack


class StackSecrets(Secrets):
    """The secrets of a local stack."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self._stack = stack

    def refresh(self, arn: str, max_age: float = 0.0) -> Mapping[str, Any]:
        found = self._stack.aws("secretsmanager").get_secret_value(SecretId=arn)
        value: Mapping[str, Any] = json.loads(found["SecretString"])
        return value


@pytest.fixture(scope="module")
def minimal() -> Iterator[Stack]:
    with private_stack(APPLICATION="tests/e2e/minimal") as running:
        yield running


@pytest.fixture
def caller(minimal: Stack) -> Iterator[httpx.Client]:
    """A caller whose token the stack's own key signs: the application has no accounts."""
    name = "agent-orchestrator"
    tokens = Tokens(StackSecrets(minimal), minimal.said["jwt_secret_arn"], issuer=name, audience=name)
    with minimal.client(tokens.issue("7", "Ann")[0]) as client:
        yield client


def test_its_route_submits_a_task_that_is_watched_to_its_result(caller: httpx.Client) -> None:
    with watching(caller) as watcher:
        watcher.subscribe()
        submitted = caller.post("/api/words", json={"text": "one two three"})
        assert submitted.status_code == 202, submitted.text
        task = watcher.until_over(submitted.json()["taskId"])
    assert (task["type"], task["status"], task["result"]) == ("words.count", "completed", {"words": 3})


def test_its_agent_refuses_with_its_own_message(caller: httpx.Client) -> None:
    with watching(caller) as watcher:
        watcher.subscribe()
        submitted = caller.post("/api/tasks", json={"type": "words.count", "payload": {"text": "   "}})
        task = watcher.until_over(submitted.json()["id"])
    assert (task["status"], task["error"]) == ("failed", "The text has no words.")


def test_its_faults_are_named(caller: httpx.Client) -> None:
    refused = caller.post("/api/words", json={})
    assert (refused.status_code, refused.json()["message"]) == (400, "text: is required")


def test_nothing_of_the_playdate_application_is_there(caller: httpx.Client) -> None:
    assert caller.post("/auth/login", json={"identifier": "Amira", "password": "x"}).status_code == 404
    refused = caller.post("/api/tasks", json={"type": "friend.ask", "payload": {"friendName": "Bruno"}})
    assert refused.json()["message"] == "type: unknown task type; known are words.ask, words.count"


def test_long_tasks_run_side_by_side_and_delay_no_quick_one(caller: httpx.Client) -> None:
    """Two containers of the lane run the four: the model answers none of them before all its calls are there."""
    with ModelServer() as model, watching(caller) as watcher:
        watcher.subscribe()
        orders = [{"type": "words.ask", "payload": {"url": f"{model.url}/later"}} for _ in range(4)]
        answer = caller.post("/api/tasks/batch", json={"tasks": orders})
        assert answer.status_code == 202, answer.text
        slow = [one["id"] for one in answer.json()["items"]]
        model.wait_for_calls(4)
        quick = caller.post("/api/words", json={"text": "one two"}).json()["taskId"]
        assert watcher.until_over(quick)["status"] == "completed"
        assert {caller.get(f"/api/tasks/{id}").json()["status"] for id in slow} == {"processing"}
        model.release.set()
        ended = [watcher.until_over(id) for id in slow]
    assert [(one["status"], one["attempts"], one["result"]["answer"]) for one in ended] == [("completed", 1, 42)] * 4
    assert (model.most, set(model.calls.values())) == (4, {1})
