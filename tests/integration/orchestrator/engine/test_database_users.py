"""The functions' logins: made and repaired by deploys, never more than they must be, never broken in a rotation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors as pg

from orchestrator import bootstrap
from orchestrator.aws import secret_rotation
from orchestrator.aws.clients import CloudError
from orchestrator.aws.secrets import Secrets
from orchestrator.engine.database_users import LoginRefused, bring_up_to_date
from orchestrator.settings import PARTS
from orchestrator.store import database_users
from orchestrator.store.connection import Connection, Database, connect
from tests.support import postgres
from tests.support.database_users import STEPS, Login, address_of, aws, drop, login_for
from tools.local_stack.stack_config import Layout

#: Characters that end an identifier, a string or a format.
ODD = "Log\"in; '-- %I $$ é"


@pytest.fixture
def make(conn: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Login]]:
    """Return a function that makes a login for the deploys below; drop the roles of the logins after the test."""
    made: list[Login] = []
    for name, value in address_of(database_url).items():
        monkeypatch.setenv(name, value)

    def login(name: str = "") -> Login:
        made.append(login_for(database_url, name))
        return made[-1]

    with aws():
        yield login
    for one in made:
        if exists(conn, one.name):
            drop(one)


def deploy(db: Database, **arns: str) -> list[str]:
    return bring_up_to_date(db, bootstrap.secrets(), arns, bootstrap.log_in)


def opened(login: Login) -> Connection:
    return bootstrap.log_in(login.secret())


def exists(conn: Connection, name: str) -> bool:
    return conn.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is not None


def test_a_missing_login_is_made_and_the_next_deploy_finds_it(db: Database, make: Callable[..., Login]) -> None:
    made = {part: make() for part in PARTS}
    arns = {part: login.arn for part, login in made.items()}
    assert deploy(db, **arns) == [login.name for login in made.values()]
    for login in made.values():
        opened(login).close()
    assert deploy(db, **arns) == []


def test_a_login_has_the_rights_of_its_function_and_no_more(db: Database, make: Callable[..., Login]) -> None:
    worker = make()
    deploy(db, worker=worker.arn)
    with opened(worker) as connection:
        connection.execute("SELECT count(*) FROM agent_tasks")
        for beyond in ("SELECT * FROM rate_limits", "SET ROLE orchestrator_worker", "SET ROLE orchestrator_operator"):
            with pytest.raises(pg.InsufficientPrivilege):
                connection.execute(beyond.encode())
        rights = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
        assert rights is not None
        assert not any(rights.values())


def test_the_api_may_act_for_an_operator_when_it_says_so(db: Database, make: Callable[..., Login]) -> None:
    api = make()
    deploy(db, api=api.arn)
    with opened(api) as connection:
        with pytest.raises(pg.InsufficientPrivilege):
            connection.execute("SELECT * FROM operator_actions")
        with connection.transaction():
            connection.execute("SET LOCAL ROLE orchestrator_operator")
            connection.execute("SELECT * FROM operator_actions")


@pytest.mark.parametrize("secret", ["changed", "restored"])
def test_a_deploy_repairs_a_login_with_another_secret(db: Database, make: Callable[..., Login], secret: str) -> None:
    login = make()
    deploy(db, worker=login.arn)
    before = login.secret()
    login.put(password="by the template")
    if secret == "restored":
        assert deploy(db, worker=login.arn) == [login.name]
        login.put(**before)
    with pytest.raises(psycopg.OperationalError):
        opened(login)
    assert deploy(db, worker=login.arn) == [login.name]
    opened(login).close()


@pytest.mark.parametrize("last", STEPS)
def test_a_deploy_in_the_middle_of_a_rotation_breaks_nothing(
    db: Database, make: Callable[..., Login], last: str
) -> None:
    login, version = make(), str(uuid4())
    deploy(db, worker=login.arn)
    before = login.secret()
    done = STEPS.index(last) + 1
    login.rotate(version, *STEPS[:done])
    assert deploy(db, worker=login.arn) == []
    login.rotate(version, *STEPS[done:])
    assert login.secret() != before
    opened(login).close()


@pytest.mark.parametrize("step", ["createSecret", "setSecret", "finishSecret"])
def test_a_step_of_a_rotation_in_the_middle_of_a_deploy_breaks_nothing(
    db: Database, make: Callable[..., Login], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The step runs after the deploy reads the pending secret and before the deploy reads the current one."""
    login, version = make(), str(uuid4())
    deploy(db, worker=login.arn)
    before = STEPS.index(step)
    login.rotate(version, *STEPS[:before])
    pending = Secrets.pending

    def rotate_then(secrets: Secrets, arn: str) -> Any:
        found = pending(secrets, arn)
        login.rotate(version, step)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Secrets, "pending", rotate_then)
        assert deploy(db, worker=login.arn) == []
    login.rotate(version, *STEPS[before + 1 :])
    opened(login).close()


