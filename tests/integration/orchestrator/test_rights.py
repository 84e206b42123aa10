"""All that each part may do, as one written list; and that its login is no way to more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import errors as pg
from psycopg import sql

from orchestrator.settings import PARTS
from orchestrator.store.connection import Connection, Database, connect
from orchestrator.store.migrate import Phase, migrate
from tests.support import postgres
from tests.support.postgres import log_in, login_of
from tools.local_stack.stack_config import Layout

WRITTEN = Path(__file__).with_name("rights.txt")

#: Grants on tables, columns, sequences and our functions: grantee, object, privileges. The tables' owner needs none.
GRANTS: LiteralString = """
with things as (
    select oid, relname::text as name, relowner as owner, relacl as acl from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'S', 'v', 'm', 'f')
), given as (
    select a.grantee, t.name, lower(a.privilege_type) as privilege, null as col, a.is_grantable
    from things as t cross join aclexplode(t.acl) as a where a.grantee <> t.owner
    union all
    select a.grantee, t.name, lower(a.privilege_type), att.attname, a.is_grantable
    from things as t join pg_attribute as att on att.attrelid = t.oid cross join aclexplode(att.attacl) as a
    union all
    select a.grantee, p.proname || '()', case when p.prosecdef then 'call with its owner''s rights' else 'call' end,
           null, a.is_grantable
    from pg_proc as p cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
    where p.pronamespace = 'public'::regnamespace and a.grantee <> p.proowner
), said as (
    select grantee, name, privilege || coalesce(' (' || string_agg(col, ', ' order by col) || ')', '')
           || case when bool_or(is_grantable) then ' and give on' else '' end as may
    from given group by grantee, name, privilege
)
select case grantee when 0 then 'everybody' else regexp_replace(grantee::regrole::text, '^orchestrator_', '') end
       || ' | ' || name || ' | ' || string_agg(may, '; ' order by may) as line
from said group by grantee, name
"""

MEMBERS: LiteralString = """
select m.member::regrole::text as login, m.roleid::regrole::text as role, m.inherit_option, m.set_option
from pg_auth_members as m where m.member::regrole::text ~ '^(test|orchestrator)_'
"""

#: Roles that somebody would like to be.
WISHES = (
    *(f"orchestrator_{part}" for part in (*PARTS, "operator")),
    "pg_read_all_data",
    "pg_write_all_data",
    "postgres",
)

ATTEMPTS: tuple[LiteralString, ...] = (
    "SELECT lo_from_bytea(0, 'put aside')",
    "SELECT lo_create(0)",
    "CREATE TABLE mine (x int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "ALTER TABLE agent_tasks DISABLE ROW LEVEL SECURITY",
    "COPY agent_tasks TO '/tmp/all'",
    "COPY agent_tasks TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT set_login_password('test_api', 'SCRAM-SHA-256$4096:a$b:c')",
    "SELECT make_login('mine', 'orchestrator_api', NULL)",
    "ALTER ROLE orchestrator_api PASSWORD 'mine'",
)


@pytest.fixture
def sessions(database_url: str) -> Iterator[dict[str, Connection]]:
    """One of each function's login."""
    with ExitStack() as opened:
        yield {part: opened.enter_context(log_in(database_url, part)) for part in PARTS}


def test_rights_are_the_written_ones(conn: Connection) -> None:
    """Every grant and every revocation changes the list too, so that a reviewer reads each new right."""
    found = sorted(row["line"] for row in conn.execute(GRANTS))
    assert found == WRITTEN.read_text().splitlines()


def test_the_catalogue_s_own_view_knows_no_other_grants(conn: Connection) -> None:
    listed = {tuple(line.split(" | ")[:2]) for line in WRITTEN.read_text().splitlines()}
    known = conn.execute(
        "SELECT grantee, table_name FROM information_schema.role_table_grants WHERE table_schema = 'public'"
        " UNION SELECT grantee, table_name FROM information_schema.role_column_grants WHERE table_schema = 'public'"
    )
    owner = conn.info.user
    pairs = {
        (row["grantee"].removeprefix("orchestrator_"), row["table_name"]) for row in known if row["grantee"] != owner
    }
    assert pairs <= listed


