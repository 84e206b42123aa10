"""The reference of the database schema, from the catalog of a migrated database."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from orchestrator.store.connection import Connection, connect
from tools.quality.reference.markdown import code, document, table

INTRODUCTION = """\
The migrations of `shared/orchestrator/store/migrations` and `shared/playmate/store/migrations` create these tables.
Functions log in with roles of their own; `tests/integration/orchestrator/rights.txt` lists every right."""

TABLES = """
SELECT c.oid::regclass::text AS name, obj_description(c.oid) AS comment, c.relrowsecurity AS row_security,
       c.relpersistence = 'u' AS unlogged
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY 1
"""
COLUMNS = """
SELECT attrelid::regclass::text AS name, attname AS column, format_type(atttypid, atttypmod) AS type,
       attnotnull AS required, pg_get_expr(adbin, adrelid) AS default, col_description(attrelid, attnum) AS comment
  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum
"""
INDEXES = """
SELECT tablename AS name, indexname AS index, regexp_replace(indexdef, '^CREATE (UNIQUE )?INDEX \\S+ ON \\S+ ', '\\1')
       AS definition FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2
"""


def page_of(conn: Connection) -> str:
    """Return reference/database.md for the database of the connection."""
    columns, indexes = _by_table(conn, COLUMNS), _by_table(conn, INDEXES)
    lines: list[str] = []
    for one in conn.execute(TABLES).fetchall():
        name = str(one["name"])
        lines += [f"## `{name}`", "", *_notes(one)]
        rows = [
            (code(each["column"]), each["type"], "yes" if each["required"] else "", code(each["default"] or ""))
            for each in columns[name]
        ]
        lines += table(("column", "type", "required", "default"), rows)
        lines += table(("index", "on"), [(code(each["index"]), each["definition"]) for each in indexes[name]])
    return document("Database schema", INTRODUCTION, lines)


def page_of_new_database() -> str:
    """Start a server, migrate a database and return its page."""
    from orchestrator.observability import logger
    from tests.support import postgres

    logger.setLevel("WARNING")

    with postgres.server() as layout:
        postgres.make_template(layout)
        with postgres.fresh_database(layout) as url, connect(url) as conn:
            return page_of(conn)


def _by_table(conn: Connection, query: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in conn.execute(query).fetchall():
        found[str(row["name"])].append(dict(row))
    return found


def _notes(one: dict[str, Any]) -> list[str]:
    notes = [str(one["comment"])] if one["comment"] else []
    notes += ["Row-level security."] if one["row_security"] else []
    notes += ["Unlogged: a crash empties it."] if one["unlogged"] else []
    return [" ".join(notes), ""] if notes else []
