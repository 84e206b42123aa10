"""A traceback in a log quotes nobody's data."""

from __future__ import annotations

import json
import sys

from orchestrator.observe.log import DiscreetFormatter, logger

REFUSED = """new row for relation "agent_tasks" violates check constraint "task_owner_short"
DETAIL:  Failing row contains (1, {"secret": "payload-7d1"}, Amira).
CONTEXT:  COPY agent_tasks, line 1: "payload-7d1"
"""


def test_what_postgres_quotes_is_left_out() -> None:
    try:
        try:
            raise ValueError(REFUSED)
        except ValueError as error:
            raise RuntimeError("request failed") from error
    except RuntimeError:
        text = DiscreetFormatter().formatException(sys.exc_info())
    assert "payload-7d1" not in text
    assert "Amira" not in text
    assert "task_owner_short" in text
    assert "RuntimeError: request failed" in text


def test_no_other_field_quotes_it() -> None:
    formatter = logger.registered_formatter
    try:
        raise ValueError(REFUSED)
    except ValueError:
        record = logger._logger.makeRecord("x", 40, "file", 1, "request failed", (), sys.exc_info())
    line = formatter.format(record)
    assert "payload-7d1" not in line
    assert "check constraint" in line


def test_the_logger_writes_json_with_its_service() -> None:
    formatter = logger.registered_formatter
    assert isinstance(formatter, DiscreetFormatter)
    record = logger._logger.makeRecord("x", 20, "file", 1, "hello", (), None)
    line = json.loads(formatter.format(record))
    assert (line["message"], line["service"], line["level"]) == ("hello", "agent-orchestrator", "INFO")
