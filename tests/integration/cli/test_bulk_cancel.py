"""Tasks are cancelled from the command line after a preview."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import httpx
import pytest

from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.model.ids import first_id_at
from orchestrator.store.connection import Connection
from orchestrator_cli.session import Exit, Session
from tests.integration.cli.test_commands import run, said

WHY = ("--reason", "a wrong import")


def submitted(worker: Worker, many: int, type: str = "test.noop", owner: str = "1") -> list[str]:
    order = TaskRequest(owner=owner, type=type, payload={}, by_user=False)
    return [str(submit(worker.side, worker.queue, worker.agents, order).task.id) for _ in range(many)]


def pending(conn: Connection) -> list[str]:
    rows = conn.execute("SELECT id FROM agent_tasks WHERE status = 'pending' ORDER BY id").fetchall()
    return [str(row["id"]) for row in rows]


def test_shown_asked_and_cancelled(session: Session, worker: Worker, conn: Connection) -> None:
    submitted(worker, 3)
    others = submitted(worker, 1, "test.effect", owner="2")
    refused = run(session, "tasks", "cancel", "--type", "test.noop", *WHY, text="n\n")
    assert (refused.exit_code, len(pending(conn))) == (1, 4)
    assert "http://api.example: Cancel 3 tasks for good?" in refused.output
    assert all(parts in refused.output for parts in ("test.noop  pending       3", "Of 1 owner, submitted"))
    done = run(session, "tasks", "cancel", "--type", "test.noop", *WHY, text="y\n")
    assert (done.exit_code, pending(conn)) == (0, others)
    assert "3 tasks are cancelled." in done.stdout
    assert "a wrong import" in run(session, "audit").stdout


def test_all_pages_are_gone_through(
    session: Session, worker: Worker, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.engine.operators.bulk_cancel.MOST_AT_ONCE", 2)
    submitted(worker, 5)
    assert said(session, "tasks", "cancel", "--owner", "1", *WHY, "--yes") == {"cancelled": 5, "more": False}
    assert pending(conn) == []


def test_by_ids_with_or_without_hyphens(session: Session, worker: Worker, conn: Connection) -> None:
    ids = submitted(worker, 3)
    bare = [id.replace("-", "") for id in ids[:2]]
    assert said(session, "tasks", "cancel", *bare, *WHY, "--yes")["cancelled"] == 2
    assert pending(conn) == ids[2:]
    assert said(session, "tasks", "cancel", ids[2], *WHY, "--yes")["cancelled"] == 1
    assert said(session, "audit", "--limit", "1")[0]["detail"]["reason"] == "a wrong import"


def test_tasks_submitted_after_the_preview_stay(session: Session, worker: Worker, conn: Connection) -> None:
    submitted(worker, 2)
    send, later = session.transport, list[str]()

    def transport(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        answer = send(method, url, headers, body)
        if body and b"preview" in body:
            until = datetime.fromisoformat(json.loads(answer[1])["wouldEnd"]["until"])
            while not later or UUID(later[-1]) < first_id_at(until):
                later.extend(submitted(worker, 1))
        return answer

    session.transport = transport
    assert run(session, "tasks", "cancel", "--type", "test.noop", *WHY, "--yes").exit_code == 0
    assert later[-1] in pending(conn)


def test_locked_tasks_have_their_exit_code(
    session: Session, worker: Worker, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator_cli.bulk_cancel.PACE", 0.0)
    ids = submitted(worker, 3)
    with conn.transaction():
        conn.execute("SELECT id FROM agent_tasks WHERE id = %s FOR UPDATE", (ids[0],))
        locked = run(session, "tasks", "cancel", "--type", "test.noop", *WHY, "--yes")
    assert locked.exit_code == Exit.ENDED_BADLY
    assert "2 tasks are cancelled." in locked.stdout
    assert "run it again for the rest" in locked.stderr
    assert pending(conn) == ids[:1]


@pytest.mark.parametrize(
    ("how", "code"),
    [(KeyboardInterrupt(), 130), (httpx.ConnectError("gone"), Exit.UNREACHABLE)],
    ids=["Ctrl-C", "away"],
)
def test_an_interrupted_cancel_reports_its_progress(
    session: Session, worker: Worker, monkeypatch: pytest.MonkeyPatch, how: BaseException, code: int
) -> None:
    monkeypatch.setattr("orchestrator.engine.operators.bulk_cancel.MOST_AT_ONCE", 2)
    submitted(worker, 5)
    send, calls = session.transport, list[str]()

    def transport(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        calls.append(url)
        if len(calls) == 3:
            raise how
        return send(method, url, headers, body)

    session.transport = transport
    left = run(session, "tasks", "cancel", "--type", "test.noop", *WHY, "--yes")
    assert left.exit_code == code
    assert "2 of 5 tasks are known to be cancelled; run it again for the rest." in left.stderr


def test_wrong_commands(session: Session, worker: Worker, conn: Connection) -> None:
    ids = submitted(worker, 2)
    for parts, expected in (
        ([], "say which"),
        ([*WHY, "--yes"], "say which"),
        (["--type", "test.noop", "--yes"], "--reason"),
        ([*ids, "--yes"], "--reason"),
        (["--type", "test.noop", *WHY, "--json"], "add --yes"),
    ):
        refused = run(session, "tasks", "cancel", *parts)
        assert (refused.exit_code, expected in refused.output) == (2, True), (parts, refused.output)
    for parts in (["--until", "1h"], [ids[0], "--type", "test.noop"], ["--state", "dead"], ["--status", "completed"]):
        assert run(session, "tasks", "cancel", *parts, *WHY, "--yes").exit_code == Exit.REFUSED
    assert run(session, "tasks", "cancel", "--type", "none", *WHY, "--yes").exit_code == Exit.NOT_FOUND
    assert pending(conn) == ids
