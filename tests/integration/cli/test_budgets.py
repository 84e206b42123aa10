"""Budgets on the command line."""

from __future__ import annotations

import pytest

from orchestrator_cli.session import Exit, Session
from tests.integration.cli.test_commands import run, said


def test_a_budget_is_set_changed_listed_and_deleted(session: Session) -> None:
    assert run(session, "budgets", "set", "owner", "0.50", "--reason", "launch").exit_code == 0
    assert run(session, "budgets", "set", "owner", "0.75", "--reason", "more").exit_code == 0
    assert run(session, "budgets", "price", "a-model", "--input", "3", "--output", "15").exit_code == 0
    found = said(session, "budgets", "list")
    assert [(each["scope"], each["limit"], each["version"]) for each in found["items"]] == [("owner", 750_000, 2)]
    assert found["prices"][0]["perMillionOutput"] == 15_000_000
    text = run(session, "budgets", "list").stdout
    assert "0.75" in text
    assert "0 tasks wait for a budget." in text
    assert run(session, "budgets", "delete", "owner", "--reason", "over", "--yes").exit_code == 0
    assert said(session, "budgets", "list")["items"] == []


@pytest.mark.parametrize("limit", ["much", "-1", "0.0000001"])
def test_an_amount_that_is_none_is_refused(session: Session, limit: str) -> None:
    assert run(session, "budgets", "set", "stack", "--reason", "x", "--", limit).exit_code == Exit.REFUSED
