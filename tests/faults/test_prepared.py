"""Prepared statements, and tables that change under them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from psycopg import errors

from orchestrator.model.states import Status
from orchestrator.store import row_security, tasks
from orchestrator.store.connection import PREPARED_FROM, connect
from tests.faults.lab import Lab
from tests.support import postgres


def test_a_deploy_changes_a_table_under_prepared_statements(lab: Lab) -> None:
    """Postgres refuses a plan whose columns are others now; old code goes on with the new schema."""
    engine = lab.engine
    for _ in range(PREPARED_FROM + 2):
        task = engine.submit()
        assert engine.task(task.id).status is Status.PENDING
    prepared = engine.db.connection().execute("SELECT count(*) AS n FROM pg_prepared_statements").fetchone()
    assert prepared is not None
    assert prepared["n"] > 0
    with connect(lab.url) as deploy:
        deploy.execute("ALTER TABLE agent_tasks ADD COLUMN of_tomorrow text")
    after = engine.submit()
    assert engine.task(after.id).status is Status.PENDING
    assert engine.run(after.id) == []
    assert engine.task(after.id).status is Status.COMPLETED


def test_a_table_that_was_away_is_there_again_for_the_same_connection(lab: Lab) -> None:
    api = postgres.connect_as(lab.url, "api")
    with connect(lab.url) as deploy, api.row_context(row_security.owner("1")):
        for _ in range(PREPARED_FROM - 1):
            api.run(tasks.get_task, "1", uuid4())
        deploy.execute("ALTER TABLE agent_tasks RENAME TO away")
        for _ in range(PREPARED_FROM):
            with pytest.raises(errors.UndefinedTable):
                api.run(tasks.get_task, "1", uuid4())
        deploy.execute("ALTER TABLE away RENAME TO agent_tasks")
        assert api.run(tasks.get_task, "1", uuid4()) is None
    api.close()
