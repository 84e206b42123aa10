"""schema.sql equals the result of the migrations."""

from __future__ import annotations

from tools.local_stack.stack_config import Layout
from tools.quality import schema


def test_the_schema_is_that_of_the_migrations(postgres_server: Layout) -> None:
    written = schema.FILE.read_text(encoding="utf-8")
    assert schema.text(postgres_server) == written, "a migration has changed the schema: run `make schema`"
    assert "CREATE TABLE public.agent_tasks (" in written
    assert "CREATE VIEW public.live_tasks" in written
    assert "CREATE POLICY" in written
