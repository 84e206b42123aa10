"""Search every table of a database for a word."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row


def columns_that_contain(conn: psycopg.Connection[Any], word: str) -> list[str]:
    """Return the name of every table with a row whose text contains the word."""
    with conn.cursor(row_factory=dict_row) as cursor:
        tables = cursor.execute(
            "SELECT table_schema AS schema, table_name AS name FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        found = []
        for table in tables:
            query = sql.SQL("SELECT count(*) AS n FROM {} AS t WHERE strpos(lower(t::text), lower(%s)) > 0")
            row = cursor.execute(query.format(sql.Identifier(table["schema"], table["name"])), (word,)).fetchone()
            if row and row["n"]:
                found.append(table["name"])
        return found
