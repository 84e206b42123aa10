"""Recurring tasks on the command line."""

from __future__ import annotations

import pytest

from orchestrator_cli.session import Exit, Session
from tests.integration.cli.test_commands import run, said


def test_a_schedule_is_created_listed_explained_paused_resumed_and_deleted(session: Session) -> None:
    made = said(session, "schedules", "create", "echo", "--cron", "0 7 * * *", "--time-zone", "Europe/Paris")
    id = made["id"]
    assert (made["owner"], made["timeZone"]) == ("system", "Europe/Paris")
    assert [each["id"] for each in said(session, "schedules", "list")] == [id]
    assert "0 7 * * * in Europe/Paris" in run(session, "schedules", "list").stdout
    assert said(session, "why", id)["reason"] == "scheduled"
    assert "paused" in run(session, "schedules", "pause", id).stdout
    assert said(session, "schedules", "show", id)["why"]["reason"] == "paused"
    assert "resume it" in run(session, "schedules", "show", id).stdout
    assert not said(session, "schedules", "resume", id)["paused"]
    assert run(session, "schedules", "delete", id, text="n\n").exit_code == 1
    assert run(session, "schedules", "delete", id, "--yes").exit_code == 0
    assert run(session, "schedules", "show", id).exit_code == Exit.NOT_FOUND
    assert run(session, "why", id).exit_code == Exit.NOT_FOUND


@pytest.mark.parametrize(
    "options", [(), ("--cron", "0 0 30 2 *"), ("--every", "5"), ("--every", "60", "--payload", "{not json")]
)
def test_an_impossible_schedule_is_refused(session: Session, options: tuple[str, ...]) -> None:
    assert run(session, "schedules", "create", "echo", *options).exit_code == Exit.REFUSED
