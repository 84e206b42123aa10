"""Every error of ours, in one tree.

    OrchestratorError
    ├── Steering                 raised by a handler to say what becomes of its task
    │   ├── Refuse               permanent: the task fails with these words, no retry
    │   └── RetryAfter           not now: again after so many seconds, spends no attempt
    ├── Interrupted              the engine stops a handler; a handler must let it pass
    │   ├── LeaseLost            another attempt owns the task; nothing of this one commits
    │   ├── Cancelled            the owner cancelled; nothing commits
    │   ├── Suspended            waits for children; the handler runs again from the top
    │   └── HandlerTimeout       ran longer than its agent allows; a transient failure
    └── Rejected                 a response to the caller; orchestrator.http.errors gives each its status
        ├── InvalidInput         400, with every fault
        ├── Unauthenticated      401
        ├── Forbidden            403
        ├── NotFound             404
        ├── Conflict             409
        ├── TooLarge             413
        ├── KeyReused            422
        ├── TooMany              429
        └── Unavailable          503

Anything else that a handler raises is a transient failure and spends an attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class OrchestratorError(Exception):
    """Root of all errors raised on purpose."""


class Steering(OrchestratorError):
    """A handler's word on its own task."""


class Refuse(Steering):
    """The task can never succeed: `message` is shown to its owner, `code` is for programs."""

    def __init__(self, message: str, *, code: str = "refused") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class RetryAfter(Steering):
    """The task should run again in `seconds`; spends no attempt."""

    def __init__(self, seconds: float, reason: str = "") -> None:
        super().__init__(reason or f"retry after {seconds:g} s")
        self.seconds = seconds
        self.reason = reason


class Interrupted(OrchestratorError):
    """The engine ends a handler early."""


class LeaseLost(Interrupted):
    """This attempt no longer owns its task."""


class Cancelled(Interrupted):
    """The task was cancelled while its handler ran."""


class Suspended(Interrupted):
    """The task gives its worker back until its children are done."""


class HandlerTimeout(Interrupted, KeyboardInterrupt):
    """The handler ran longer than its agent's `timeout`.

    A KeyboardInterrupt too, because psycopg cancels the running query on one and stays usable.
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
    """A part we need is away; nothing was changed. Its words are of parts, never of somebody's data."""

    code = "unavailable"
    FIT_FOR_LOGS = True
