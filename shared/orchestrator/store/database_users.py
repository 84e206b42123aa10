"""The functions' logins. Postgres gets SCRAM verifiers only, so that none of its logs contains a password."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import psycopg

from orchestrator.store.connection import Connection
from orchestrator.store.query_files import load_queries
from orchestrator.store.rows import fetch_value

_SQL = load_queries("orchestrator.store", "database_users")

#: The role that a function may take for single transactions: the API's, on behalf of an operator.
_BECOMES = {"api": "orchestrator_operator"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Milliseconds that a statement may run or wait for a lock, and that a transaction may idle between statements."""

    statement: int
    lock: int
    standstill: int


#: Shorter than the functions' own timeouts (template.yaml), so that a function still has time to answer.
LIMITS = {
    **dict.fromkeys(("api", "websocket", "push"), Limits(statement=10_000, lock=4_000, standstill=15_000)),
    "worker": Limits(statement=55_000, lock=30_000, standstill=70_000),
    "sweeper": Limits(statement=50_000, lock=10_000, standstill=55_000),
}


#: Connections that no login may take: for the migrate function, rotations, and people.
RESERVED = 10
#: Connections of a sweep, and of the next one while the first still runs.
SWEEPER = 5
#: Connections of a container of the lane long: two of its own, and those that its attempts share.
LONG = 8
#: The fewest connections with which the API and the WebSocket function can serve anyone.
LEAST_FOR_PEOPLE = 20
#: Milliseconds after which Postgres ends an idle session of a function that a burst multiplies.
IDLE = {"api": 600_000, "websocket": 600_000, "push": 600_000}
#: ALTER ROLE's own value for "any number".
UNBOUNDED = -1


class TooFewConnections(Exception):
    """Postgres takes fewer connections than the functions need."""

    FIT_FOR_LOGS = True


def share(total: int, *, workers: int, pushes: int, long: int = 0) -> dict[str, int]:
    """Return the most connections of each login, of `total` that Postgres takes.

    `workers`, `pushes`, `long`: the most containers at a time. A worker has three connections at most. During a
    deploy containers of both versions are there. Raise TooFewConnections where that leaves too few for people.
    """
    fixed = {"worker": 4 * workers + LONG * long + 5, "push": 2 * pushes + 2, "sweeper": SWEEPER}
    rest = total - sum(fixed.values()) - RESERVED
    if rest < LEAST_FOR_PEOPLE:
        raise TooFewConnections(
            f"DatabaseConnections={total} leaves {rest} for the API and the WebSocket function, which need"
            f" {LEAST_FOR_PEOPLE}: lower WorkerConcurrency={workers}, LongConcurrency={long} or"
            f" PushConcurrency={pushes}, or take a larger DatabaseInstanceClass and say how many connections it takes"
        )
    return {"api": rest * 3 // 5, "websocket": rest * 2 // 5, **fixed}


def set_login_connections(conn: Connection, name: str, part: str, most: int) -> None:
    """Set the most connections of a part's login, and when its idle sessions end."""
    conn.execute(_SQL["set_login_connections"], {"login": name, "most": most, "idle": IDLE.get(part, 0)})


def make_login(conn: Connection, name: str, part: str) -> bool:
    """Create the login of a part (such as `api`) or update its rights; return whether it was missing."""
    given = {"login": name, "member_of": f"orchestrator_{part}", "becomes": _BECOMES.get(part)}
    made = fetch_value(conn, bool, _SQL["make_login"], given)
    conn.execute(_SQL["set_login_limits"], {"login": name, **asdict(LIMITS[part])})
    return bool(made)


def set_login_password(conn: Connection, name: str, password: str) -> None:
    conn.execute(_SQL["set_login_password"], {"login": name, "verifier": _verifier(conn, name, password)})


def change_own_password(conn: Connection, password: str) -> None:
    """Change the password of the login that opened the connection."""
    conn.execute(_SQL["change_own_password"], {"verifier": _verifier(conn, conn.info.user, password)})


def was_refused(failure: psycopg.OperationalError) -> bool:
    """Return whether the server was reached and refused the password."""
    return failure.pgconn is not None and bool(failure.pgconn.used_password) and "password" in str(failure)


def _verifier(conn: Connection, name: str, password: str) -> str:
    return conn.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()


def admit_owner(conn: Connection, name: str) -> str:
    """Let the role `name`, the owner of another database of the server, give the functions' roles to its logins."""
    conn.execute(_SQL["admit_owner"], {"name": name})
    return name
