"""Errors without their message, which may quote a payload, a name or a row. The rest is enough to find the fault."""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Iterator

#: Classes of SQLSTATE whose first line names tables, columns and constraints, or the server's own state, and no value:
#: connection, integrity, transaction, rollback, statement and schema, resources, object state, intervention.
NAMES_ONLY = frozenset({"08", "23", "25", "40", "42", "53", "55", "57"})
#: The errors of psycopg when no server responds; their messages contain addresses only.
UNREACHED = frozenset({"OperationalError", "ConnectionTimeout"})
#: Errors of one chain, or of one group, that are shown.
MOST_ERRORS = 8

_NUMBERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


def outline(error: BaseException) -> str:
    """Return the type and frames of an error and of its causes, the first cause first."""
    return "\ncaused\n".join("\n".join(_lines(each)) for each in reversed(list(_chain(error))))


def message_of(error: BaseException) -> str:
    """Return the part of the message that may be logged: of FIT_FOR_LOGS errors, or Postgres's on the schema."""
    if getattr(error, "FIT_FOR_LOGS", False):
        return str(error)
    state, diagnosis = getattr(error, "sqlstate", None), getattr(error, "diag", None)
    if state is not None and diagnosis is not None:
        return str(diagnosis.message_primary or "") if state[:2] in NAMES_ONLY else ""
    return str(error) if _is_psycopg(error) and type(error).__name__ in UNREACHED else ""


def position(error: BaseException) -> str:
    """Return the file and function that raised the error."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].name}" if frames else ""


def fingerprint(error: BaseException) -> str:
    """Return the same text for the same fault: a digest of its type, location and message without numbers.

    Only the first line of Postgres's message counts: prepared statements report the position differently.
    """
    diagnosis = getattr(error, "diag", None)
    shape = _NUMBERS.sub("#", str(getattr(diagnosis, "message_primary", None) or storable(error)))
    return hashlib.sha256(f"{type(error).__name__} {position(error)} {shape}".encode()).hexdigest()[:12]


def storable(error: BaseException, longest: int = 2_000) -> str:
    """Return the message as Postgres can store it: for operators, never for a log."""
    return str(error).encode("utf-8", "replace").decode().replace("\x00", "")[:longest]


def _lines(error: BaseException) -> Iterator[str]:
    message = message_of(error)
    yield f"{type(error).__module__}.{type(error).__qualname__}" + (f": {message}" if message else "")
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {'/'.join(frame.filename.rsplit('/', 3)[1:])}:{frame.lineno} {frame.name}"
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions[:MOST_ERRORS]:
            yield from (f"  | {line}" for line in _lines(each))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < MOST_ERRORS:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _is_psycopg(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] == "psycopg"
