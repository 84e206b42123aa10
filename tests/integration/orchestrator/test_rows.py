"""Rows of Postgres become frozen dataclasses whose fields are checked against the columns."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass

import pytest

from orchestrator.model.states import Status
from orchestrator.store.connection import Connection
from orchestrator.store.rows import fetch_all, fetch_column, fetch_one, fetch_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    a: int
    b: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    status: Status | None
    extra: int = 7


def test_columns_become_fields_in_any_order(conn: Connection) -> None:
    (row,) = fetch_all(conn, Plain, "SELECT 'x' AS b, 1 AS a, 2 AS ignored")
    assert row == Plain(a=1, b="x") == fetch_one(conn, Plain, "SELECT 1 AS a, 'x' AS b")
    with pytest.raises(FrozenInstanceError):
        setattr(row, "a", 2)  # noqa: B010 (an assignment would not pass the type checker)


def test_a_text_becomes_its_enum_and_a_missing_column_its_default(conn: Connection) -> None:
    assert fetch_one(conn, Typed, "SELECT 'dead-letter' AS status") == Typed(status=Status.DEAD_LETTER, extra=7)
    assert fetch_one(conn, Typed, "SELECT NULL AS status, 1 AS extra") == Typed(status=None, extra=1)
    with pytest.raises(ValueError, match="not a valid Status"):
        fetch_one(conn, Typed, "SELECT 'unknown' AS status")


def test_a_field_without_a_column_is_an_error(conn: Connection) -> None:
    with pytest.raises(LookupError, match=r"Plain\.b is not among the columns a"):
        fetch_all(conn, Plain, "SELECT 1 AS a")


def test_no_row_is_none_or_empty(conn: Connection) -> None:
    assert fetch_one(conn, Plain, "SELECT 1 AS a, 'x' AS b WHERE false") is None
    assert fetch_all(conn, Plain, "SELECT 1 AS a, 'x' AS b WHERE false") == []
    assert fetch_value(conn, int, "SELECT 1 WHERE false") is None
    assert fetch_column(conn, int, "SELECT n FROM generate_series(1, 3) n") == [1, 2, 3]
