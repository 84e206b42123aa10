"""Many tasks are cancelled in pages: each bounded, each with its audit, none in the way of another."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from psycopg import errors as pg

from orchestrator.engine.operators.bulk_cancel import cancel_page
from orchestrator.store import audit
from orchestrator.store.bulk_cancel import Chosen
from orchestrator.store.connection import Database
from tests.integration.orchestrator.engine.cancelling import cancelled, many, statuses, trail
from tests.integration.orchestrator.engine.dead_letters import many_dead
from tests.integration.orchestrator.engine.test_children import family
from tests.support.engine import Engine


def test_rows_locked_by_others_are_neither_waited_for_nor_in_the_way(
    engine: Engine, operator: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.engine.operators.bulk_cancel.MOST_AT_ONCE", 3)
    operator.connection().execute("SET lock_timeout = '200ms'")
    ids = many(engine, 6)
    with engine.db.connection().transaction():
        engine.db.connection().execute("SELECT FROM agent_tasks WHERE id = ANY(%s) FOR UPDATE", (ids[:2],))
        chosen = Chosen(type="bulk")
        pages = [cancel_page(operator, engine.queue, engine.events, chosen, "olga (9)", "wrong") for _ in range(3)]
    assert pages == [(3, True), (1, True), (0, True)]
    assert [id for id, status in statuses(engine).items() if status == "pending"] == ids[:2]
    assert cancelled(engine, operator, type="bulk") == 2


def test_dead_letters_are_not_in_the_way(engine: Engine, operator: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.engine.operators.bulk_cancel.MOST_AT_ONCE", 2)
    many_dead(engine, 6)
    engine.db.connection().execute("UPDATE agent_tasks SET id = ('0000' || substr(id::text, 5))::uuid")  # the oldest
    many(engine, 3)
    pages = [cancel_page(operator, engine.queue, engine.events, Chosen(owner="1"), "o", "wrong") for _ in range(2)]
    assert pages == [(2, True), (1, False)]


def test_a_page_is_a_transaction_of_bounded_size(
    engine: Engine, operator: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Descendants are counted; a family that is larger than a page is one of its own."""
    monkeypatch.setattr("orchestrator.engine.operators.bulk_cancel.MOST_AT_ONCE", 6)
    alone, large = many(engine, 8), family(engine, [{}] * 8)
    small = [family(engine, [{}, {}]) for _ in range(3)]
    engine.run(large, *small)
    execute = engine.db.connection().execute
    execute("UPDATE agent_tasks SET type = 'bulk' WHERE id = ANY(%s)", ([large, *small],))
    pages: list[tuple[int, bool]] = []
    while not pages or pages[-1][1]:
        pages.append(cancel_page(operator, engine.queue, engine.events, Chosen(type="bulk"), "olga (9)", "wrong"))
    assert sum(done for done, _ in pages) == len(alone) + 9 + 3 * 3
    rows = execute("SELECT count(*) AS n FROM agent_task_events WHERE kind = 'cancelled' GROUP BY xid").fetchall()
    sizes = sorted(row["n"] for row in rows)
    assert sizes[-1] == 9
    assert max(sizes[:-1]) <= 6
    assert [entry["detail"]["tasks"] for entry in trail(engine)] == [done for done, _ in pages if done]
    assert set(statuses(engine).values()) == {"cancelled"}


def test_a_page_locks_no_more_than_it_ends(engine: Engine, operator: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.engine.operators.bulk_cancel.MOST_AT_ONCE", 4)
    many(engine, 30)
    locked_counts: list[int] = []
    record = audit.record_action

    def after_preview(*arguments: Any) -> None:
        free = "SELECT id FROM agent_tasks FOR UPDATE SKIP LOCKED"
        locked_counts.append(30 - len(engine.db.connection().execute(free).fetchall()))
        record(*arguments)

    monkeypatch.setattr(audit, "record_action", after_preview)
    cancel_page(operator, engine.queue, engine.events, Chosen(type="bulk"), "olga (9)", "wrong")
    assert locked_counts == [4]


def test_operator_time_filter_and_reason_are_audited(engine: Engine, operator: Database) -> None:
    task = engine.submit()
    since = datetime(2026, 1, 2, 3, tzinfo=UTC)
    cancelled(engine, operator, type="test.effect", owner="1", since=since)
    (entry,) = trail(engine)
    assert (entry["actor"], entry["action"]) == ("olga (9)", "cancel")
    filters = {"type": "test.effect", "owner": "1", "since": "2026-01-02T03:00:00.000Z"}
    assert entry["detail"] == {**filters, "reason": "a wrong import", "tasks": 1}
    execute = engine.db.connection().execute
    event = execute(
        "SELECT data FROM agent_task_events WHERE kind = 'cancelled' AND task_id = %s", (task.id,)
    ).fetchone()
    assert event == {"data": {"by": "operator olga (9)", "reason": "a wrong import"}}


def test_no_change_without_its_audit(engine: Engine, operator: Database) -> None:
    ids = many(engine, 3)
    engine.queue.sent.clear()
    execute = engine.db.connection().execute
    execute("REVOKE INSERT ON operator_actions FROM orchestrator_operator")
    with pytest.raises(pg.InsufficientPrivilege):
        cancelled(engine, operator, ids=ids)
    assert set(statuses(engine).values()) == {"pending"}
    assert execute("SELECT kind FROM agent_task_events").fetchall() == []
    assert (engine.queue.sent, engine.events.owners) == ([], [])


def test_no_audit_without_its_change(engine: Engine, operator: Database) -> None:
    many(engine, 3)
    engine.db.connection().execute("REVOKE INSERT ON agent_task_events FROM orchestrator_api")
    with pytest.raises(pg.InsufficientPrivilege):
        cancelled(engine, operator, type="bulk")
    assert trail(engine) == []


def test_two_operators_at_once_end_each_task_once(
    engine: Engine, operator: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.engine.operators.bulk_cancel.MOST_AT_ONCE", 10)
    many(engine, 60)

    def all_of_them(db: Database) -> int:
        done, more = 0, True
        while more:
            page, more = cancel_page(db, engine.queue, engine.events, Chosen(type="bulk"), "olga (9)", "wrong")
            done += page
        return done

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(all_of_them, [operator, engine.database("operator")]))
    assert sum(ended) == 60
    rows = engine.db.connection().execute("SELECT count(*) AS n FROM agent_task_events GROUP BY task_id").fetchall()
    assert [row["n"] for row in rows] == [1] * 60
    assert sum(entry["detail"]["tasks"] for entry in trail(engine)) == 60


def test_each_has_its_line_and_counts(engine: Engine, operator: Database, logged: StringIO) -> None:
    ids = many(engine, 3)
    cancelled(engine, operator, type="bulk")
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    said = [line for line in lines if line["message"] == "task cancelled"]
    assert sorted(line["task_id"] for line in said) == sorted(map(str, ids))
    assert {(line["actor"], line["task_type"]) for line in said} == {("operator olga (9)", "bulk")}
