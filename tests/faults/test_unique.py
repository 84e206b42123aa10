"""Unique tasks under concurrency and sudden ends: one row for a key, and the newest payload is never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from orchestrator.engine.submit import Submitted, TaskRequest, submit
from orchestrator.engine.unique import Debounce, Rule, UniqueKey
from orchestrator.model.errors import Conflict
from orchestrator.store.connection import Database, connect
from tests.faults.lab import Lab


def order(n: int, rule: Rule) -> TaskRequest:
    return TaskRequest(owner="1", type="test.noop", payload={"n": n}, unique=UniqueKey("k", rule), by_user=False)


def submit_at_once(lab: Lab, rule: Rule, many: int, connections: int) -> list[Submitted | Conflict]:
    """`many` submits of one key on so many connections, begun together."""
    barrier = Barrier(connections, timeout=60)

    def some(first: int) -> list[Submitted | Conflict]:
        database = Database(lambda: connect(lab.url))
        database.connection()
        barrier.wait()
        answers: list[Submitted | Conflict] = []
        for n in range(first, many, connections):
            try:
                answers.append(submit(database, lab.engine.queue, lab.engine.agents, order(n, rule)))
            except Conflict as error:
                answers.append(error)
        database.close()
        return answers

    with ThreadPoolExecutor(connections) as pool:
        return [each for answers in pool.map(some, range(connections)) for each in answers]


@pytest.mark.parametrize("rule", ["return", "replace", "reject", Debounce(5.0, 20.0)], ids=str)
def test_a_hundred_submits_of_one_key_make_one_row(lab: Lab, rule: Any) -> None:
    lab.engine.move_clock(0)
    answers = submit_at_once(lab, rule, 100, 20)
    rows = lab.engine.db.connection().execute("SELECT id, payload FROM agent_tasks").fetchall()
    assert len(rows) == 1
    made = [answer for answer in answers if isinstance(answer, Submitted)]
    assert sum(answer.created for answer in made) == 1
    assert {answer.task.id for answer in made} == {rows[0]["id"]}
    assert len(made) == (1 if rule == "reject" else 100)
    assert len(lab.engine.queue.sent) == 1
    lab.recover()
    assert lab.engine.task(rows[0]["id"]).result == rows[0]["payload"]


def test_submits_against_workers_lose_no_payload(lab: Lab) -> None:
    """A submit finds a task that waits, runs or is over: a later run has its payload or a newer one."""
    lab.engine.move_clock(0)
    ran: list[int] = []
    for n in range(60):
        task = submit(lab.engine.db, lab.engine.queue, lab.engine.agents, order(n, Debounce(1.0))).task
        if n % 3 == 2:
            lab.engine.move_clock(2)
            lab.deliver()
            ran.append(lab.engine.task(task.id).result["n"])
    assert ran == list(range(2, 60, 3))


def test_a_submit_whose_process_dies_after_the_commit_is_repaired(lab: Lab) -> None:
    unique = {"key": "k", "rule": "return"}
    lab.kill_at("submit", "submit.committed", order={"type": "test.noop", "payload": {"n": 1}, "unique": unique})
    again = submit(lab.engine.db, lab.engine.queue, lab.engine.agents, order(2, "return"))
    assert (again.created, lab.engine.queue.sent) == (False, [])
    lab.recover()
    assert lab.engine.task(again.task.id).result == {"n": 1}


def test_a_worker_that_dies_before_its_commit_submits_no_successor(lab: Lab) -> None:
    payload = {"topic": "t", "version": 1, "again": True}
    task = lab.engine.submit("test.debounced", payload)
    lab.engine.move_clock(11)
    lab.kill_at("worker", "run.handled", ids=[task.id], clock=lab.clock())
    assert lab.engine.db.connection().execute("SELECT FROM agent_tasks").rowcount == 1
    lab.recover()
    rows = lab.engine.db.connection().execute("SELECT result FROM agent_tasks ORDER BY id").fetchall()
    assert [row["result"] for row in rows] == [{"version": 1}, {"version": 2}]