def test_a_login_is_a_member_of_its_role_and_of_no_other(conn: Connection) -> None:
    found = {(row["login"], row["role"], row["inherit_option"], row["set_option"]) for row in conn.execute(MEMBERS)}
    assert found == {
        *((login_of(part), f"orchestrator_{part}", True, False) for part in PARTS),
        (login_of("api"), "orchestrator_operator", False, True),
        ("orchestrator_operator", "orchestrator_api", True, False),
    }


@pytest.mark.parametrize("part", PARTS)
class TestALogin:
    def test_has_no_attribute_that_is_a_way_round(self, sessions: dict[str, Connection], part: str) -> None:
        (row,) = sessions[part].execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolinherit, rolname"
            " FROM pg_roles WHERE rolname = session_user"
        )
        assert list(row.values()) == [False, False, False, False, False, True, login_of(part)]

    def test_becomes_nobody_else(self, sessions: dict[str, Connection], part: str) -> None:
        session, became = sessions[part], []
        for wish in (*WISHES, *(login_of(other) for other in PARTS if other != part)):
            for statement in ("SET ROLE {}", "SET SESSION AUTHORIZATION {}"):
                try:
                    session.execute(sql.SQL(statement).format(sql.Identifier(wish)))
                except psycopg.Error:
                    continue
                became.append(wish)
                chain = self.becomes_from_there(session, wish)
                session.execute("RESET ROLE")
                assert chain == set(), "a role is no way to a third"
        assert became == (["orchestrator_operator"] if part == "api" else [])

    def becomes_from_there(self, session: Connection, role: str) -> set[str]:
        found = set()
        for wish in set(WISHES) - {role, "orchestrator_operator"}:
            try:
                session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(wish)))
            except psycopg.Error:
                continue
            found.add(wish)
        return found

    def test_makes_nothing_and_gives_nothing_away(self, sessions: dict[str, Connection], part: str) -> None:
        for attempt in ATTEMPTS:
            with pytest.raises((pg.InsufficientPrivilege, pg.InvalidParameterValue)):
                sessions[part].execute(attempt)


def test_only_an_operator_s_requests_see_everybody(sessions: dict[str, Connection], conn: Connection) -> None:
    """Row-level security counts for the logins themselves: none owns the tables that it reads."""
    conn.execute(
        "INSERT INTO agent_tasks (id, owner_id, type, payload, due_at, wake_at)"
        " VALUES (gen_random_uuid(), '1', 'echo', '{}', now(), now())"
    )
    seen = {part: len(session.execute("SELECT 1 FROM agent_tasks").fetchall()) for part, session in sessions.items()}
    assert seen == {"api": 0, "websocket": 0, "push": 0, "worker": 1, "sweeper": 1}


@pytest.mark.parametrize("part", ["websocket", "push", "sweeper"])
@pytest.mark.parametrize("lock", ["pg_advisory_lock(1)", "pg_advisory_xact_lock(1)", "pg_try_advisory_lock(1, 2)"])
def test_a_login_that_needs_no_advisory_lock_can_take_none(database_url: str, part: str, lock: LiteralString) -> None:
    with log_in(database_url, part) as connection, pytest.raises(pg.InsufficientPrivilege):
        connection.execute(f"SELECT {lock}")


@pytest.mark.parametrize("part", ["api", "worker"])
def test_the_other_logins_lock_for_one_transaction_at_most(database_url: str, part: str) -> None:
    with log_in(database_url, part) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(1), pg_advisory_xact_lock_shared(2)")
        with pytest.raises(pg.InsufficientPrivilege):
            connection.execute("SELECT pg_advisory_lock(1)")


@pytest.mark.parametrize("phases", [("pre", "post"), ("pre",)], ids=["both phases", "the first phase alone"])
def test_a_new_database_gets_the_written_rights_in_its_first_deploy(
    postgres_server: Layout, phases: tuple[Phase, ...]
) -> None:
    """A deploy runs every `pre` migration before the first `post` one, which revokes and grants anew."""
    name = f"first_deploy_{len(phases)}"
    url = postgres.url_of(postgres_server, name)
    with connect(postgres.url_of(postgres_server, "postgres")) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    database = Database(lambda: connect(url))
    for phase in phases:
        migrate(database, postgres.PACKAGES, (phase,))
    found = sorted(row["line"] for row in database.connection().execute(GRANTS))
    database.close()
    assert found == WRITTEN.read_text().splitlines()
