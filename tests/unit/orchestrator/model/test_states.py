"""Each list of states and each rule is the engine's own, wherever it has to be written again."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from orchestrator.aws.queues import LONGEST_INVISIBILITY
from orchestrator.model.idempotency import KEY_PATTERN, LONGEST_KEY, is_callers_key, is_stored_key
from orchestrator.model.states import LIVE_STATES
from orchestrator.store.intervals import INTERVALS


def test_the_view_of_live_tasks_defines_every_state() -> None:
    text = resources.files("orchestrator.store").joinpath("schema.sql").read_text()
    view = text[text.index("CREATE VIEW public.live_tasks") :]
    view = view[: view.index("END AS state")]
    assert set(re.findall(r"(?:THEN|ELSE) '([a-z]+)'", view)) == set(LIVE_STATES)


@pytest.mark.parametrize(
    ("key", "valid"),
    [("a", True), ("!~", True), ("x" * LONGEST_KEY, True), ("x" * (LONGEST_KEY + 1), False), ("", False)]
    + [(key, False) for key in ("a b", "é", "a\n", "\x7f")],
)
def test_one_rule_for_keys(key: str, valid: bool) -> None:
    assert is_callers_key(key) is valid
    assert (re.search(KEY_PATTERN, key) is not None and "\n" not in key and len(key) <= LONGEST_KEY) is valid


def test_only_the_application_has_keys_with_spaces() -> None:
    assert is_stored_key("erase the account")
    assert not is_callers_key("erase the account")
    assert not is_stored_key("")
    assert not is_stored_key("a\n")


def test_no_statement_has_a_sweepers_interval_of_its_own() -> None:
    folder = resources.files("orchestrator.store").joinpath("queries")
    for file in folder.iterdir():
        if file.name.endswith(".sql") and file.name not in ("events.sql", "statistics.sql"):
            code = re.sub(r"--.*", "", file.read_text())
            for value in set(INTERVALS.values()):
                assert value not in code, (file.name, value)
    assert INTERVALS["longest_invisibility"] == str(LONGEST_INVISIBILITY)
