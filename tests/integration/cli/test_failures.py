"""The command line where errors contain brackets, responses are missing, histories are long, or a rollout runs."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner, Result

from orchestrator.aws.feature_flag_admin import Rollout
from orchestrator.engine.agents import Agents
from orchestrator.engine.submit import TaskRequest, submit
from orchestrator.store import audit
from orchestrator.store.connection import Connection, Database
from orchestrator_cli import completion
from orchestrator_cli.session import Exit, FoundLater, Refusal, Session
from playmate_cli.main import app
from tests.integration.conftest import PlayedFlagAdmin
from tests.support.gateway import Caller
from tests.support.queues import RecordingQueue

ODD = ("no [/var/task/a.json]", "[/x]", "list[str]", "[bold]x", "red \x1b[31mtext\x9b1m")
ROLLOUT = Rollout(deployment=4, version=9, percent=30.0, flags=["insight"])


def run(session: Session | None, *arguments: str, text: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), obj=session, input=text)


def submitted(db: Database) -> str:
    order = TaskRequest(owner="1", type="echo", payload={}, by_user=False)
    return str(submit(db, RecordingQueue(), Agents("playmate.agents"), order).task.id)


def dead_of(conn: Connection, id: str, message: str) -> None:
    """The task's attempts are used up, and this was the error of the last one."""
    error = Jsonb({"kind": message, "message": message, "fingerprint": "f[/1]"})
    conn.execute(
        "UPDATE agent_tasks SET status = 'processing', token = 1, leased_until = now(), attempts = max_attempts"
        " WHERE id = %s",
        (id,),
    )
    conn.execute(
        "UPDATE agent_tasks SET status = 'dead-letter', token = NULL, leased_until = NULL, wake_at = NULL, seq = 2,"
        " finished_at = now(), dead_at = now(), error = %s WHERE id = %s",
        (error, id),
    )
    conn.execute(
        "INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id, data)"
        " VALUES (%s, 2, 1, 'dead-letter', 'dead-letter', '1', %s)",
        (id, Jsonb({"error": error.obj, "version": message})),
    )


@pytest.mark.parametrize("message", ODD)
def test_errors_are_shown_as_they_are(session: Session, db: Database, conn: Connection, message: str) -> None:
    id, shown = submitted(db), message.replace("\x1b", "").replace("\x9b", "")
    dead_of(conn, id, message)
    for command in ("tasks list", f"tasks show {id}", f"tasks tail {id}", "dead-letters list"):
        result = run(session, *command.split())
        assert result.exit_code in (0, Exit.ENDED_BADLY), result.exception
        assert shown in result.stdout.replace("\n", " ")
        assert not {"\x1b", "\x9b"} & set(result.stdout)
    for command in (f"why {id}", "stats", "dead-letters preview --all"):
        assert run(session, *command.split()).exit_code == 0
    assert run(session, "dead-letters", "discard", id, "--reason", message.replace("\x1b", ""), "--yes").exit_code == 0
    for command in ("audit", f"tasks show {id}"):
        assert shown in run(session, *command.split()).stdout


