"""schema.sql equals the result of the migrations."""

from __future__ import annotations

from importlib import resources
from typing import Any, LiteralString
from uuid import uuid4

import pytest
from psycopg import sql

from orchestrator.model.errors import Conflict
from orchestrator.store.connection import Connection, connect
from orchestrator.store.migrate import migrations
from playmate.domain.coordinates import Point
from playmate.store import accounts, points
from tests.support import postgres
from tools.local_stack.stack_config import Layout

#: Number of the application's migrations before names, points and credentials were separated.
BEFORE = 6

SHAPE: LiteralString = """
    select 'column' as kind, c.table_name || '.' || c.column_name as name,
           concat_ws(' ', c.data_type, c.is_nullable, c.column_default, c.is_identity, c.generation_expression) as shape
    from information_schema.columns as c where c.table_schema = %(schema)s
    union all
    select 'constraint', t.relname || '.' || k.conname, pg_get_constraintdef(k.oid)
    from pg_constraint as k join pg_class as t on t.oid = k.conrelid
    where k.connamespace = to_regnamespace(%(schema)s)
    union all
    select 'index', indexname, regexp_replace(indexdef, ' ON \\S+\\.', ' ON ')
    from pg_indexes where schemaname = %(schema)s
"""


def shape(conn: Connection, schema: str) -> dict[tuple[str, str], Any]:
    rows = conn.execute(SHAPE, {"schema": schema}).fetchall()
    return {(row["kind"], row["name"]): row["shape"].replace(f"{schema}.", "") for row in rows}


def test_the_migrations_make_the_schema(conn: Connection) -> None:
    text = resources.files("playmate.store").joinpath("schema.sql").read_text(encoding="utf-8")
    conn.execute("CREATE SCHEMA shown")
    conn.execute("SET search_path = shown")
    conn.execute(text.encode())
    shown = shape(conn, "shown")
    conn.execute("SET search_path = public")
    tables = {name.split(".")[0] for kind, name in shown if kind == "column"}
    made = {
        key: value for key, value in shape(conn, "public").items() if key in shown or key[1].split(".")[0] in tables
    }
    assert made == shown


def test_accounts_of_before_are_carried_over(postgres_server: Layout) -> None:
    """Signed up before, or between the halves of a deploy: both sign in and keep their points; the gone stay gone."""
    name = f"before_{uuid4().hex[:8]}"
    with connect(postgres.url_of(postgres_server, "postgres")) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with connect(postgres.url_of(postgres_server, name)) as conn:
            steps = [each for package in postgres.PACKAGES for each in migrations(package)]
            engine = [step for step in steps if step.package == postgres.PACKAGES[0]]
            families = [step for step in steps if step not in engine]
            for step in (*engine, *families[:BEFORE]):
                conn.execute(step.sql)
            sign_up(conn, "Amira")
            conn.execute("INSERT INTO forgotten_guardians (guardian_id) VALUES (77)")
            last_of_the_code_before = next(step for step in families[BEFORE:] if step.phase == "post")
            for step in families[BEFORE:]:
                if step is last_of_the_code_before:
                    sign_up(conn, "Bruno")
                conn.execute(step.sql)
            for guardian, given in ((1, "aMIRA"), (1, "amira@example.com"), (2, "BRUNO")):
                found = accounts.find_credentials(conn, given)
                assert found is not None
                assert (found.account.id, found.password_hash) == (guardian, "x")
                assert points.get_point(conn, found.account.id) == Point(48.0, 2.0)
            assert conn.execute("SELECT owner_id FROM closed_owners").fetchall() == [{"owner_id": "77"}]
            with pytest.raises(Conflict, match="name is taken"):
                accounts.create_guardian(conn, name="AMIRA", email="a@b.c", password_hash="x", role="guardian")
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def sign_up(conn: Connection, name: str) -> None:
    conn.execute(
        "INSERT INTO guardians (name, email, password_hash, playdate_latitude, playdate_longitude)"
        " VALUES (%s, %s, 'x', 48, 2)",
        (name, f"{name.lower()}@example.com"),
    )
