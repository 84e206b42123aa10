"""Postgres limits each function's role to its rights and to its owner's rows, even if a query omits the owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import LiteralString
from uuid import UUID

import pytest
from psycopg import errors as pg

from orchestrator.store import row_security, tasks
from orchestrator.store.connection import Connection, Database
from orchestrator.store.owners import ANY_OWNER
from playmate.store import accounts
from tests.support.engine import Engine
from tests.support.postgres import connect_as

ConnectAs = Callable[[str], Database]
ANN, BEN = row_security.owner("1"), row_security.owner("2")


@pytest.fixture
def as_part(database_url: str) -> Iterator[ConnectAs]:
    """The database with the rights of one part."""
    with ExitStack() as opened:

        def make(part: str) -> Database:
            made = connect_as(database_url, part)
            opened.callback(made.close)
            return made

        yield make


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = Engine(database_url)
    yield made
    made.close()


@pytest.fixture
def families(conn: Connection) -> tuple[int, int, int]:
    """Ann (1) and Ben (2) with a kid each, Eve (3); nobody is friends with anybody."""
    made = [
        accounts.create_guardian(conn, name=name, email=f"{name}@example.com", password_hash="x", role="guardian").id
        for name in ("ann", "ben", "eve")
    ]
    for guardian in made[:2]:
        conn.execute(
            "INSERT INTO kids (guardian_id, name, age, favorite_activity) VALUES (%s, 'Kim', 6, 'chess')", (guardian,)
        )
    return (made[0], made[1], made[2])


def rows(db: Database, context: row_security.RowContext, sql: LiteralString) -> list[object]:
    with db.row_context(context):
        return [next(iter(row.values())) for row in db.run(lambda conn: conn.execute(sql).fetchall())]


def changed(db: Database, context: row_security.RowContext, sql: LiteralString) -> int:
    with db.row_context(context):
        return db.run(lambda conn: conn.execute(sql).rowcount)


class TestVisibleRows:
    @pytest.mark.parametrize("part", ["api", "websocket", "push"])
    @pytest.mark.parametrize(
        "sql", ["SELECT owner_id FROM agent_tasks", "SELECT owner_id FROM agent_task_events"], ids=["tasks", "events"]
    )
    def test_a_query_that_forgot_the_owner_shows_the_owner_s_alone(
        self, engine: Engine, as_part: ConnectAs, part: str, sql: LiteralString
    ) -> None:
        for owner in ("1", "2"):
            engine.submit(owner=owner)
        db = as_part(part)
        assert rows(db, ANN, sql) == ["1"]
        assert rows(db, BEN, sql) == ["2"]
        assert rows(db, row_security.NOBODY, sql) == []

    def test_a_change_that_forgot_the_owner_changes_the_owner_s_alone(self, engine: Engine, as_part: ConnectAs) -> None:
        mine, other = engine.submit(owner="1").id, engine.submit(owner="2").id
        assert changed(as_part("api"), ANN, "UPDATE agent_tasks SET parked_by = 'x', wake_at = NULL") == 1
        assert engine.row(mine)["parked_by"] == "x"
        assert engine.row(other)["parked_by"] is None

    def test_nothing_is_written_in_another_s_name(self, engine: Engine, as_part: ConnectAs) -> None:
        task = engine.submit(owner="2").id
        db = as_part("api")
        with db.row_context(ANN), pytest.raises(pg.InsufficientPrivilege, match="row-level security"):
            db.run(
                lambda conn: conn.execute(
                    "INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)"
                    " VALUES (%s, 2, 0, 'progress', 'pending', '2')",
                    (task,),
                )
            )

    def test_an_operator_sees_everybody_s(self, engine: Engine, as_part: ConnectAs) -> None:
        for owner in ("1", "2"):
            engine.submit(owner=owner)
        assert rows(as_part("api"), row_security.operator("9"), "SELECT owner_id FROM agent_tasks ORDER BY 1") == [
            "1",
            "2",
        ]

    def test_families_see_their_own_rows_and_those_that_friendship_shows(
        self, conn: Connection, as_part: ConnectAs, families: tuple[int, int, int]
    ) -> None:
        ann, ben, _ = families
        api = as_part("api")
        names, kids = "SELECT name FROM guardians ORDER BY 1", "SELECT guardian_id FROM kids ORDER BY 1"
        assert (rows(api, ANN, names), rows(api, ANN, kids)) == (["ann"], [ann])
        conn.execute("INSERT INTO friend_links (asker_id, receiver_id) VALUES (%s, %s)", (ann, ben))
        assert (rows(api, ANN, names), rows(api, ANN, kids)) == (["ann", "ben"], [ann])
        conn.execute("UPDATE friend_links SET state = 1, answered_at = now()")
        assert rows(api, ANN, kids) == [ann, ben]
        assert rows(api, row_security.owner("3"), "SELECT asker_id FROM friend_links") == []
        conn.execute("UPDATE friend_links SET state = 2")
        assert (rows(api, ANN, names), rows(api, ANN, kids)) == (["ann", "ben"], [ann]), "a refusal is not shown"
        assert (rows(api, BEN, names), rows(api, BEN, kids)) == (["ben"], [ben])

    def test_a_sign_in_sees_the_account_named_and_no_other(
        self, as_part: ConnectAs, families: tuple[int, int, int]
    ) -> None:
        everybody: tuple[LiteralString, ...] = ("SELECT email FROM credentials", "SELECT name FROM guardians")
        api = as_part("api")
        assert [rows(api, row_security.NOBODY, sql) for sql in everybody] == [[], []]
        for given in ("BEN@example.com", "ben", "\uff22EN"):
            assert [rows(api, accounts.signing_in(given), sql) for sql in everybody] == [["ben@example.com"], ["ben"]]
        assert changed(api, accounts.signing_in("ben"), "UPDATE credentials SET password_hash = 'y'") == 1
        assert len(families) == 3

    def test_a_family_that_only_asked_sees_a_name_and_no_more(
        self, conn: Connection, as_part: ConnectAs, families: tuple[int, int, int]
    ) -> None:
        ann, ben, _ = families
        conn.execute("INSERT INTO playdate_points SELECT id, 48.1, 2.1 FROM guardians")
        conn.execute("INSERT INTO friend_links (asker_id, receiver_id) VALUES (%s, %s)", (ann, ben))
        api = as_part("api")
        points: LiteralString = "SELECT guardian_id FROM playdate_points ORDER BY 1"
        assert rows(api, ANN, "SELECT name FROM guardians ORDER BY 1") == ["ann", "ben"]
        assert rows(api, ANN, points) == [ann]
        assert rows(api, ANN, "SELECT email FROM credentials") == []
        columns = rows(api, ANN, "SELECT column_name FROM information_schema.columns WHERE table_name = 'guardians'")
        assert set(columns) == {"id", "name", "role", "created_at"}
        conn.execute("UPDATE friend_links SET state = 1, answered_at = now()")
        assert rows(api, ANN, points) == [ann, ben]
        assert rows(api, ANN, "SELECT email FROM credentials") == []

    @pytest.mark.parametrize("context", ["auth0|5f7c8ec7c33c6c004bbafe82", "", "1 or 1=1", "9" * 30])
    def test_an_owner_without_a_guardian_row_sees_no_family(
        self, as_part: ConnectAs, families: tuple[int, int, int], context: str
    ) -> None:
        assert rows(as_part("api"), row_security.owner(context), "SELECT name FROM guardians") == []
        assert len(families) == 3

    def test_a_handler_changes_its_owner_s_family_alone(
        self, as_part: ConnectAs, conn: Connection, families: tuple[int, int, int]
    ) -> None:
        worker = as_part("worker")
        conn.execute("INSERT INTO playdate_points SELECT id, 48, 2 FROM guardians")
        assert changed(worker, BEN, "UPDATE playdate_points SET latitude = 1") == 1
        (moved,) = conn.execute("SELECT guardian_id FROM playdate_points WHERE latitude = 1").fetchall()
        assert moved["guardian_id"] == families[1]
        assert changed(worker, BEN, "DELETE FROM guardians") == 1

    def test_a_session_that_is_ended_is_the_owner_s(self, as_part: ConnectAs, conn: Connection) -> None:
        for owner in ("1", "2"):
            conn.execute(
                "INSERT INTO socket_connections (id, owner_id, expires_at) VALUES (%s, %s, now() + interval '1 hour')",
                (f"socket of {owner}", owner),
            )
            conn.execute(
                "INSERT INTO socket_tickets (hash, owner_id, expires_at, token_expires_at)"
                " VALUES (%s, %s, now(), now())",
                (owner.encode(), owner),
            )
        api = as_part("api")
        assert changed(api, ANN, "UPDATE socket_connections SET expires_at = now()") == 1
        assert changed(api, ANN, "DELETE FROM socket_tickets") == 1
        assert changed(api, row_security.operator("9"), "UPDATE socket_connections SET expires_at = now()") == 2
        assert changed(api, row_security.operator("9"), "DELETE FROM socket_tickets") == 1


class TestRowSecurityContext:
    def test_the_settings_end_with_their_statement(self, engine: Engine, as_part: ConnectAs) -> None:
        engine.submit(owner="1")
        db = as_part("api")
        everything: LiteralString = "SELECT owner_id FROM agent_tasks"
        assert rows(db, ANN, everything) == ["1"]
        assert db.connection().execute(everything).fetchall() == []

    def test_a_statement_that_fails_leaves_nothing_behind(self, engine: Engine, as_part: ConnectAs) -> None:
        engine.submit(owner="1")
        db = as_part("api")
        with db.row_context(ANN), pytest.raises(pg.DivisionByZero):
            db.run(lambda conn: conn.execute("SELECT 1/0"))
        assert rows(db, row_security.NOBODY, "SELECT owner_id FROM agent_tasks") == []
        assert rows(db, ANN, "SELECT owner_id FROM agent_tasks") == ["1"]

    def test_a_transaction_begins_with_its_row_security_context(self, engine: Engine, as_part: ConnectAs) -> None:
        engine.submit(owner="1")
        db = as_part("api")
        with db.row_context(ANN), db.transaction() as conn:
            assert len(conn.execute("SELECT 1 FROM agent_tasks").fetchall()) == 1
            with conn.transaction():
                assert len(conn.execute("SELECT 1 FROM agent_tasks").fetchall()) == 1

    def test_a_connection_that_is_opened_anew_acts_as_before(self, engine: Engine, as_part: ConnectAs) -> None:
        task = engine.submit(owner="1")
        db = as_part("api")
        with db.row_context(ANN):
            db.connection().close()
            assert db.run(tasks.get_task, "1", task.id) is not None

    def test_each_handler_of_a_batch_acts_as_its_own_owner(self, engine: Engine, conn: Connection) -> None:
        conn.execute("ALTER TABLE ledger ADD COLUMN who text DEFAULT acting_owner()")
        batch = [engine.submit(owner=owner).id for owner in ("1", "2", "3")]
        engine.run(*batch)
        found = conn.execute("SELECT task_id, who FROM ledger").fetchall()
        assert {row["task_id"]: row["who"] for row in found} == dict(zip(batch, ("1", "2", "3"), strict=True))


def test_nobody_is_made_an_operator_by_signing_up(as_part: ConnectAs) -> None:
    api = as_part("api")
    with api.row_context(accounts.signing_in("mallory")), pytest.raises(pg.InsufficientPrivilege):
        api.run(accounts.create_guardian, name="mallory", email="m@example.com", password_hash="x", role="operator")


def test_no_table_is_without_a_decision(conn: Connection) -> None:
    """A new table with an owner needs row-level security; those without stand here."""
    open_tables = {
        row["relname"]
        for row in conn.execute(
            "SELECT relname FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relrowsecurity"
        )
    }
    assert open_tables == {
        "agent_limits",  # of no owner; read by workers, the sweeper and operators, as the next two
        "agent_limit_uses",
        "agent_limit_waits",
        "agent_task_notes",  # of operators, whose role alone may read it
        "agent_task_steps",  # read by workers alone
        "handler_transactions",  # of workers alone, and of no owner
        "revocation",
        "redrives",
        "rate_limits",
        "schema_migrations",
        "known_flags",
        "occurrences",  # counts, nobody's
        "figure_minutes",
        "knowledge_documents",
        "agent_model_prices",  # data of operators, of no owner
    }


def test_a_user_s_cancel_reaches_no_other_owner(engine: Engine, as_part: ConnectAs) -> None:
    task: UUID = engine.submit(owner="2").id
    api = as_part("api")
    with api.row_context(ANN):
        assert api.run(tasks.get_task, ANY_OWNER, task) is None, "not even where the query names no owner"
    assert engine.row(task)["status"] == "pending"
