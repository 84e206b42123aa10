"""schema.sql shows what the migrations make."""

from __future__ import annotations

from importlib import resources
from typing import Any, LiteralString

from orchestrator.store.db import Connection

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
