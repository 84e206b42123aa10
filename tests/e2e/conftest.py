"""A private stack for these tests: `make up` on ports and in a folder of its own, gone afterwards."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.environments import ROOT

#: Seconds any one answer may take: the first of each function starts it.
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Stack:
    """What stack.json says of the running stack."""

    said: Mapping[str, Any]

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.said["api_url"], headers=headers, timeout=PATIENCE)


def free_port_base() -> int:
    """Three ports in a row that nobody holds."""
    for base in range(21000, 29000, 10):
        with closing(socket.socket()) as web, closing(socket.socket()) as aws, closing(socket.socket()) as database:
            try:
                for offset, probe in enumerate((web, aws, database)):
                    probe.bind(("127.0.0.1", base + offset))
            except OSError:
                continue
            return base
    raise AssertionError("no three free ports in a row")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    state = Path(tempfile.mkdtemp(prefix="orchestrator-e2e-"))
    environment = {**os.environ, "PORT_BASE": str(free_port_base()), "LOCAL_STATE": str(state)}

    def command(name: str) -> None:
        subprocess.run([sys.executable, "-m", "local.commands", name], cwd=ROOT, env=environment, check=True)

    try:
        command("up")
        yield Stack(json.loads((state / "stack.json").read_text()))
    finally:
        command("down")
        shutil.rmtree(state, ignore_errors=True)


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
    """A guardian who is no friend of Amira's."""
    with stack.client(login("Diego")) as client:
        yield client


@pytest.fixture
def newcomer(stack: Stack) -> Iterator[httpx.Client]:
    """Somebody who has just signed up and whose list is empty."""
    name = f"guest-{uuid4().hex[:12]}"
    with stack.client() as client:
        body = {"name": name, "email": f"{name}@example.com", "password": f"long-enough-{uuid4().hex}"}
        answer = client.post("/auth/signup", json=body)
        assert answer.status_code == 201, answer.text
        client.cookies.clear()
        client.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
        yield client
