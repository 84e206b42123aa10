"""The patterns with which the runbooks find log lines."""

from __future__ import annotations

import json

import pytest

from tools.local_stack.log_filter import BadPattern, matcher

LINE = json.dumps({"message": "invocation done", "status": 503, "milliseconds": 12.5, "route": "/api/tasks"})


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.message = "invocation done" }',
        '{$.message="invocation done"&&$.status>=500}',
        "{ $.status != 200 }",
        "{ $.route = /api/* }",
        '{ $.message = "no" && $.status = 503 || $.milliseconds < 13 }',
    ],
)
def test_lines_that_fit(pattern: str) -> None:
    assert matcher(pattern)(LINE)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.message = "invocation" }',
        '{ $.message = "invocation done" && $.status < 500 }',
        "{ $.absent != 1 }",
        '{ $.status = "503" }',
    ],
)
def test_lines_that_do_not_fit(pattern: str) -> None:
    assert not matcher(pattern)(LINE)


def test_text_is_no_line() -> None:
    assert not matcher("{ $.status = 503 }")("START RequestId: 1")
    assert not matcher("{ $.status = 503 }")("[503]")


@pytest.mark.parametrize("pattern", ["{ }", "{ message = x }", "{ $.a > x }", "{ $.a = 1", '{ ($.a = "x") }'])
def test_invalid_patterns(pattern: str) -> None:
    with pytest.raises(BadPattern):
        matcher(pattern)
