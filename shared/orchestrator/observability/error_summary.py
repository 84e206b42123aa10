"""An error without its words: they may quote a payload, a name, a row. What is left is enough to find it by."""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Iterator

#: Classes of SQLSTATE whose first line names tables, columns and constraints, or the server's own state, and no value:
#: connection, integrity, transaction, rollback, statement and schema, resources, object state, intervention.
NAMES_ONLY = frozenset({"08", "23", "25", "40", "42", "53", "55", "57"})
#: What psycopg raises when no server has answered; its words are of addresses.
UNREACHED = frozenset({"OperationalError", "ConnectionTimeout"})
#: Errors of one chain, or of one group, that are shown.
MOST_ERRORS = 8

_NUMBERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


def outline(error: BaseException) -> str:
    """Type and frames of an error and of those that led to it, the first of them first."""
    return "\ncaused\n".join("\n".join(_lines(each)) for each in reversed(list(_chain(error))))


def words(error: BaseException) -> str:
    """What of its words may be logged: those of a class that says so (FIT_FOR_LOGS), Postgres's about the schema."""
    if getattr(error, "FIT_FOR_LOGS", False):
        return str(error)
    state, diagnosis = getattr(error, "sqlstate", None), getattr(error, "diag", None)
    if state is not None and diagnosis is not None:
        return str(diagnosis.message_primary or "") if state[:2] in NAMES_ONLY else ""
    return str(error) if _is_psycopg(error) and type(error).__name__ in UNREACHED else ""


def place(error: BaseException) -> str:
    """File and function that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].name}" if frames else ""


def fingerprint(error: BaseException) -> str:
    """The same for the same fault: of type, place and words less numbers.

    Of Postgres's words the first line: where in a statement it was is said in another way for one that is prepared.
    """
    diagnosis = getattr(error, "diag", None)
    shape = _NUMBERS.sub("#", str(getattr(diagnosis, "message_primary", None) or storable(error)))
    return hashlib.sha256(f"{type(error).__name__} {place(error)} {shape}".encode()).hexdigest()[:12]


def storable(error: BaseException, longest: int = 2_000) -> str:
    """Its words as Postgres can keep them: for operators, never for a log."""
    return str(error).encode("utf-8", "replace").decode().replace("\x00", "")[:longest]


def _lines(error: BaseException) -> Iterator[str]:
    told = words(error)
    yield f"{type(error).__module__}.{type(error).__qualname__}" + (f": {told}" if told else "")
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
