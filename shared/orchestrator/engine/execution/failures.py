"""Turn the exception of a handler into the outcome of its attempt."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

from orchestrator.engine.agents import NewerPayload, UnknownType
from orchestrator.model import outcome
from orchestrator.model.backoff import full_jitter
from orchestrator.model.errors import HandlerTimeout, Refuse, RetryAfter
from orchestrator.model.outcome import Outcome
from orchestrator.model.task import Json
from orchestrator.observability.error_summary import fingerprint, position, storable
from orchestrator.store.attempts import Attempt

#: Seconds until a task that newer code wrote is tried again: a deployment is under way.
NEWER_CODE_DELAY = 60.0
#: Characters of a transient error kept on the row.
LONGEST_DETAIL = 2_000
#: Characters of a refusal's message and of its code.
LONGEST_REFUSAL, LONGEST_CODE = 2_000, 100
#: Characters of the reason of a release.
LONGEST_REASON = 200
#: Losses of the connection after which a task runs isolated, and each further one spends an attempt.
FREE_LOSSES = 2


def outcome_of(attempt: Attempt, error: BaseException, rng: random.Random) -> Outcome:
    """Return the outcome of an attempt whose handler raised `error`."""
    try:
        if isinstance(error, Refuse):
            return _refused(attempt, error)
        if isinstance(error, RetryAfter):
            reason = str(error.reason)[:LONGEST_REASON]
            return outcome.later(attempt.id, attempt.token, reason, error.seconds)
        if isinstance(error, UnknownType | NewerPayload):
            return outcome.later(attempt.id, attempt.token, "written by newer code", NEWER_CODE_DELAY)
    except Exception as fault:  # the handler's own text may be unstorable or unreadable
        return failure(attempt, fault, rng)
    return failure(attempt, error, rng)


def _refused(attempt: Attempt, error: Refuse) -> Outcome:
    described = {
        "kind": "refused",
        "code": str(error.code)[:LONGEST_CODE],
        "message": str(error.message)[:LONGEST_REFUSAL],
    }
    return outcome.refused(attempt.id, attempt.token, described)


def failure(attempt: Attempt, error: BaseException, rng: random.Random, *, connection_lost: bool = False) -> Outcome:
    """Return a transient failure: a retry, or a dead letter when the attempts are used up."""
    described = describe(error)
    if attempt.attempts >= attempt.max_attempts:
        return outcome.dead(attempt.id, attempt.token, described, connection_lost=connection_lost)
    delay = full_jitter(attempt.attempts, rng)
    return outcome.retry(attempt.id, attempt.token, described, delay, connection_lost=connection_lost)


def disconnected(attempt: Attempt, error: BaseException, rng: random.Random) -> Outcome:
    """Return the outcome of an attempt under which the connection was lost.

    The first losses cost nothing. After `FREE_LOSSES` of them the task runs isolated, and there each spends an attempt.
    """
    if attempt.alone and attempt.losses >= FREE_LOSSES:
        return failure(attempt, error, rng, connection_lost=True)
    return outcome.later(attempt.id, attempt.token, "the database connection was lost", 0.0, connection_lost=True)


def overdue(attempt: Attempt) -> Outcome:
    """Return the end of a task whose deadline has passed."""
    described = {"kind": "refused", "code": "deadline", "message": "The task was not done before its deadline."}
    return outcome.refused(attempt.id, attempt.token, described)


def describe(error: BaseException) -> dict[str, Json]:
    """Return an error for operators. The same fault has the same `fingerprint`."""
    name = type(error).__name__
    return {
        "kind": "timeout" if isinstance(error, HandlerTimeout) else "transient",
        "type": _safe(lambda: name[:200].encode("utf-8", "replace").decode(), "Exception"),
        "message": _safe(lambda: storable(error, LONGEST_DETAIL), "") or name[:200],
        "place": _safe(lambda: position(error), ""),
        "fingerprint": _safe(lambda: fingerprint(error), "unreadable"),
    }


def _safe(read: Callable[[], str], otherwise: str) -> str:
    """Return the result of `read`; an exception's own methods may raise anything."""
    with suppress(BaseException):
        return read()
    return otherwise
