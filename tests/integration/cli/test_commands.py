"""The command line against the whole HTTP API on a real Postgres; only AWS is played."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import orchestrator_cli.main
from orchestrator.aws.clients import CloudError
from orchestrator.aws.feature_flag_admin import Deployed
from orchestrator.engine.execution.messages import run_batch
from orchestrator.engine.execution.worker import Message, Worker
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.http.app import Services
from orchestrator.store.connection import Database
from orchestrator_cli import session as sessions
from orchestrator_cli.session import Exit, Session
from playmate_cli.main import app
from tests.integration.conftest import PlayedFlagAdmin
from tests.support.gateway import Caller


def run(session: Session | None, *arguments: str, text: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), obj=session, input=text)


def said(session: Session, *arguments: str) -> Any:
    result = run(session, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def dead(worker: Worker, many: int = 1) -> list[str]:
    tasks = []
    for _ in range(many):
        order = TaskRequest(owner="1", type="test.effect", payload={"do": "raise"}, max_attempts=1, by_user=False)
        task = submit(worker.side, worker.queue, worker.agents, order).task
        run_batch(worker, [Message("m", "r", task.id)], lambda: 60.0)
        tasks.append(str(task.id))
    return tasks


def test_tasks_are_listed_shown_and_explained(session: Session, worker: Worker) -> None:
    (id,) = dead(worker)
    (listed,) = said(session, "tasks", "list", "--status", "dead-letter")
    assert listed["id"] == id
    assert said(session, "tasks", "list", "--type", "echo") == []
    assert "secret detail" in run(session, "tasks", "list").stdout
    shown = run(session, "tasks", "show", id)
    assert all(word in shown.stdout for word in ("started", "dead-letter", "version=2.0", "redrive it"))
    assert said(session, "why", id)["reason"] == "dead-letter"
    assert "attempts are used up" in run(session, "why", id).stdout


def test_a_list_goes_on_over_pages(session: Session, worker: Worker) -> None:
    dead(worker, 3)
    assert len(said(session, "tasks", "list", "--limit", "2")) == 2
    assert len(list(session.pages("/ops/tasks", 200))) == 3


def test_tail_follows_to_the_end(session: Session, worker: Worker) -> None:
    (id,) = dead(worker)
    tailed = run(session, "tasks", "tail", id)
    assert tailed.exit_code == Exit.ENDED_BADLY
    assert [line.split()[2] for line in tailed.stdout.splitlines()] == ["submitted", "started", "dead-letter"]


def test_retry_and_cancel(session: Session, worker: Worker) -> None:
    (id,) = dead(worker)
    assert said(session, "tasks", "retry", id)["status"] == "pending"
    assert run(session, "tasks", "retry", id).exit_code == Exit.REFUSED
    assert said(session, "tasks", "cancel", id)["status"] == "cancelled"
    assert run(session, "tasks", "cancel", id).exit_code == Exit.REFUSED


def test_a_note_is_shown_with_its_task(session: Session, worker: Worker) -> None:
    (id,) = dead(worker)
    assert said(session, "tasks", "note", id, "asked the family")["text"] == "asked the family"
    assert "Noted by" in run(session, "tasks", "note", id, "solved").stdout
    shown = run(session, "tasks", "show", id).stdout
    assert "asked the family" in shown
    assert "solved" in shown


def test_stats(session: Session, worker: Worker) -> None:
    dead(worker)
    assert said(session, "stats")["live"]["dead"] == 1
    assert "test.effect" in run(session, "stats").stdout


def test_stats_name_the_owner_that_floods(session: Session, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(
        worker.side, worker.queue, worker.agents, TaskRequest(owner="7", type="test.effect", payload={}, by_user=False)
    )
    assert "owner 7" not in run(session, "stats").stdout
    monkeypatch.setattr("orchestrator_cli.statistics.FLOOD", 1)
    assert "owner 7 has 1 of the 1 tasks that are under way" in run(session, "stats").stdout


def test_flags_while_appconfig_is_away(
    session: Session, flag_admin: PlayedFlagAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> Deployed:
        raise CloudError("appconfig", "list_deployments", "ConnectTimeoutError")

    monkeypatch.setattr(flag_admin, "read", away)
    monkeypatch.setattr(flag_admin, "set", away)
    for command in (("get",), ("set", "task.echo", "off")):
        answer = run(session, "flags", *command)
        assert answer.exit_code == Exit.UNREACHABLE
        assert "AppConfig does not answer (ConnectTimeoutError)" in answer.output


def test_flags(session: Session, flag_admin: PlayedFlagAdmin) -> None:
    assert said(session, "flags", "set", "task.echo", "off")["version"] == 2
    assert flag_admin.document["task.echo"] == {"default": False}
    assert "off" in run(session, "flags", "get", "task.echo").stdout
    assert said(session, "flags", "set", "insight", "20%", "--owner", "7")["flags"][0]["percent"] == 20
    assert set(flag_admin.document["insight"]["rules"]) == {"percent of owners", "these owners"}
    assert run(session, "flags", "set", "insight", "maybe").exit_code == 2
    assert run(session, "flags", "set", "Wrong name", "on").exit_code == Exit.REFUSED
    mistyped = run(session, "flags", "set", "task.ehco", "off")
    assert (mistyped.exit_code, "did you mean task.echo?" in mistyped.output) == (Exit.REFUSED, True)
    said(session, "flags", "set", "task.echo", "default")
    assert run(session, "flags", "get", "task.echo").exit_code == Exit.NOT_FOUND
    assert [each["detail"]["step"] for each in said(session, "audit")] == ["done", "begun"] * 3


def test_a_rollout_that_is_taken_back_has_its_exit_code(
    session: Session, flag_admin: PlayedFlagAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threading.Event.wait", lambda *_: False)
    assert run(session, "flags", "rollout", "insight", "on").exit_code == 0
    flag_admin.takes_back = True
    assert run(session, "flags", "rollout", "insight", "off").exit_code == Exit.ENDED_BADLY


def test_secrets_and_knowledge(session: Session, tmp_path: Path) -> None:
    assert said(session, "secrets", "rotate") == {"current": "new-key"}
    assert run(session, "secrets", "rotate", "--revoke", text="n\n").exit_code == 1
    assert "revoked" in run(session, "secrets", "rotate", "--revoke", "--yes").stdout
    assert said(session, "knowledge", "load")["documents"] > 10
    own = tmp_path / "own.md"
    own.write_text("## Snow\nfacets: seasons=winter\nBuild a snowman.\n")
    assert said(session, "knowledge", "load", str(own))["documents"] == 1
    own.write_text("nothing")
    assert run(session, "knowledge", "load", str(own)).exit_code == Exit.REFUSED


def test_refusals_have_exit_codes_and_the_api_s_message(session: Session, services: Services) -> None:
    missing = run(session, "tasks", "show", "00000000-0000-0000-0000-000000000000")
    assert (missing.exit_code, "no such task" in missing.output) == (Exit.NOT_FOUND, True)
    nobody = Session(session.url, services.tokens.issue("1", "ann")[0], session.transport)
    assert run(nobody, "stats").exit_code == Exit.NOT_SIGNED_IN
    away = Session("http://127.0.0.1:9", "token")
    assert run(away, "stats").exit_code == Exit.UNREACHABLE


def test_login_remembers_an_operator_for_its_owner_alone(
    session: Session, api: Caller, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from playmate.passwords import hash_password
    from playmate.store import accounts

    for name, role in (("olga", "operator"), ("ann", "guardian")):
        hashed = hash_password("correct horse battery")
        db.run(accounts.create_guardian, name=name, email=f"{name}@example.com", password_hash=hashed, role=role)
    kept = tmp_path / "kept" / "session.json"
    monkeypatch.setattr(sessions, "REMEMBERED", kept)
    monkeypatch.setattr(sessions.Session, "send", _through(session, sessions.Session.send))
    arguments = ("login", "--url", "http://api.example", "--password", "correct horse battery", "--name")
    assert run(None, *arguments, "ann").exit_code == Exit.NOT_SIGNED_IN
    assert not kept.exists()
    assert run(None, *arguments, "olga").exit_code == 0
    assert kept.stat().st_mode & 0o077 == 0
    assert run(None, "stats").exit_code == 0


def test_without_anything_it_names_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sessions, "REMEMBERED", tmp_path / "none")
    result = run(None, "stats")
    assert (result.exit_code, "login" in result.output) == (Exit.NOT_SIGNED_IN, True)


def test_the_engines_own_commands_lack_those_of_the_application() -> None:
    answer = CliRunner().invoke(orchestrator_cli.main.app, ["--help"])
    assert "dead-letters" in answer.stdout
    assert "knowledge" not in answer.stdout


def test_every_command_explains_itself_and_speaks_json() -> None:
    top = run(None, "--help").stdout
    for name in ("tasks", "dead-letters", "flags", "secrets", "knowledge", "why", "stats", "audit", "login"):
        assert name in top
    for command in ("tasks list", "dead-letters redrive", "flags rollout", "secrets rotate", "why", "stats", "audit"):
        answer = run(None, *command.split(), "--help")
        assert answer.exit_code == 0
        assert "--json" in re.sub(r"\x1b\[[0-9;]*m", "", answer.stdout)


def _through(session: Session, send: Any) -> Any:
    def routed(self: Session, *arguments: Any) -> Any:
        self.transport = session.transport
        return send(self, *arguments)

    return routed
