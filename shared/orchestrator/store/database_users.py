"""The functions' logins. Postgres is told verifiers only, so that no log of its can hold a password."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import psycopg

from orchestrator.store.connection import Connection, load_queries

_SQL = load_queries("orchestrator.store", "database_users")

#: The role of another that a function takes for single transactions: the API's, on behalf of an operator.
_BECOMES = {"api": "orchestrator_operator"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Milliseconds a statement may run, wait for a lock, and a transaction stand still between two statements."""

    statement: int
    lock: int
    standstill: int


#: Within what the functions themselves may take (template.yaml), so that one that waits still has time to say so.
LIMITS = {
    **dict.fromkeys(("api", "websocket", "push"), Limits(statement=10_000, lock=4_000, standstill=15_000)),
    "worker": Limits(statement=55_000, lock=30_000, standstill=70_000),
    "sweeper": Limits(statement=50_000, lock=10_000, standstill=55_000),
}


def make(conn: Connection, name: str, part: str) -> bool:
    """Makes the login of a part, as `api`, or brings its rights up to date; whether it was missing."""
    given = {"login": name, "member_of": f"orchestrator_{part}", "becomes": _BECOMES.get(part)}
    row = conn.execute(_SQL["make_login"], given).fetchone()
    conn.execute(_SQL["set_login_limits"], {"login": name, **asdict(LIMITS[part])})
    return row is not None and bool(row["made"])


def set_password(conn: Connection, name: str, password: str) -> None:
    conn.execute(_SQL["set_login_password"], {"login": name, "verifier": _verifier(conn, name, password)})


def change_own_password(conn: Connection, password: str) -> None:
    """Of the login that has opened the connection."""
    conn.execute(_SQL["change_own_password"], {"verifier": _verifier(conn, conn.info.user, password)})


def was_refused(failure: psycopg.OperationalError) -> bool:
    """Whether the server was reached, asked for the password and found it wrong."""
    return failure.pgconn is not None and bool(failure.pgconn.used_password) and "password" in str(failure)


def _verifier(conn: Connection, name: str, password: str) -> str:
    return conn.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
