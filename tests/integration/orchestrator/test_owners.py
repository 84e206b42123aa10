"""A read without an owner finds nothing; only ANY_OWNER reads the rows of every owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any, cast

import pytest

from orchestrator.model.states import Status
from orchestrator.store import bulk_cancel, events, operator_search, tasks
from orchestrator.store.bulk_cancel import Chosen
from orchestrator.store.connection import Connection
from orchestrator.store.operator_search import Wanted
from orchestrator.store.owners import ANY_OWNER, owner_filter
from tests.support.engine import Engine

#: The value that a caller without an owner would pass, against the types.
MISSING = cast("Any", None)

READS: dict[str, Callable[[Connection, Any, Any], object]] = {
    "get": tasks.get_task,
    "history": events.task_events,
    "cancel": lambda conn, owner, task: tasks.cancel(conn, owner, [task], "test"),
    "living_descendants": lambda conn, owner, task: tasks.living_descendants(conn, owner, [task]),
    "list_page": lambda conn, owner, _: tasks.list_tasks(conn, owner),
    "newest_completed": lambda conn, owner, _: tasks.newest_completed(conn, owner, "test.noop", 9),
    "find_submitted": lambda conn, owner, _: tasks.find_submitted(conn, owner, cast("Any", None), "key"),
    "search": lambda conn, owner, _: (
        operator_search.search_tasks(conn, Wanted(owner=owner), before=None, limit=9).tasks
    ),
    "search_live": lambda conn, owner, _: (
        operator_search.search_live(conn, Wanted(owner=owner), "due", before=None, limit=9).tasks
    ),
    "search_ended": lambda conn, owner, _: (
        operator_search.search_ended(conn, Wanted(owner=owner), before=None, limit=9).tasks
    ),
    "fitting": lambda conn, owner, _: bulk_cancel.matching(conn, Chosen(owner=owner), 9),
    "still_fitting": lambda conn, owner, task: bulk_cancel.still_matching(conn, Chosen(owner=owner), [task]),
    "would_end": lambda conn, owner, _: [row for row in bulk_cancel.would_end(conn, Chosen(owner=owner)) if row.tasks],
}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = Engine(database_url)
    yield made
    made.close()


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_missing_owner_finds_nothing(engine: Engine, read: Callable[[Connection, Any, Any], object]) -> None:
    parent = engine.submit("test.noop", idempotency_key="key").id
    ended = engine.submit("test.noop").id
    engine.run(ended)
    conn = engine.db.connection()
    conn.execute("UPDATE agent_tasks SET parent_id = %s, spawn_key = 'kid' WHERE id = %s", (parent, ended))
    assert not read(conn, MISSING, parent)
    assert engine.task(parent).status is Status.PENDING


@pytest.mark.parametrize("name", ["get", "history", "cancel", "search", "search_live", "fitting", "still_fitting"])
def test_any_owner_finds_the_rows_that_a_missing_one_does_not(engine: Engine, name: str) -> None:
    task = engine.submit("test.noop", owner="2").id
    conn = engine.db.connection()
    assert READS[name](conn, ANY_OWNER, task)


def test_no_statement_reads_a_null_owner_as_any_owner() -> None:
    folder = resources.files("orchestrator.store").joinpath("queries")
    texts = [file.read_text() for file in folder.iterdir() if file.name.endswith(".sql")]
    texts += [file.read_text() for file in folder.joinpath("parts").iterdir()]
    assert not [text for text in texts if "owner_id)s::text IS NULL" in text or "owner_id)s IS NULL" in text]


def test_the_filter_of_a_missing_owner_names_nobody() -> None:
    assert owner_filter(MISSING) == {"any_owner": False, "owner_id": None}
    assert owner_filter("7") == {"any_owner": False, "owner_id": "7"}
    assert owner_filter(ANY_OWNER) == {"any_owner": True, "owner_id": None}
