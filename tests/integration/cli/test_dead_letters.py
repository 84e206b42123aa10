"""Dead letters from the command line: listed, redriven, and followed until a redrive has ended."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest

from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Message, Worker
from orchestrator.store.connection import Connection
from orchestrator_cli.session import Exit, Session
from tests.integration.cli.test_commands import dead, run, said


def test_dead_letters_in_groups_previewed_and_redriven(session: Session, worker: Worker) -> None:
    ids = dead(worker, 3)
    (group,) = said(session, "dead-letters", "list")["groups"]
    assert (group["count"], group["type"], group["version"]) == (3, "test.effect", "2.0")
    assert "test.effect" in run(session, "dead-letters", "list").stdout
    assert said(session, "dead-letters", "preview", "-f", group["fingerprint"])["ids"] == ids
    assert said(session, "dead-letters", "preview", "--version", "2.0")["ids"] == ids
    assert said(session, "dead-letters", "list", "--version", "1.9")["groups"] == []
    assert run(session, "dead-letters", "redrive", "--version", "1.9").exit_code == Exit.NOT_FOUND
    assert run(session, "dead-letters", "redrive", "--all", text="n\n").exit_code == 1
    moved = said(session, "dead-letters", "redrive", "--all", "--no-canary", "--yes")
    assert moved["ids"] == ids
    assert run(session, "dead-letters", "redrive", "--all").exit_code == Exit.NOT_FOUND


@pytest.fixture
def working(session: Session, worker: Worker, conn: Connection, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Between two advances of a redrive, a worker runs the tasks that it returned to pending."""
    monkeypatch.setattr("orchestrator_cli.staged_redrives.PACE", 0.0)
    send = session.transport

    def transport(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        if url.endswith("/advance"):
            for row in conn.execute("SELECT id FROM agent_tasks WHERE status = 'pending'").fetchall():
                run_batch(worker, [Message("m", "r", row["id"])], lambda: 60.0)
        return send(method, url, headers, body)

    session.transport = transport
    return session


@pytest.fixture
def two_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("orchestrator.engine.operators.redrive", "orchestrator.http.routes.dead_letters"):
        monkeypatch.setattr(f"{module}.MOST_AT_ONCE", 2)


def repair(conn: Connection) -> None:
    """The tasks that failed succeed now."""
    conn.execute('UPDATE agent_tasks SET payload = \'{"do": "succeed"}\'')


def cut(session: Session, how: BaseException) -> None:
    """No redrive can be moved on any more."""
    send = session.transport

    def transport(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        if url.endswith("/advance"):
            raise how
        return send(method, url, headers, body)

    session.transport = transport


def test_a_canary_that_fails_again_has_its_exit_code_and_names_the_task(working: Session, worker: Worker) -> None:
    ids = dead(worker, 12)
    result = run(working, "dead-letters", "redrive", "--type", "test.effect", "--yes")
    assert result.exit_code == Exit.ENDED_BADLY
    assert "came back" in result.output
    assert f"orchestrator tasks show {ids[0]}" in result.output


@pytest.mark.usefixtures("two_a_call")
@pytest.mark.parametrize("how", [["redrive"], ["redrive", "--no-canary"], ["discard", "--reason", "a test"]], ids=str)
def test_it_goes_on_until_all_are_moved(working: Session, worker: Worker, conn: Connection, how: list[str]) -> None:
    dead(worker, 5)
    repair(conn)
    ended = run(working, "dead-letters", *how, "--all", "--yes")
    assert ended.exit_code == 0, ended.output
    assert "5 dead letters" in ended.stdout
    assert said(working, "dead-letters", "list")["total"] == 0


@pytest.mark.usefixtures("two_a_call")
def test_it_reports_the_remaining_tasks(working: Session, worker: Worker) -> None:
    dead(worker, 5)
    stopped = run(working, "dead-letters", "redrive", "--all", "--yes", "--no-wait")
    assert stopped.exit_code == 0
    assert "2 of 5 dead letters run again bit by bit; run it again for the rest." in stopped.stdout
    assert "the sweeper moves it on every minute" in stopped.stderr
    shown = run(working, "dead-letters", "preview", "--all").stdout
    assert "4 dead letters would move" in shown
    assert "test.effect  2.0           4" in shown


@pytest.mark.parametrize(
    ("how", "code"),
    [(KeyboardInterrupt(), 130), (httpx.ConnectError("gone"), Exit.UNREACHABLE)],
    ids=["Ctrl-C", "away"],
)
@pytest.mark.usefixtures("two_a_call")
def test_an_interrupted_watch_reports_that_the_redrive_goes_on(
    working: Session, worker: Worker, how: BaseException, code: int
) -> None:
    dead(worker, 5)
    cut(working, how)
    left = run(working, "dead-letters", "redrive", "--all", "--yes")
    assert left.exit_code == code
    (going,) = said(working, "dead-letters", "redrives")["items"]
    assert f"orchestrator dead-letters stop {going['id']}" in left.stderr
    assert "2 of 5 dead letters are taken up; run it again for the rest." in left.stderr
    followed = run(working, "dead-letters", "follow", going["id"])
    assert followed.exit_code == code


def test_a_redrive_is_listed_followed_and_stopped(working: Session, worker: Worker, conn: Connection) -> None:
    ids = dead(worker, 12)
    repair(conn)
    begun = said(working, "dead-letters", "redrive", "--all", "--yes", "--no-wait")["redrive"]
    listed = run(working, "dead-letters", "redrives").stdout
    assert all(part in listed for part in ("in stages", "1 of 12", f"1 not over, one is {ids[0]}", "olga"))
    assert said(working, "dead-letters", "follow", begun["id"])["state"] == "done"
    assert run(working, "dead-letters", "stop", begun["id"]).exit_code == Exit.REFUSED
    dead(worker, 3)
    slow = said(working, "dead-letters", "redrive", "--all", "--yes", "--no-canary", "--rate", "0.02", "--no-wait")
    stopped = run(working, "dead-letters", "stop", slow["redrive"]["id"])
    assert "1 of 3 stay dead letters, 2 of those returned to pending run on" in stopped.stdout
    followed = run(working, "dead-letters", "follow", slow["redrive"]["id"])
    assert (followed.exit_code, "Stopped by olga" in followed.output) == (Exit.ENDED_BADLY, True)
    assert run(working, "dead-letters", "follow", ids[0]).exit_code == Exit.NOT_FOUND


def test_a_program_says_yes_beforehand(session: Session, worker: Worker) -> None:
    dead(worker, 2)
    for command in (
        ("dead-letters", "redrive", "--all"),
        ("dead-letters", "discard", "--all", "--reason", "a test"),
        ("secrets", "rotate", "--revoke"),
    ):
        refused = run(session, *command, "--json", text="y\n")
        assert (refused.exit_code, "add --yes" in refused.output) == (2, True)
    assert said(session, "dead-letters", "list")["total"] == 2


def test_nothing_to_move_has_its_exit_code(session: Session) -> None:
    assert run(session, "dead-letters", "redrive", "--all").exit_code == Exit.NOT_FOUND
    assert run(session, "dead-letters", "discard", "--all", "--reason", "a test").exit_code == Exit.NOT_FOUND


def test_discard_needs_a_reason(session: Session, worker: Worker) -> None:
    ids = dead(worker, 2)
    assert run(session, "dead-letters", "discard", ids[0], "--yes").exit_code == 2
    assert said(session, "dead-letters", "discard", ids[0], "--reason", "a duplicate", "--yes")["ids"] == ids[:1]
    assert run(session, "dead-letters", "discard", ids[1], "--reason", "x", text="n\n").exit_code == 1
    newest = said(session, "audit", "--limit", "1")[0]
    assert (newest["actor"], newest["detail"]["reason"]) == ("olga (9)", "a duplicate")
    assert "a duplicate" in run(session, "audit").stdout


def test_a_selection_must_be_made(session: Session) -> None:
    assert run(session, "dead-letters", "preview").exit_code == 2