def test_a_deploy_that_cannot_read_a_secret_sets_no_password(
    db: Database, make: Callable[..., Login], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password that this container cached before the rotation would undo the rotation."""
    login = make()
    deploy(db, worker=login.arn)
    login.rotate(str(uuid4()), *STEPS)

    def away(service: str, operation: str, **_: Any) -> Any:
        raise CloudError(service, operation, "ConnectTimeoutError")

    with monkeypatch.context() as patched:
        patched.setattr(secret_rotation, "call", away)
        with pytest.raises(CloudError):
            deploy(db, worker=login.arn)
    opened(login).close()


def test_a_rotation_begun_before_a_repair_still_ends(db: Database, make: Callable[..., Login]) -> None:
    """Somebody gave the login a third password; the deploy puts the current one back, the rotation goes on from it."""
    login, version = make(), str(uuid4())
    deploy(db, worker=login.arn)
    login.rotate(version, "createSecret")
    db.run(database_users.set_login_password, login.name, "somebody's own")
    with pytest.raises(LoginRefused, match=login.name):
        login.rotate(version, "setSecret")
    assert deploy(db, worker=login.arn) == [login.name]
    login.rotate(version, *STEPS[1:])
    opened(login).close()


def test_a_rotation_of_a_login_that_no_deploy_made_says_so(make: Callable[..., Login]) -> None:
    login, version = make(), str(uuid4())
    login.rotate(version, "createSecret")
    with pytest.raises(LoginRefused, match="A deploy, or a run of the migrate function, makes the login"):
        login.rotate(version, "setSecret")


def test_a_pending_secret_that_is_not_true_is_not_made_current(db: Database, make: Callable[..., Login]) -> None:
    login, version = make(), str(uuid4())
    deploy(db, worker=login.arn)
    login.rotate(version, "createSecret")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        login.rotate(version, "testSecret")


def test_odd_names_and_passwords_are_names_and_passwords(db: Database, make: Callable[..., Login]) -> None:
    login = make(ODD)
    login.put(password=ODD)
    assert deploy(db, worker=login.arn) == [ODD]
    opened(login).close()
    login.rotate(str(uuid4()), *STEPS)
    opened(login).close()


@pytest.mark.parametrize("name", ["orchestrator", "orchestrator_api", "x" * 64])
def test_a_name_that_is_not_a_function_s_is_refused(
    db: Database, conn: Connection, make: Callable[..., Login], name: str
) -> None:
    """The owner, a role without login, and one that Postgres would cut short."""
    before = conn.execute("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1").fetchall()
    with pytest.raises((pg.DuplicateObject, pg.NameTooLong)):
        deploy(db, api=login_arn(make, name))
    assert conn.execute("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1").fetchall() == before


def login_arn(make: Callable[..., Login], name: str) -> str:
    login = make()
    login.put(username=name)
    return login.arn


def test_only_verifiers_are_taken(conn: Connection, db: Database, make: Callable[..., Login]) -> None:
    login = make()
    deploy(db, worker=login.arn)
    with pytest.raises(pg.CheckViolation):
        conn.execute("SELECT set_login_password(%s, 'a clear word')", (login.name,))
    with opened(login) as connection, pytest.raises(pg.CheckViolation):
        connection.execute("SELECT change_own_password('a clear word')")


def test_a_login_changes_no_password_but_its_own(db: Database, make: Callable[..., Login]) -> None:
    one, other = make(), make()
    deploy(db, worker=one.arn, api=other.arn)
    with opened(one) as connection:
        for beyond in (
            f"SELECT set_login_password('{other.name}', NULL)",
            "SELECT make_login('another', 'orchestrator_api', NULL)",
            "SELECT execute_on_server('SELECT 1')",
            f"ALTER ROLE {other.name} PASSWORD 'x'",
            f"ALTER ROLE {one.name} SUPERUSER",
            f"GRANT orchestrator_operator TO {one.name}",
        ):
            with pytest.raises(pg.InsufficientPrivilege):
                connection.execute(beyond.encode())
    opened(other).close()


def test_two_databases_that_make_the_same_logins_at_once_both_succeed(
    postgres_server: Layout, make: Callable[..., Login]
) -> None:
    """Roles belong to the server: the second database finds the existing roles and grants its rights to them."""
    wanted = [make() for _ in range(6)]
    failures: list[Exception] = []
    barrier = threading.Barrier(3, timeout=20)

    def work(url: str) -> None:
        with connect(url) as connection:
            for login in wanted:
                barrier.wait()
                try:
                    database_users.make_login(connection, login.name, "api")
                    database_users.set_login_password(connection, login.name, login.secret()["password"])
                except Exception as failure:
                    failures.append(failure)

    with (
        postgres.fresh_database(postgres_server) as second,
        postgres.fresh_database(postgres_server) as third,
    ):
        threads = [threading.Thread(target=work, args=(url,)) for url in (wanted[0].url, second, third)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        for login in wanted:
            opened(login).close()
            with connect(second) as connection:
                connection.execute(f"DROP OWNED BY {login.name}".encode())
            with connect(third) as connection:
                connection.execute(f"DROP OWNED BY {login.name}".encode())
