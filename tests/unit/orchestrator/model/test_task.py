"""The moves a task may make stand in code as in the schema."""

from __future__ import annotations

import re
import time
from importlib import resources

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.ids import new_task_id
from orchestrator.model.states import FINAL, LEGAL_MOVES, Status
from orchestrator.model.task import public_error


def test_the_trigger_allows_the_same_moves() -> None:
    schema = resources.files("orchestrator.store").joinpath("migrations/0020_pre_task_rules.sql").read_text()
    rules = schema[schema.index("OLD.status || '>' || NEW.status NOT IN (") :]
    rules = rules[: rules.index("THEN")]
    assert set(re.findall(r"'([a-z-]+)>([a-z-]+)'", rules)) == {(a.value, b.value) for a, b in LEGAL_MOVES}


def test_final_states_stay_except_dead_letters() -> None:
    assert {a for a, _ in LEGAL_MOVES} & FINAL == {Status.DEAD_LETTER}


@given(st.text())
def test_only_a_refusals_message_reaches_its_owner(message: str) -> None:
    assert public_error({"kind": "refused", "message": message}) == message
    assert "-secret-" not in str(public_error({"kind": "transient", "message": f"{message}-secret-"}))


def test_ids_rise_with_time_and_are_version_7() -> None:
    ids = [new_task_id() for _ in range(2000)]
    assert {each.version for each in ids} == {7}
    assert len(set(ids)) == 2000
    assert ids == sorted(ids)
    assert abs((ids[-1].int >> 80) - time.time_ns() // 1_000_000) < 60_000
