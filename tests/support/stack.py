"""A private stack: `make up` on ports and in a folder of its own, gone afterwards."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx

from tools.virtualenvs import ROOT

#: Seconds any one answer may take: the first of each function starts it.
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Stack:
    """The contents of stack.json, which describes the running stack, and the path of that file."""

    said: Mapping[str, Any]
    file: Path

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.said["api_url"], headers=headers, timeout=PATIENCE)

    def aws(self, service: str) -> Any:
        """The local cloud, as an operator's AWS CLI meets it."""
        return boto3.client(
            service,  # type: ignore[call-overload] # any service: the stubs know those installed
            endpoint_url=self.said["aws_endpoint_url"],
            region_name=self.said["region"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def resources(self) -> dict[str, str]:
        """Return the physical id of each deployed resource, by its name in the template."""
        found = self.aws("cloudformation").describe_stack_resources(StackName=self.said["stack_name"])
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found["StackResources"]}

    def redeploy(self, **settings: str) -> None:
        """`make up` once more, with other settings."""
        base = str(urlsplit(self.said["web_url"]).port)
        environment = {**os.environ, "PORT_BASE": base, "LOCAL_STATE": str(self.file.parent), **settings}
        subprocess.run([sys.executable, "-m", "tools.start", "up"], cwd=ROOT, env=environment, check=True)


def free_port_base() -> int:
    """Return the first of three consecutive free ports."""
    for base in range(21000, 29000, 10):
        with closing(socket.socket()) as web, closing(socket.socket()) as aws, closing(socket.socket()) as database:
            try:
                for offset, probe in enumerate((web, aws, database)):
                    probe.bind(("127.0.0.1", base + offset))
            except OSError:
                continue
            return base
    raise AssertionError("no three free ports in a row")


@contextmanager
def private_stack(**settings: str) -> Iterator[Stack]:
    """Bring a stack up, with these variables; take it down afterwards."""
    state = Path(tempfile.mkdtemp(prefix="orchestrator-e2e-"))
    environment = {**os.environ, "PORT_BASE": str(free_port_base()), "LOCAL_STATE": str(state), **settings}

    def command(name: str) -> None:
        subprocess.run([sys.executable, "-m", "tools.start", name], cwd=ROOT, env=environment, check=True)

    try:
        command("up")
        file = state / "stack.json"
        yield Stack(json.loads(file.read_text()), file)
    finally:
        command("down")
        shutil.rmtree(state, ignore_errors=True)
