"""Run the tests of the operator page on a stack with several kinds of dead letters."""

from __future__ import annotations

import pytest

from tests.browser import tools
from tests.browser.dead_letters import BROKEN, FLOOD, HOPELESS, REPAIRED, insert
from tests.browser.past_tasks import insert_failures, insert_minutes
from tests.browser.test_browser import PATIENCE, run_tests
from tests.support.stack import Stack

pytestmark = pytest.mark.timeout(PATIENCE)


@pytest.fixture(scope="module")
def troubled(stack: Stack) -> Stack:
    insert(stack.said["database_url"], REPAIRED, BROKEN, HOPELESS, FLOOD)
    insert_failures(stack.said["database_url"])
    insert_minutes(stack.said["database_url"])
    return stack


@pytest.mark.parametrize(
    "name", ["appearance", "tasks", "staleness", "statistics", "bulk_cancel", "selection", "search"]
)
def test_the_operator_page(name: str, troubled: Stack) -> None:
    tools.packages(tools.BROWSER)
    run_tests(tools.BROWSER / f"operators_{name}.test.js", CHROMIUM=tools.chromium(), STACK_FILE=str(troubled.file))


def test_the_screenshots_of_the_documents(troubled: Stack) -> None:
    tools.packages(tools.BROWSER)
    run_tests(tools.BROWSER / "screenshots.test.js", CHROMIUM=tools.chromium(), STACK_FILE=str(troubled.file))