def test_flag_descriptions_are_shown_unchanged(
    session: Session, flag_admin: PlayedFlagAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = session.get("/ops/flags")
    answer["fault"] = answer["state"] = "[/x]"
    answer["flags"][0]["owners"] = ["list[str]"]
    monkeypatch.setattr(Session, "get", lambda *_, **__: answer)
    output = run(session, "flags", "get")
    assert output.exit_code == 0
    assert output.stdout.count("[/x]") == 2
    assert "list[str]" in output.stdout


def test_ids_without_hyphens(session: Session, db: Database) -> None:
    id = submitted(db)
    for bare in (id.replace("-", ""), id.replace("-", "").upper(), f" {id} "):
        for command in (("tasks", "show"), ("why",)):
            assert run(session, *command, bare).exit_code == 0
    assert run(session, "tasks", "cancel", id.replace("-", "")).exit_code == 0
    for nonsense in ("0" * 31, "../stats", "a?b", "x y"):
        assert run(session, "tasks", "show", nonsense).exit_code == Exit.NOT_FOUND


class Stumbling:
    """A session's transport, with statuses instead of some answers, and deeds before others."""

    def __init__(self, session: Session, *steps: int | Callable[[], object]) -> None:
        self._send, self._steps = session.transport, iter(steps)
        session.transport = self

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        step = next(self._steps, 200)
        if callable(step):
            step()
        elif step != 200:
            return step, b'{"message": "away"}'
        return self._send(method, url, headers, body)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited; nobody does."""
    waited: list[float] = []
    monkeypatch.setattr("threading.Event.wait", lambda _, seconds=0.0: waited.append(seconds))
    return waited


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_tail_goes_on_through_an_outage(
    session: Session, operator: Caller, db: Database, waits: list[float], status: int
) -> None:
    id = submitted(db)
    Stumbling(session, 200, status, status, lambda: operator.post(f"/ops/tasks/{id}/cancel"))
    tailed = run(session, "tasks", "tail", id)
    assert tailed.exit_code == Exit.ENDED_BADLY
    assert [line.split()[2] for line in tailed.stdout.splitlines()] == ["submitted", "cancelled"]
    assert tailed.stderr.count("no answer since") == 2
    assert waits == [1.0, 2.0, 4.0]


def test_tail_speaks_json_line_by_line_and_reads_a_long_history_on(
    session: Session,
    operator: Caller,
    db: Database,
    conn: Connection,
    waits: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("orchestrator.http.routes.operator_tasks.MOST_EVENTS", 10)
    id = submitted(db)

    def goes_on() -> None:
        conn.execute(
            "INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)"
            " SELECT %s, n, 1, 'progress', 'pending', '1' FROM generate_series(2, 25) AS n",
            (id,),
        )
        conn.execute("UPDATE agent_tasks SET seq = 25 WHERE id = %s", (id,))
        operator.post(f"/ops/tasks/{id}/cancel")

    Stumbling(session, 200, goes_on)
    tailed = run(session, "tasks", "tail", id, "--json")
    assert [json.loads(line)["seq"] for line in tailed.stdout.splitlines()] == list(range(1, 27))
    late = run(session, "tasks", "tail", id, "--json")
    assert [json.loads(line)["seq"] for line in late.stdout.splitlines()] == list(range(17, 27))
    assert "there were more before" in late.stderr
    assert "the newest 10 events" in run(session, "tasks", "show", id).stdout


def test_stats_are_watched_as_lines_through_an_outage(session: Session, waits: list[float]) -> None:
    Stumbling(session, 200, 503, 200, 403)
    watched = run(session, "stats", "--watch", "--json")
    assert [json.loads(line)["live"]["dead"] for line in watched.stdout.splitlines()] == [0, 0]
    assert "no answer since" in watched.stderr
    assert watched.exit_code == Exit.NOT_SIGNED_IN


def test_the_last_figures_stay_while_there_are_no_newer_ones(session: Session, waits: list[float]) -> None:
    Stumbling(session, 200, 503, 403)
    watched = run(session, "stats", "--watch")
    assert re.search(r"no answer since \d+\.\d s", watched.stdout)
    assert session.url in watched.stdout
    assert "database reads a row in" in watched.stdout


def test_a_rollout_is_followed_through_an_outage(
    session: Session, flag_admin: PlayedFlagAdmin, waits: list[float]
) -> None:
    Stumbling(session, 200, 503, 502)
    followed = run(session, "flags", "rollout", "insight", "on", "--json")
    assert followed.exit_code == 0, followed.output
    assert "no answer since" in followed.stderr


def test_a_change_at_once_asks_before_it_ends_a_rollout(session: Session, flag_admin: PlayedFlagAdmin) -> None:
    flag_admin.rollout = ROLLOUT
    asked = run(session, "flags", "set", "task.echo", "off", text="n\n")
    assert (asked.exit_code, flag_admin.rollout) == (1, ROLLOUT)
    assert f"{session.url}: This takes back the rollout of insight (version 9, 30 % of the way)." in asked.stdout
    assert run(session, "flags", "set", "task.echo", "off", "--json").exit_code == 2, "a program says yes beforehand"
    assert flag_admin.rollout == ROLLOUT
    done = run(session, "flags", "set", "task.echo", "off", "--yes")
    assert "Taken back: the rollout of insight" in done.stdout
    assert run(session, "flags", "set", "task.echo", "on").exit_code == 0, "nothing is asked where nothing is ended"


def test_a_rollout_is_taken_back(session: Session, flag_admin: PlayedFlagAdmin) -> None:
    assert run(session, "flags", "abort").exit_code == Exit.NOT_FOUND
    flag_admin.rollout = ROLLOUT
    assert "Under way: the rollout of insight" in run(session, "flags", "get").stdout
    assert run(session, "flags", "abort", text="n\n").exit_code == 1
    assert "Taken back: the rollout of insight" in run(session, "flags", "abort", "--yes").stdout
    flag_admin.rollout = ROLLOUT
    assert run(session, "flags", "abort", "--json").exit_code == 2
    assert json.loads(run(session, "flags", "abort", "--json", "--yes").stdout)["aborted"]["deployment"] == 4


def test_flags_name_their_last_operator(session: Session) -> None:
    run(session, "flags", "set", "task.echo", "off")
    assert "ago by olga (9)" in run(session, "flags", "get", "task.echo").stdout


@pytest.mark.parametrize(
    "command",
    [
        ("dead-letters", "redrive", "--all"),
        ("dead-letters", "discard", "--all", "--reason", "x"),
        ("secrets", "rotate", "--revoke"),
    ],
)
def test_every_question_names_the_api(
    session: Session, db: Database, conn: Connection, command: tuple[str, ...]
) -> None:
    dead_of(conn, submitted(db), "x")
    later = FoundLater(lambda: session)
    assert f"{session.url}: " in run(later, *command, text="n\n").stdout


def test_the_trail_of_one_actor_or_action(session: Session, db: Database) -> None:
    for actor, action in (("olga (9)", "stop"), ("ann (1)", "stop"), ("olga (9)", "redrive")):
        db.run(audit.record_action, actor, action, {"ids": [str(number) for number in range(1_000)]})
    output = json.loads(run(session, "audit", "--actor", "olga", "--action", "stop", "--json").stdout)
    assert [each["actor"] for each in output] == ["olga (9)"]
    assert "and 997 more" in run(session, "audit").stdout


def test_knowledge_that_is_no_text(session: Session, tmp_path: Path) -> None:
    (tmp_path / "own.md").write_bytes("Größe".encode("latin-1"))
    output = run(session, "knowledge", "load", str(tmp_path / "own.md"))
    assert (output.exit_code, "not UTF-8" in output.output) == (2, True)


def offered(message: str) -> list[str]:
    """Return the completions of bash after these arguments."""
    environment = {
        "_ORCHESTRATOR_COMPLETE": "complete_bash",
        "COMP_WORDS": f"orchestrator {message}",
        "COMP_CWORD": str(len(f"orchestrator {message}".split(" ")) - 1),
    }
    return CliRunner().invoke(app, [], env=environment, prog_name="orchestrator").stdout.split()


def test_tab_offers_the_existing_values(
    session: Session, db: Database, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead_of(conn, submitted(db), "x")
    monkeypatch.setattr(completion, "find", lambda *_: session)
    assert offered("tasks list --type ec") == ["echo"]
    assert offered("dead-letters list --type friend.a") == ["friend.ask"]
    assert offered("dead-letters redrive -f ") == ["f[/1]"]
    assert offered("flags set task.ec") == ["task.echo"]
    assert offered("flags get ins") == ["insight"]
    assert offered("flags rollout insight o") == ["off", "on"]
    assert offered("flags set insight d") == ["default"]


def test_tab_is_silent_where_nothing_answers(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "PATIENCE", 0.05)
    hung = threading.Event()
    Stumbling(session, hung.wait)
    monkeypatch.setattr(completion, "find", lambda *_: session)
    assert offered("tasks list --type ec") == []
    hung.set()

    def nowhere(*_: object) -> Session:
        raise Refusal(401, "Not signed in.")

    monkeypatch.setattr(completion, "find", nowhere)
    assert offered("tasks list --type ec") == []
