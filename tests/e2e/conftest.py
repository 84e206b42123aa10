"""The callers of these tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest

from tests.support.stack import Stack


@pytest.fixture(scope="session")
def login(stack: Stack) -> Callable[[str], str]:
    """An access token for a demonstration user, by name."""
    tokens: dict[str, str] = {}

    def log_in(name: str) -> str:
        if name not in tokens:
            password = next(user["password"] for user in stack.said["users"] if user["name"] == name)
            with stack.client() as anonymous:
                answer = anonymous.post("/auth/login", json={"identifier": name, "password": password})
            answer.raise_for_status()
            tokens[name] = answer.json()["accessToken"]
        return tokens[name]

    return log_in


@pytest.fixture
def amira(stack: Stack, login: Callable[[str], str]) -> Iterator[httpx.Client]:
    with stack.client(login("Amira")) as client:
        yield client


@pytest.fixture
def diego(stack: Stack, login: Callable[[str], str]) -> Iterator[httpx.Client]:
    """A guardian without a friendship with Amira."""
    with stack.client(login("Diego")) as client:
        yield client


@pytest.fixture
def newcomer(stack: Stack) -> Iterator[httpx.Client]:
    """A new account with an empty list."""
    name = f"guest-{uuid4().hex[:12]}"
    with stack.client() as client:
        body = {"name": name, "email": f"{name}@example.com", "password": f"long-enough-{uuid4().hex}"}
        answer = client.post("/auth/signup", json=body)
        assert answer.status_code == 201, answer.text
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
        yield client
