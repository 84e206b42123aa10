"""Runs one attempt's handler and says what became of it. Writes nothing but what the handler itself writes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from orchestrator.engine.agents import Agent, Agents, NewerPayload, UnknownType
from orchestrator.engine.context import Context, Wait
from orchestrator.engine.execution.timeout import time_limit
from orchestrator.engine.execution.transaction import BatchTransaction, ConnectionLost
from orchestrator.model import outcome
from orchestrator.model.backoff import full_jitter
from orchestrator.model.errors import (
    Cancelled,
    HandlerTimeout,
    LeaseLost,
    Refuse,
    RetryAfter,
    Suspended,
    Unavailable,
)
from orchestrator.model.fault_injection import reach
from orchestrator.model.outcome import Outcome
from orchestrator.model.task import Json
from orchestrator.observability import tracing
from orchestrator.observability.error_summary import fingerprint, place, storable
from orchestrator.store.attempts import Attempt
from orchestrator.store.children import NewChild
from orchestrator.store.connection import CONFLICT_TRIES, CONFLICTS, Database

#: Seconds of an invocation kept for committing and answering.
CLOSING_TIME = 2.0
#: Seconds until a task that newer code wrote is tried again: a deployment is under way.
NEWER_CODE_DELAY = 60.0
#: Characters of a transient error kept on the row.
LONGEST_DETAIL = 2_000
#: Bytes of JSON a result may have.
LARGEST_RESULT = 1_000_000


@dataclass(frozen=True, slots=True)
class Handled:
    """An attempt after its handler: None as outcome when the task is not ours any more."""

    attempt: Attempt
    outcome: Outcome | None
    wrote: bool = False
    children: list[NewChild] = field(default_factory=list)
    wait: Wait | None = None
    took: float = 0.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every handler of a batch runs in."""

    agents: Agents
    side: Database
    transaction: BatchTransaction
    remaining: Callable[[], float]
    announce: Callable[[str], None]
    rng: random.Random
    #: Flag values by task, for those whose first attempt this is.
    flags: Mapping[UUID, dict[str, bool]]
    #: Commits what the neighbours have finished, or takes the transaction back where that is nothing.
    settle: Callable[[], None]


def handle(attempt: Attempt, around: Surroundings) -> Handled:
    """Runs the handler; its database effects stay in the batch's transaction, or are undone unless it completed."""
    started = time.monotonic()
    with tracing.span(
        f"run {attempt.type}",
        parent=attempt.traceparent,
        kind="consumer",
        task_id=str(attempt.id),
        task_type=attempt.type,
        task_attempt=attempt.attempts,
    ):
        handled = _try(attempt, around)
        tracing.annotate(task_outcome=handled.outcome.kind if handled.outcome else "lost")
    reach("run.handled")
    took = time.monotonic() - started
    return Handled(attempt, handled.outcome, handled.wrote, handled.children, handled.wait, took)


def out_of_time(attempt: Attempt, around: Surroundings) -> Handled | None:
    """The attempt given back, at no cost, when its handler could not end within the invocation.

    A type this code does not know takes no time: it is given back anyway.
    """
    try:
        needs = around.agents.get(attempt.type).timeout + CLOSING_TIME
    except LookupError:
        return None
    if around.remaining() >= needs:
        return None
    return Handled(attempt, outcome.later(attempt.id, attempt.token, "no time left in this invocation", 0.0))


def _try(attempt: Attempt, around: Surroundings) -> Handled:
    """Runs the handler, again where Postgres chose it as the victim of a conflict.

    What it waits for may wait for its neighbours' locks, which its own savepoint does not give up: they commit first.
    """
    for tries in range(1, CONFLICT_TRIES + 1):
        try:
            return _run(attempt, around)
        except CONFLICTS as error:
            around.transaction.undo()
            if tries == CONFLICT_TRIES:
                return Handled(attempt, failure(attempt, error, around.rng))
            around.settle()
            late = out_of_time(attempt, around)
            if late is not None:
                return late
    raise AssertionError("unreachable")


