"""Run one attempt's handler. Only the handler itself writes."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from orchestrator.engine.agents import Agent
from orchestrator.engine.context import Context
from orchestrator.engine.execution import failures
from orchestrator.engine.execution.fit import time_needed
from orchestrator.engine.execution.lanes.invocation import invoke
from orchestrator.engine.execution.timeout import time_limit
from orchestrator.engine.execution.transaction import BatchTransaction, ConnectionLost, EndedByNeighbour
from orchestrator.engine.execution.worker import Worker
from orchestrator.engine.limits import claims
from orchestrator.engine.unique import UniqueKey
from orchestrator.model import outcome
from orchestrator.model.errors import (
    Blocked,
    Cancelled,
    Continued,
    DatabaseAway,
    HandlerTimeout,
    LeaseLost,
    RetryAfter,
    Suspended,
)
from orchestrator.model.fault_injection import ProcessKilled
from orchestrator.model.outcome import Join, Outcome
from orchestrator.observability import tracing
from orchestrator.store.attempts import Attempt
from orchestrator.store.children import NewChild
from orchestrator.store.connection import CONFLICTS
from orchestrator.store.tasks import NewTask


@dataclass(frozen=True, slots=True)
class Handled:
    """An attempt after its handler; `outcome` is None when another attempt owns the task or it was cancelled."""

    attempt: Attempt
    outcome: Outcome | None
    wrote: bool = False
    children: list[NewChild] = field(default_factory=list)
    #: Unique tasks to submit with the commit.
    unique: list[tuple[NewTask, UniqueKey]] = field(default_factory=list)
    join: Join | None = None
    #: Digests of the calls of a join that begins here; None for a join that goes on.
    calls: list[str] | None = None
    took: float = 0.0  # seconds


def out_of_time(worker: Worker, attempt: Attempt, remaining: float) -> Handled | None:
    """Return a release of a started attempt when its handler could not run again within `remaining` seconds."""
    if remaining >= time_needed(worker, attempt.type):
        return None
    return Handled(attempt, outcome.later(attempt.id, attempt.token, "no time left in this invocation", 0.0))


def call(
    worker: Worker,
    transaction: BatchTransaction,
    attempt: Attempt,
    flags: Mapping[str, bool],
    remaining: Callable[[], float],
    begin: Callable[[], bool] | None,
) -> Handled:
    """Run the handler once; its database effects stay in `transaction`, or are undone unless it completed.

    `begin` writes the attempt's started event; None when it is written.
    Raise one of CONFLICTS when Postgres chose it as the victim of one, and ConnectionLost or DatabaseAway.
    """
    context: Context | None = None
    process = os.getpid()
    try:
        agent = worker.agents.get(attempt.type)
        payload = agent.parse(attempt.payload, attempt.payload_version)
        context = Context(
            attempt,
            agent,
            agents=worker.agents,
            flags=flags,
            transaction=transaction,
            side=worker.side,
            remaining=remaining,
            begin=begin,
            announce=lambda owner: worker.events.announce([(owner, tracing.current())]),
            version=worker.version,
            paces=worker.step_paces,
        )
        result = _within_time(worker, agent, context, payload, process)
        done = _complete(attempt, agent, result)
        return Handled(
            attempt, done, transaction.leave(), children=context.children.added, unique=context.children.unique
        )
    except ProcessKilled:
        raise
    except BaseException as error:
        _end_forked_child(process)
        cause = context.interrupted if context is not None and context.interrupted is not None else error
        return _ended(worker, transaction, attempt, context, cause)
    finally:
        if context is not None:
            context.close()


def _within_time(worker: Worker, agent: Agent, context: Context, payload: Any, process: int) -> Any:
    """Return the handler's result. Raise the error that interrupted it, even when the handler did not let that pass."""
    call = worker.invoke or partial(invoke, loop=worker.loop)
    with time_limit(max(0.001, context.remaining()), context.interrupt):
        result = call(agent, context, payload)
    _end_forked_child(process)
    if context.interrupted is None and context.is_overdue():
        context.interrupt(HandlerTimeout(f"ran longer than {agent.timeout:g} s"))
    if context.interrupted is not None:
        raise context.interrupted
    if inspect.isawaitable(result) or inspect.isgenerator(result):
        result.close() if hasattr(result, "close") else None
        raise TypeError("the handler returned a coroutine or a generator; write a plain function that returns JSON")
    return result


def _end_forked_child(process: int) -> None:
    """End this process when a handler forked it: it must not go on as a second worker on the same connection."""
    if os.getpid() != process:
        os._exit(0)


def _ended(
    worker: Worker,
    transaction: BatchTransaction,
    attempt: Attempt,
    context: Context | None,
    error: BaseException,
) -> Handled:
    """Return the attempt of a handler that raised; its effects are undone."""
    if transaction.is_lost():
        raise ConnectionLost from error
    if isinstance(error, DatabaseAway | ConnectionLost):
        raise error
    if isinstance(error, CONFLICTS):
        transaction.undo()
        if not transaction.ended:
            raise error
    transaction.undo()
    if isinstance(error, Suspended) and context is not None:
        return _suspended(attempt, context)
    if isinstance(error, Continued):
        return Handled(attempt, outcome.continued(attempt.id, attempt.token, str(error)))
    if isinstance(error, Blocked):
        return Handled(attempt, outcome.later(attempt.id, attempt.token, str(error), 0.0, connection_lost=True))
    if isinstance(error, EndedByNeighbour):
        return Handled(attempt, outcome.later(attempt.id, attempt.token, "runs again", 0.0), wrote=True)
    if isinstance(error, LeaseLost | Cancelled):
        return Handled(attempt, None)
    error = _close_limit(worker, attempt, error)
    return Handled(attempt, failures.outcome_of(attempt, error, worker.rng))


def _close_limit(worker: Worker, attempt: Attempt, error: BaseException) -> BaseException:
    """Close the limit whose service refused the handler; return the error, or that of a limit that is not declared."""
    if isinstance(error, RetryAfter) and error.limit is not None:
        try:
            claims.close(worker.side, attempt, worker.agents.get(attempt.type), error.limit, error.seconds)
        except ValueError as unknown:
            return unknown
    return error


def _suspended(attempt: Attempt, context: Context) -> Handled:
    children, join, wait = context.children, context.children.join, context.waits.wait
    if wait is not None:
        return Handled(attempt, outcome.suspended(attempt.id, attempt.token, wait))
    if join is None:
        raise AssertionError("a handler is suspended for a join or for a wait")
    added = [child for child in children.added if child.gather == join.name]
    waits = outcome.waiting(attempt.id, attempt.token, join)
    return Handled(attempt, waits, children=added, join=join, calls=children.calls)


def _complete(attempt: Attempt, agent: Agent, result: Any) -> Outcome:
    return outcome.completed(attempt.id, attempt.token, agent.dump(result))
