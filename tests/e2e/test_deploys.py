"""`make up` on a stack that is up: a deploy, which may change nothing, and may fail."""

from __future__ import annotations

import subprocess

import httpx
import pytest

from tests.support.stack import Stack


def test_a_deploy_that_changes_nothing_is_none(stack: Stack, amira: httpx.Client) -> None:
    stack.redeploy()
    assert amira.get("/api/tasks").status_code == 200


def test_a_failed_deploy_names_the_reason_and_changes_nothing(
    stack: Stack, amira: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    before = stack.file.read_text()
    with pytest.raises(subprocess.CalledProcessError):
        stack.redeploy(OTLP_ENDPOINT="no address")
    output = capfd.readouterr()
    assert "MigrateBefore: SettingsError" in output.out + output.err
    assert stack.file.read_text() == before, "the tools find it still"
    assert amira.get("/api/tasks").status_code == 200
    stack.redeploy()
    assert amira.post("/api/tasks", json={"type": "echo"}).status_code == 202
