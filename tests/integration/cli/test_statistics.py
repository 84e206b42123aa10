"""The command line shows statistics and finds tasks."""

from __future__ import annotations

from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Message, Worker
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.store.connection import Connection
from orchestrator_cli.session import Exit, Session
from tests.integration.cli.test_commands import dead, run, said


def fails(worker: Worker, conn: Connection, trace: str | None = None) -> str:
    """A task that will be tried again in an hour."""
    traceparent = f"00-{trace}-{'1' * 16}-01" if trace else None
    order = TaskRequest(owner="1", type="test.effect", payload={"do": "raise"}, by_user=False, traceparent=traceparent)
    task = submit(worker.side, worker.queue, worker.agents, order).task.id
    run_batch(worker, [Message("m", "r", task)], lambda: 60.0)
    conn.execute("UPDATE agent_tasks SET due_at = now() + interval '1 hour' WHERE id = %s", (task,))
    return str(task)


def test_stats_report_the_tasks_in_backoff(session: Session, worker: Worker, conn: Connection) -> None:
    assert "retrying" not in run(session, "stats").stdout, "a column of nothing is left out"
    fails(worker, conn)
    shown = run(session, "stats").stdout
    assert "1 of test.effect will be tried again: ValueError: secret detail 42" in shown
    assert "retrying" in shown


def test_stats_report_rates_and_that_nothing_ends(session: Session, worker: Worker, conn: Connection) -> None:
    order = TaskRequest(owner="1", type="test.effect", payload={}, by_user=False)
    task = submit(worker.side, worker.queue, worker.agents, order).task.id
    run_batch(worker, [Message("m", "r", task)], lambda: 60.0)
    conn.execute(
        "UPDATE agent_tasks SET ready_at = finished_at - interval '90 s', started_at = due_at + interval '4 s'"
    )
    shown = run(session, "stats").stdout
    assert all(word in shown for word in ("p50", "p95", "p99", "1 min", "4.0 s"))
    assert "nothing has ended" not in shown
    submit(worker.side, worker.queue, worker.agents, order)
    conn.execute("UPDATE agent_tasks SET due_at = now() - interval '50 s', finished_at = finished_at - interval '45 s'")
    assert "nothing has ended for 45 s while 1 is due" in run(session, "stats").stdout
    conn.execute("UPDATE agent_tasks SET finished_at = finished_at - interval '1 hour'")
    assert "nothing has ended for more than 5 min while 1 is due" in run(session, "stats").stdout


def test_tasks_are_listed_by_state_time_and_failure(session: Session, worker: Worker, conn: Connection) -> None:
    (over,), retried = dead(worker), fails(worker, conn)

    def ids(*options: str) -> list[str]:
        return [task["id"] for task in said(session, "tasks", "list", *options)]

    assert ids("--state", "retrying") == ids("--status", "pending", "--since", "1h") == [retried]
    assert ids("--until", "1h") == []
    assert ids("--ended", "--since", "5m") == [over]
    fingerprint = said(session, "tasks", "show", over)["errorDetail"]["fingerprint"]
    assert ids("-f", fingerprint) == [retried, over]
    assert "ended" in run(session, "tasks", "list", "--ended").stdout
    assert run(session, "tasks", "list", "--state", "lost").exit_code == Exit.REFUSED
    assert run(session, "tasks", "list", "--since", "yesterday").exit_code == Exit.REFUSED


def test_the_reference_somebody_quotes_leads_to_its_tasks(session: Session, worker: Worker, conn: Connection) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    ids = [fails(worker, conn, trace) for _ in range(2)][::-1]
    assert [task["id"] for task in said(session, "tasks", "list", "--trace", trace)] == ids
    assert [(each["id"], each["reason"]) for each in said(session, "why", trace)] == [(id, "backoff") for id in ids]
    assert all(id in run(session, "why", trace).stdout for id in ids)
    assert said(session, "why", ids[0].replace("-", ""))["reason"] == "backoff", "an id without hyphens is no trace"
    assert run(session, "why", trace[::-1]).exit_code == Exit.NOT_FOUND
