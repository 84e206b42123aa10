"""The command line is installed without the engine: its lists of states are compared here."""

from __future__ import annotations

from orchestrator.engine.operators.statistics import ENDS
from orchestrator.model.states import LIVE_STATES, Status
from orchestrator_cli import bulk_cancel, completion, statistics, tasks


def test_the_command_line_knows_every_state() -> None:
    assert statistics.LIVE == tasks.STATES == LIVE_STATES
    assert statistics.ENDS == ENDS
    assert tuple(state for state in LIVE_STATES if state != "dead") == bulk_cancel.STATES
    assert tuple(Status) == completion.STATUSES
