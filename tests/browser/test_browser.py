"""Run the JavaScript tests of the client and the pages: each file is one test here."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.browser import tools
from tests.support.stack import Stack

#: Time limit of one browser test file on a busy machine (s); one of them cuts the network for 30 s.
PATIENCE = 900
#: Time after which Node ends a file (ms); every wait inside has its own limit.
FILE_LIMIT = (PATIENCE - 60) * 1_000

pytestmark = pytest.mark.timeout(PATIENCE)


def run_tests(file: Path, **environment: str) -> None:
    """Run one file with Node's test runner; print its output."""
    command = [tools.node(), "--test", f"--test-timeout={FILE_LIMIT}", "--test-reporter=spec", file.name]
    run(command, file.parent, **environment)


def run(command: list[str], folder: Path, **environment: str) -> None:
    finished = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    print(finished.stdout, finished.stderr)
    assert finished.returncode == 0, f"{' '.join(command)}: see above"


def test_the_client_has_correct_types() -> None:
    tools.packages(tools.CLIENT)
    run([tools.node(), "node_modules/typescript/bin/tsc", "-p", "tsconfig.json"], tools.CLIENT)


@pytest.mark.parametrize("name", ["client", "event_source", "outages", "trace", "stream", "adapters", "asks", "link"])
def test_the_client_survives_a_failing_server(name: str) -> None:
    tools.packages(tools.CLIENT)
    run_tests(tools.CLIENT / "test" / f"{name}.test.js")


def test_the_pages_have_correct_types() -> None:
    tools.packages(tools.PAGES)
    run([tools.npm(), "run", "check"], tools.PAGES)


def test_the_views_and_texts_of_the_pages() -> None:
    tools.packages(tools.PAGES)
    run([tools.npm(), "test"], tools.PAGES)


def test_the_hooks_in_a_react_app() -> None:
    tools.packages(tools.CLIENT)
    tools.packages(tools.BROWSER)
    run_tests(tools.BROWSER / "react.test.js", CHROMIUM=tools.chromium())


def test_the_playdates_on_every_screen() -> None:
    tools.packages(tools.BROWSER)
    run_tests(tools.BROWSER / "playdates_appearance.test.js", CHROMIUM=tools.chromium())


def test_the_waterfall_of_a_run() -> None:
    tools.packages(tools.BROWSER)
    run_tests(tools.BROWSER / "operators_run.test.js", CHROMIUM=tools.chromium())


def test_growing_answers_and_questions() -> None:
    tools.packages(tools.CLIENT)
    tools.packages(tools.BROWSER)
    run_tests(tools.BROWSER / "family_tasks.test.js", CHROMIUM=tools.chromium())


@pytest.mark.parametrize(
    "name",
    [
        "family_page",
        "family_plan",
        "family_playdates",
        "family_forms",
        "family_map",
        "family_streets",
        "family_appearance",
        "faults",
        "first_paint",
        "session",
    ],
)
def test_in_a_real_browser(name: str, stack: Stack) -> None:
    tools.packages(tools.BROWSER)
    run_tests(tools.BROWSER / f"{name}.test.js", CHROMIUM=tools.chromium(), STACK_FILE=str(stack.file))


def test_one_trace_from_the_browser_on(stack: Stack) -> None:
    port = str(_free_port())
    _redeployed(stack, "trace", {"OTLP_ENDPOINT": f"http://127.0.0.1:{port}"}, COLLECTOR_PORT=port)


def test_a_frontend_of_another_local_origin(stack: Stack) -> None:
    port = str(_free_port())
    _redeployed(stack, "other_origin", {"ALLOWED_ORIGINS": f"http://localhost:{port}"}, PAGE_PORT=port)


def _redeployed(stack: Stack, name: str, settings: Mapping[str, str], **environment: str) -> None:
    """Run a file of tests on the stack with other settings, and give it its own settings back."""
    tools.packages(tools.BROWSER)
    stack.redeploy(**settings)
    try:
        run_tests(
            tools.BROWSER / f"{name}.test.js", CHROMIUM=tools.chromium(), STACK_FILE=str(stack.file), **environment
        )
    finally:
        stack.redeploy()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
