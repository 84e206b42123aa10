from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestrator.aws import clients
from orchestrator.aws.clients import CloudError, call
from orchestrator.aws.queues import TaskMessage, TaskQueue
from orchestrator.model.errors import Unavailable
from orchestrator.model.ids import new_task_id


@pytest.fixture
def silence(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A service that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(clients, "READ_TIMEOUT", 0.1)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_refusal_has_the_services_own_code(aws: None) -> None:
    with pytest.raises(CloudError) as caught:
        call("secretsmanager", "get_secret_value", SecretId="none")
    assert caught.value.code == "ResourceNotFoundException"
    assert isinstance(caught.value, Unavailable)
    assert "none" not in caught.value.message


def test_silence_ends_in_time_and_is_an_internal_error(silence: str) -> None:
    began = time.monotonic()
    with pytest.raises(CloudError) as caught:
        call("sqs", "list_queues", endpoint=silence)
    assert caught.value.code == "ReadTimeoutError"
    assert time.monotonic() - began < 10


def test_a_send_without_an_answer_names_the_messages_not_taken(silence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", silence)
    clients.forget()
    wake = TaskMessage(new_task_id(), "ann")
    assert TaskQueue(f"{silence}/0/tasks").send([wake]) == [wake]


def test_both_tries_fit_into_the_apis_fifteen_seconds() -> None:
    slowest = clients.TRIES * (clients.CONNECT_TIMEOUT + clients.READ_TIMEOUT)
    assert slowest <= 12


def test_one_client_a_service_however_many_threads_ask_first(aws: None) -> None:
    with ThreadPoolExecutor(max_workers=16) as pool:
        made = list(pool.map(lambda _: clients.client("sqs"), range(64)))
    assert len({id(each) for each in made}) == 1
