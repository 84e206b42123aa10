"""Postgres refuses every listed statement that exceeds the rights of a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import LiteralString

import pytest
from psycopg import errors as pg

from orchestrator.store.connection import Database
from tests.support.postgres import connect_as

ConnectAs = Callable[[str], Database]


@pytest.fixture
def as_part(database_url: str) -> Iterator[ConnectAs]:
    """The database with the rights of one part."""
    with ExitStack() as opened:

        def make(part: str) -> Database:
            made = connect_as(database_url, part)
            opened.callback(made.close)
            return made

        yield make


@pytest.mark.parametrize(
    ("part", "sql"),
    [
        ("api", "UPDATE agent_tasks SET owner_id = '1'"),
        ("api", "UPDATE agent_tasks SET result = '{}'"),
        ("api", "DELETE FROM agent_tasks"),
        ("api", "SELECT nextval('attempt_token')"),
        ("api", "SELECT result FROM agent_task_steps"),
        ("api", "SELECT hash FROM socket_tickets"),
        ("api", "SELECT id FROM socket_connections"),
        ("api", "SELECT actor FROM operator_actions"),
        ("api", "INSERT INTO redrives (id, actor, task_ids, fingerprints) VALUES (gen_random_uuid(), 'x', '{}', '{}')"),
        ("api", "UPDATE guardians SET role = 'operator'"),
        ("api", "INSERT INTO friend_links (asker_id, receiver_id) VALUES (1, 2)"),
        ("api", "UPDATE knowledge_documents SET body = 'x'"),
        ("operator", "UPDATE operator_actions SET actor = 'nobody'"),
        ("operator", "DELETE FROM operator_actions"),
        ("operator", "UPDATE agent_task_notes SET text = 'x'"),
        ("operator", "DELETE FROM agent_task_notes"),
        ("api", "SELECT text FROM agent_task_notes"),
        ("worker", "SELECT text FROM agent_task_notes"),
        ("operator", "DELETE FROM occurrences"),
        ("operator", "INSERT INTO figure_minutes (at) VALUES (now())"),
        ("api", "SELECT state FROM live_tasks"),
        ("api", "SELECT due FROM figure_minutes"),
        ("api", "INSERT INTO occurrences (at, kind, type, tasks) VALUES (now(), 'death', 'x', 1)"),
        ("worker", "SELECT kind FROM occurrences"),
        ("worker", "SELECT state FROM live_tasks"),
        (
            "operator",
            "INSERT INTO operator_actions (actor, action, detail, created_at) VALUES ('x', 'stop', '{}', now())",
        ),
        (
            "sweeper",
            "INSERT INTO operator_actions (actor, action, detail, created_at) VALUES ('canary', 'stop', '{}', now())",
        ),
        ("sweeper", "INSERT INTO operator_actions (actor, action, detail) VALUES ('olga (9)', 'stop', '{}')"),
        ("sweeper", "INSERT INTO operator_actions (actor, action, detail) VALUES ('canary', 'flag', '{}')"),
        ("sweeper", "SELECT actor FROM operator_actions"),
        ("api", "INSERT INTO operator_actions (actor, action, detail) VALUES ('olga (9)', 'stop', '{}')"),
        ("api", "UPDATE socket_connections SET owner_id = '1'"),
        ("api", "UPDATE revocation SET revoked_at = now()"),
        ("api", "DELETE FROM kids"),
        ("api", "INSERT INTO agent_tasks (owner_id, status, result) VALUES ('1', 'completed', '1')"),
        ("worker", "SELECT password_hash FROM credentials"),
        ("worker", "SELECT email FROM credentials"),
        ("worker", "UPDATE agent_tasks SET owner_id = '1'"),
        ("worker", "UPDATE agent_tasks SET type = 'account.forget'"),
        ("worker", "UPDATE agent_task_events SET owner_id = '1'"),
        ("worker", "UPDATE friend_links SET asker_id = 1"),
        ("worker", "DELETE FROM closed_owners"),
        ("worker", "SELECT actor FROM operator_actions"),
        ("worker", "UPDATE socket_connections SET cursor = ''"),
        ("websocket", "UPDATE agent_tasks SET status = 'cancelled'"),
        ("websocket", "INSERT INTO socket_tickets (hash, owner_id) VALUES ('', '1')"),
        ("websocket", "SELECT name FROM guardians"),
        ("push", "UPDATE agent_tasks SET status = 'cancelled'"),
        ("push", "SELECT hash FROM socket_tickets"),
        ("push", "UPDATE socket_connections SET owner_id = '1'"),
        ("websocket", "UPDATE socket_connections SET owner_id = '1'"),
        ("websocket", "UPDATE socket_connections SET expires_at = now()"),
        ("push", "SELECT name FROM guardians"),
        ("sweeper", "UPDATE agent_tasks SET result = '{}'"),
        ("sweeper", "UPDATE agent_tasks SET payload = '{}'"),
        ("sweeper", "SELECT name FROM guardians"),
        ("sweeper", "UPDATE figure_minutes SET died = 0"),
        *(
            (part, "CREATE TABLE mine (x int)")
            for part in ("api", "operator", "worker", "websocket", "push", "sweeper")
        ),
        *((part, "ALTER TABLE agent_tasks DISABLE ROW LEVEL SECURITY") for part in ("api", "operator", "worker")),
    ],
)
def test_no_function_may_use_the_rights_of_another(as_part: ConnectAs, part: str, sql: LiteralString) -> None:
    with pytest.raises(pg.InsufficientPrivilege):
        as_part(part).connection().execute(sql)
