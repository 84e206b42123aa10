"""A log quotes nobody's data with any error, and still says where it happened."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg import errors as pg

from orchestrator.aws.clients import CloudError
from orchestrator.observability.error_summary import fingerprint, message_of, outline
from orchestrator.observability.logs import DiscreetFormatter, logger
from orchestrator.settings import SettingsError

KID = "Kim-7d1"


def caught(*chain: Exception) -> Exception:
    """As each was raised while the one before it was handled."""
    before: Exception | None = None
    for error in chain:
        try:
            raise error from before
        except Exception as raised:
            before = raised
    assert before is not None
    return before


def said_by_postgres(kind: type[psycopg.Error], primary: str) -> psycopg.Error:
    class Notice(kind):  # type: ignore[misc, valid-type] # as psycopg makes one of what the server said
        diag = SimpleNamespace(message_primary=primary)

    return Notice(f"{primary}\nDETAIL:  Failing row contains (1, {KID}).")


def logged(error: Exception) -> dict[str, Any]:
    formatter = logger.registered_formatter
    assert isinstance(formatter, DiscreetFormatter)
    try:
        raise error
    except type(error):
        record = logger._logger.makeRecord("x", 40, "file", 1, "request failed", (), sys.exc_info())
    line: dict[str, Any] = json.loads(formatter.format(record))
    return line


def test_of_an_error_its_type_and_position_are_logged_and_never_its_message() -> None:
    error = caught(KeyError(KID), ValueError(f"no kid {KID}"), RuntimeError(f"{KID} has no hours"))
    line = logged(error)
    assert KID not in json.dumps(line)
    assert line["exception_name"] == "RuntimeError"
    for expected in ("builtins.KeyError", "builtins.ValueError", "builtins.RuntimeError", "test_logs.py:", " caught"):
        assert expected in line["exception"]


def test_nor_are_those_of_a_group() -> None:
    text = outline(caught(ExceptionGroup(f"two for {KID}", [ValueError(KID), KeyError(KID)])))
    assert KID not in text
    assert "builtins.KeyError" in text


def test_nor_the_error_before_it() -> None:
    try:
        try:
            raise ValueError(KID)
        except ValueError:
            raise RuntimeError(KID)  # noqa: B904 - the case
    except RuntimeError as error:
        text = outline(error)
    assert KID not in text
    assert "builtins.ValueError" in text


@pytest.mark.parametrize(
    ("kind", "primary", "expected"),
    [
        (pg.CheckViolation, 'violates check constraint "task_owner_short"', True),
        (pg.UndefinedTable, 'relation "kids" does not exist', True),
        (pg.DeadlockDetected, "deadlock detected", True),
        (pg.InvalidTextRepresentation, f'invalid input syntax for type integer: "{KID}"', False),
        (pg.RaiseException, KID, False),
    ],
)
def test_postgres_messages_about_the_schema_are_logged(kind: type[psycopg.Error], primary: str, expected: bool) -> None:
    text = outline(caught(said_by_postgres(kind, primary)))
    assert (primary in text) is expected
    assert KID not in text


@pytest.mark.parametrize(
    "error",
    [
        SettingsError(["JWT_SECRET_ARN is not set"]),
        CloudError("secretsmanager", "get_secret_value", "AccessDeniedException"),
        psycopg.OperationalError('connection to server at "10.0.0.7", port 5432 failed: Connection refused'),
    ],
)
def test_messages_about_the_project_s_code_are_logged(error: Exception) -> None:
    assert message_of(error) == str(error)
    assert str(error).splitlines()[-1] in outline(caught(error))


def test_the_same_fault_has_the_same_fingerprint() -> None:
    first, second, other = (caught(ValueError(text)) for text in ("no kid 17", "no kid 4", "no hours"))
    assert fingerprint(first) == fingerprint(second) != fingerprint(other)


def test_a_prepared_statement_s_fault_has_the_fingerprint_of_the_same_unprepared() -> None:
    class Refused(Exception):
        diag = SimpleNamespace(message_primary='relation "kids" does not exist')

    said = 'relation "kids" does not exist'
    first, second = caught(Refused(f"{said} at character 13")), caught(Refused(f"{said}\nLINE 1: SELECT FROM kids"))
    assert fingerprint(first) == fingerprint(second)


def test_the_logger_writes_json_with_its_service() -> None:
    formatter = logger.registered_formatter
    record = logger._logger.makeRecord("x", 20, "file", 1, "hello", (), None)
    line = json.loads(formatter.format(record))
    assert (line["message"], line["service"], line["level"]) == ("hello", "agent-orchestrator", "INFO")