def _run(attempt: Attempt, around: Surroundings) -> Handled:
    transaction = around.transaction
    context: Context | None = None
    try:
        agent = around.agents.get(attempt.type)
        payload = agent.parse(attempt.payload, attempt.payload_version)
        context = _context(attempt, agent, around)
        with time_limit(max(0.001, context.remaining())):
            result = agent.handler(context, payload)
        done = _complete(attempt, agent, result)
        return Handled(attempt, done, transaction.wrote(), context.children)
    except Suspended:
        transaction.undo()
        return _suspend(attempt, context)
    except (LeaseLost, Cancelled):
        transaction.undo()
        return Handled(attempt, None)
    except (*CONFLICTS, Unavailable, ConnectionLost):
        raise
    except (Exception, SystemExit, HandlerTimeout) as error:
        if transaction.is_lost():
            raise ConnectionLost from error
        transaction.undo()
        return Handled(attempt, _unsuccessful(attempt, error, around.rng))


def _context(attempt: Attempt, agent: Agent, around: Surroundings) -> Context:
    return Context(
        attempt,
        agent,
        agents=around.agents,
        flags=around.flags.get(attempt.id, attempt.flags or {}),
        transaction=around.transaction,
        side=around.side,
        remaining=around.remaining,
        announce=around.announce,
    )


def _complete(attempt: Attempt, agent: Agent, result: Any) -> Outcome:
    done = outcome.completed(attempt.id, attempt.token, agent.dump(result))
    if done.result is not None and len(done.result) > LARGEST_RESULT:
        raise ValueError(f"the result has {len(done.result)} bytes; {LARGEST_RESULT} is the most")
    return done


def _suspend(attempt: Attempt, context: Context | None) -> Handled:
    if context is None or context.wait is None:
        raise AssertionError("only gather suspends")
    wait = context.wait
    children = [child for child in context.children if child.gather == wait.name]
    waits = outcome.waiting(attempt.id, attempt.token, wait.name, wait.needed, wait.deadline)
    return Handled(attempt, waits, children=children, wait=wait)


def _unsuccessful(attempt: Attempt, error: BaseException, rng: random.Random) -> Outcome:
    if isinstance(error, Refuse):
        words = {"kind": "refused", "code": error.code, "message": error.message}
        return _storable(attempt, lambda: outcome.refused(attempt.id, attempt.token, words), rng)
    if isinstance(error, RetryAfter):
        return outcome.later(attempt.id, attempt.token, error.reason, max(0.0, error.seconds))
    if isinstance(error, UnknownType | NewerPayload):
        return outcome.later(attempt.id, attempt.token, "written by newer code", NEWER_CODE_DELAY)
    return failure(attempt, error, rng)


def _storable(attempt: Attempt, make: Callable[[], Outcome], rng: random.Random) -> Outcome:
    try:
        return make()
    except ValueError as error:
        return failure(attempt, error, rng)


def failure(attempt: Attempt, error: BaseException, rng: random.Random) -> Outcome:
    """A transient failure: again later, or a dead letter when the attempts are used up."""
    words = describe(error)
    if attempt.attempts >= attempt.max_attempts:
        return outcome.dead(attempt.id, attempt.token, words)
    return outcome.retry(attempt.id, attempt.token, words, full_jitter(attempt.attempts, rng))


def describe(error: BaseException) -> dict[str, Json]:
    """An error for operators. The same fault has the same `fingerprint`: type, place and words less numbers."""
    return {
        "kind": "timeout" if isinstance(error, HandlerTimeout) else "transient",
        "type": type(error).__name__,
        "message": storable(error, LONGEST_DETAIL) or type(error).__name__,
        "place": place(error),
        "fingerprint": fingerprint(error),
    }
