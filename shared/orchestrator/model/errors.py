"""Every error of the engine, in one tree.

    OrchestratorError
    ├── Steering                 raised by a handler to decide the outcome of its task
    │   ├── Refuse               permanent: the task fails with this message, no retry
    │   │   └── WaitExpired      nobody has sent the signal in time; a handler may catch it
    │   └── RetryAfter           runs again after so many seconds, spends no attempt
    ├── Interrupted              a BaseException: the engine stops a handler
    │   ├── LeaseLost            another attempt owns the task; nothing of this one commits
    │   ├── Cancelled            the owner cancelled; nothing commits
    │   ├── Suspended            waits (children, sleep, signal, approval), then the handler runs again
    │   ├── Continued            no time left for the next step; runs again in another invocation
    │   └── HandlerTimeout       ran longer than its agent allows; a transient failure
    └── Rejected                 a response to the caller; orchestrator.http.errors gives each its status
        ├── InvalidInput         400, with every fault
        ├── Unauthenticated      401
        ├── Forbidden            403
        ├── NotFound             404
        ├── Conflict             409
        │   └── AlreadyAnswered  409, with the time of the first answer
        ├── Gone                 410
        ├── TooLarge             413
        ├── KeyReused            422
        ├── TooMany              429
        └── Unavailable          503

Anything else that a handler raises is a transient failure and spends an attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.model.durations import Duration, seconds_of


class OrchestratorError(Exception):
    """Root of all errors raised on purpose."""


class Steering(OrchestratorError):
    """Raised by a handler to decide the outcome of its own task."""


class Refuse(Steering):
    """The task can never succeed: `message` is for its owner, `code` is for programs."""

    def __init__(self, message: str, *, code: str = "refused") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class WaitExpired(Refuse):
    """Nobody has answered before the deadline of a wait; unless the handler catches this, the task fails."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="wait_expired")


class RetryAfter(Steering):
    """The task runs again after a time, and no attempt is spent.

    `after` is a number of seconds, a timedelta, or the text of an HTTP `Retry-After` header (seconds or a date).
    Raise ValueError for anything else and for more than 366 days.

    `limit` names a limit of the agent, whose service has refused the call: no task starts under it in that time, and
    afterwards half of it counts, which grows to the whole again.
    """

    def __init__(self, after: Duration, reason: str = "", *, limit: str | None = None) -> None:
        self.seconds = seconds_of(after)
        super().__init__(reason or f"retry after {self.seconds:g} s")
        self.reason = reason
        self.limit = limit


class StepNotRecorded(OrchestratorError):
    """A step ran, and its result cannot be stored; the step does not run again."""


class StepInsideTransaction(OrchestratorError):
    """A handler began a step, progress or model call while its transaction was open."""


class CallsChanged(OrchestratorError):
    """A second run asked `gather` for other children than the first run."""


class Interrupted(BaseException):
    """The engine ends a handler early. Not an Exception, so that `except Exception` does not catch it."""


class LeaseLost(Interrupted):
    """This attempt no longer owns its task."""


class Cancelled(Interrupted):
    """The task was cancelled while its handler ran."""


class Suspended(Interrupted):
    """The attempt ends here, and the handler runs again when its wait is over."""


class Blocked(Interrupted):
    """A neighbour kept this attempt from running until its time was up; the task runs again for free."""


class Continued(Interrupted):
    """The next step does not fit into the time left: the handler runs again from the top in another invocation."""


class HandlerTimeout(Interrupted, KeyboardInterrupt):
    """The handler ran longer than its agent's `timeout`.

    Also a KeyboardInterrupt, because psycopg cancels the running query on one and the connection stays usable.
    """


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an input: the field, a sentence part that follows its name ("must be text"), a stable code."""

    field: str
    message: str
    code: str = "invalid"


class Rejected(OrchestratorError):
    """A request that is not served: `message` is shown to the caller, `code` is stable and for programs."""

    code = "rejected"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class InvalidInput(Rejected):
    """The input has faults; all of them are named."""

    code = "invalid_input"

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class Unauthenticated(Rejected):
    """No valid token."""

    code = "unauthenticated"


class Forbidden(Rejected):
    """A valid token that may not do this."""

    code = "forbidden"


class NotFound(Rejected):
    """Not there, or not the caller's."""

    code = "not_found"


class Conflict(Rejected):
    """The state of things does not allow it."""

    code = "conflict"


class Gone(Rejected):
    """A route that another one has replaced; the message names the other one."""

    code = "gone"


class AlreadyAnswered(Conflict):
    """A signal of that name was sent before, at `answered_at` (ISO 8601), by the same person or by another."""

    code = "already_answered"

    def __init__(self, answered_at: str, answered_by: Literal["you", "operator", "other"] = "other") -> None:
        sender = {"you": "You have", "operator": "An operator has", "other": "Somebody else has"}[answered_by]
        super().__init__(f"{sender} answered this already, at {answered_at}.")
        self.answered_at, self.answered_by = answered_at, answered_by


class TooLarge(Rejected):
    """More bytes than the API accepts."""

    code = "too_large"


class KeyReused(Rejected):
    """An idempotency key came back with another request."""

    code = "idempotency_key_reused"


class TooMany(Rejected):
    """Too many requests; `retry_after` is in seconds."""

    code = "too_many_requests"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(Rejected):
    """A part we need is away; nothing was changed. The message names the part, never data."""

    code = "unavailable"
    FIT_FOR_LOGS = True


class DatabaseAway(Unavailable):
    """The engine itself has lost PostgreSQL; no handler's own errors are of this class."""

    def __init__(self, message: str = "The database cannot be reached just now; please try again.") -> None:
        super().__init__(message)
