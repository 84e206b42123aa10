"""The functions' logins in Postgres, kept as their secrets say: by a deploy, and by a rotation that no request notices.

Between the second and the last step of a rotation Postgres accepts only the pending password. A function that opens a
connection then reads it (`bootstrap.open_connection`), and a deploy does not change it.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Callable, Mapping

import psycopg

from orchestrator.aws import secret_rotation
from orchestrator.aws.secret_rotation import Rotation
from orchestrator.aws.secrets import Secrets
from orchestrator.observability import logger
from orchestrator.store import database_users
from orchestrator.store.connection import Connection, Database

Secret = Mapping[str, object]
#: Opens a connection with a secret's name and password.
LogIn = Callable[[Secret], Connection]

#: Random bytes of a password.
PASSWORD_BYTES = 36


class LoginRefused(Exception):
    """Postgres takes no password we know for a login."""

    FIT_FOR_LOGS = True


def bring_up_to_date(
    db: Database, secrets: Secrets, arns: Mapping[str, str], log_in: LogIn, most: Mapping[str, int] | None = None
) -> list[str]:
    """Make the login of each part; return the names of those whose password was set.

    `most`: connections by part; without it any number.
    """
    repaired = []
    for part, arn in arns.items():
        # In this order, so that a rotation that ends meanwhile is seen twice rather than not at all; and neither is
        # remembered: an old value would undo a rotation.
        pending, current = secrets.pending(arn), secret_rotation.read(arn, VersionStage="AWSCURRENT")
        name = str(current["username"])
        missing = db.run(database_users.make_login, name, part)
        db.run(database_users.set_login_connections, name, part, (most or {}).get(part, database_users.UNBOUNDED))
        if missing or not (_opens(log_in, current) or (pending and _opens(log_in, pending))):
            db.run(database_users.set_login_password, name, str(current["password"]))
            logger.info("password of a login set", extra={"login": name})
            repaired.append(name)
    return repaired


def take_step(step: str, arn: str, version: str, log_in: LogIn) -> None:
    """One step of the rotation of a login's password, taken as the login itself."""
    steps = Rotation(
        create=lambda current: {**current, "password": randomness.token_urlsafe(PASSWORD_BYTES)},
        apply=lambda current, pending: _change_password(log_in, current, pending),
        test=lambda pending: log_in(pending).close(),
    )
    secret_rotation.take_step(steps, step, arn, version)


def _change_password(log_in: LogIn, current: Secret, pending: Secret) -> None:
    try:
        connection = log_in(current)
    except psycopg.OperationalError as failure:
        if not database_users.was_refused(failure):
            raise
        if _opens(log_in, pending):
            return  # the step has come before
        raise LoginRefused(
            f"{current['username']} can log in neither with its current nor with its pending password."
            " A deploy, or a run of the migrate function, makes the login or repairs it; then rotate again."
        ) from failure
    with connection:
        database_users.change_own_password(connection, str(pending["password"]))


def _opens(log_in: LogIn, secret: Secret) -> bool:
    try:
        log_in(secret).close()
    except psycopg.OperationalError as failure:
        if not database_users.was_refused(failure):
            raise
        return False
    return True


def admit_owner(db: Database, wanted: Mapping[str, object]) -> dict[str, str] | None:
    """Admit the owner of another database of the server, if the event names one; None: it does not."""
    if "databaseOwner" not in wanted:
        return None
    return {"admitted": db.run(database_users.admit_owner, str(wanted["databaseOwner"]))}
