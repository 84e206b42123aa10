"""The reason for which an owner's task waits, in sentences for people and without anything of other owners.

No sentence has a time: `since` and `until` are moments that a page writes on the reader's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from orchestrator.engine.agents import Agents, UnknownType
from orchestrator.engine.flags import FlagReader, flag_of_type
from orchestrator.store import explain as store
from orchestrator.store.connection import Database
from orchestrator.store.explain import OwnBlockers

Reason = Literal["answer", "turn", "children", "retry", "schedule", "flag", "limit", "budget"]
Act = Literal["answer", "details"]

#: Seconds after which a due task has waited unusually long for its turn.
LONG_TURN = 30
#: Tasks before this one that are counted.
MOST_AHEAD = 100


@dataclass(frozen=True, slots=True)
class WaitReason:
    """The reason, its sentence, when it began and ends, and what the owner can do about it."""

    reason: Reason
    sentence: str
    since: datetime
    until: datetime | None = None
    act: Act | None = None


def wait_reason(db: Database, agents: Agents, flags: FlagReader, owner: str, task_id: UUID) -> WaitReason | None:
    """Return the reason for which a task of `owner` waits; None when it runs, is over or is not the owner's."""
    row = db.run(store.own_blockers, owner, task_id, MOST_AHEAD)
    if row is None:
        return None
    if row.parked_by is not None or not flags.enabled(flag_of_type(row.type), owner):
        return _paused(row, flags, owner)
    if row.waiting_for is not None:
        return _children(row, row.waiting_for)
    if not row.due:
        return _answer(row) or _later(row)
    return _limited(row, agents) or _turn(row)


def _paused(row: OwnBlockers, flags: FlagReader, owner: str) -> WaitReason:
    if flags.enabled(row.parked_by or flag_of_type(row.type), owner):
        return WaitReason("turn", "It was paused by us. It starts soon, after those paused before it.", row.since)
    text = "Requests of this kind are paused by us. Your request is kept and goes on by itself."
    return WaitReason("flag", text, row.since)


def _children(row: OwnBlockers, needed: int) -> WaitReason:
    done = min(row.children_done, needed)
    text = f"{done} of {needed} parts are done; it waits for the rest."
    return WaitReason("children", text, row.since, row.due_at, "details")


def _answer(row: OwnBlockers) -> WaitReason | None:
    if row.asked_at is None:
        return None
    if row.asks_owner:
        return WaitReason("answer", "It waits for your answer.", row.asked_at, row.due_at, "answer")
    asked = "somebody else's answer" if row.asks_others else "an answer from our team"
    return WaitReason("answer", f"It waits for {asked}.", row.asked_at, row.due_at)


def _later(row: OwnBlockers) -> WaitReason:
    if row.awaits is not None and row.awaits.startswith("budget:"):
        return WaitReason("budget", "The budget for it is used up. It goes on by itself.", row.since, row.due_at)
    if row.awaits is not None:
        return WaitReason("schedule", "It waits for its time and goes on by itself.", row.since, row.due_at)
    if row.attempts:
        text = f"Attempt {row.attempts} of {row.max_attempts} did not work. It is tried again by itself."
        return WaitReason("retry", text, row.since, row.due_at)
    return WaitReason("schedule", "It has not started; it starts by itself at its time.", row.created_at, row.due_at)


def _limited(row: OwnBlockers, agents: Agents) -> WaitReason | None:
    try:
        limit = agents.get(row.type).limit_per_owner
    except UnknownType:
        return None
    if limit is None or row.running is None or row.running < limit:
        return None
    runs = (
        "One of your requests of this kind runs"
        if row.running == 1
        else f"{row.running} of your requests of this kind run"
    )
    before = f"; {_count(row.ahead)} first" if row.ahead else ""
    return WaitReason("limit", f"{runs} already{before}.", row.due_at or row.since)


def _count(tasks: int) -> str:
    if tasks >= MOST_AHEAD:
        return f"{MOST_AHEAD} or more start"
    return "one starts" if tasks == 1 else f"{tasks} start"


def _turn(row: OwnBlockers) -> WaitReason:
    since = row.due_at or row.since
    if row.due_for and row.due_for > LONG_TURN:
        return WaitReason("turn", "There is more to do than usual. It starts by itself.", since)
    return WaitReason("turn", "It is next in line and usually starts within a few seconds.", since)
