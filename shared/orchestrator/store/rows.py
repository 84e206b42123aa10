"""Turn rows of Postgres into frozen dataclasses and plain values.

Only this module handles the driver's untyped values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar, cast, get_args, get_type_hints

from psycopg.rows import BaseRowFactory, RowMaker, scalar_row

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from orchestrator.store.connection import Connection

Row = TypeVar("Row", bound="DataclassInstance")
Value = TypeVar("Value")
#: The parameters of a statement by name.
Values = Mapping[str, object]


def fetch_all(conn: Connection, row: type[Row], statement: LiteralString, values: Values | None = None) -> list[Row]:
    """Return the rows of a statement, each as a `row`. Columns without a field are left out."""
    return conn.cursor(row_factory=dataclass_row(row)).execute(statement, values).fetchall()


def fetch_one(conn: Connection, row: type[Row], statement: LiteralString, values: Values | None = None) -> Row | None:
    """Return the first row of a statement as a `row`, or None when there is none."""
    return conn.cursor(row_factory=dataclass_row(row)).execute(statement, values).fetchone()


def fetch_column(
    conn: Connection,
    kind: type[Value],  # noqa: ARG001 (for the type checker)
    statement: LiteralString,
    values: Values | None = None,
) -> list[Value]:
    """Return the first column of every row; `kind` is its type, which is not checked."""
    return cast("list[Value]", conn.cursor(row_factory=scalar_row).execute(statement, values).fetchall())


def fetch_value(
    conn: Connection,
    kind: type[Value],  # noqa: ARG001 (for the type checker)
    statement: LiteralString,
    values: Values | None = None,
) -> Value | None:
    """Return the first column of the first row, or None when there is no row or it is null."""
    return cast("Value | None", conn.cursor(row_factory=scalar_row).execute(statement, values).fetchone())


@cache
def dataclass_row(row: type[Row]) -> BaseRowFactory[Row]:
    """Return the psycopg row factory of a dataclass; a text becomes an enum where the field is one."""

    def factory(cursor: Any) -> RowMaker[Row]:
        result = cursor.pgresult
        columns = tuple(result.fname(at) for at in range(result.nfields)) if result is not None else ()
        return _maker(row, columns)

    return cast("BaseRowFactory[Row]", factory)


@cache
def _maker(row: type[Row], columns: tuple[bytes, ...]) -> RowMaker[Row]:
    plan = _plan(row, [column.decode() for column in columns])
    names = [name for name, _, _ in plan]
    if [(at, convert) for _, at, convert in plan] == [(at, None) for at in range(len(columns))]:
        return lambda values: row(**dict(zip(names, values, strict=False)))  # a check of the lengths costs time

    def make(values: Sequence[Any]) -> Row:
        return row(**{name: values[at] if convert is None else convert(values[at]) for name, at, convert in plan})

    return make


def _plan(row: type[Row], columns: Sequence[str]) -> list[tuple[str, int, Callable[[Any], object] | None]]:
    """Return each field's name, its column and its conversion. Raise LookupError for a field without a column."""
    plan: list[tuple[str, int, Callable[[Any], object] | None]] = []
    types = get_type_hints(row)
    for field in fields(row):
        if field.name in columns:
            plan.append((field.name, columns.index(field.name), _conversion(types[field.name])))
        elif columns and field.default is MISSING:
            raise LookupError(f"{row.__name__}.{field.name} is not among the columns {', '.join(columns)}")
    return plan


def _conversion(annotation: object) -> Callable[[Any], object] | None:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return lambda value: None if value is None else kind(value)
    return None
