"""The page of the database schema is that of the migrations."""

from __future__ import annotations

from orchestrator.store.connection import Connection
from tools.quality.reference import database
from tools.quality.reference.pages import DATABASE_PAGE, DOCS


def test_the_page_is_fresh(conn: Connection) -> None:
    assert (DOCS / DATABASE_PAGE).read_text(encoding="utf-8") == database.page_of(conn), "run: make reference"
