"""Waits of a running attempt: it sleeps, or waits for a signal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, overload

from orchestrator.engine.context.scope import Scope
from orchestrator.engine.context.step_results import check_name
from orchestrator.engine.waiting.approvals import Approvers, Decision, decision_of, digest_of
from orchestrator.model.durations import LONGEST, Duration, seconds_of
from orchestrator.model.errors import Suspended, WaitExpired
from orchestrator.model.ids import WAIT_NAME, new_answer_token
from orchestrator.model.json_encoding import encode_bounded, encode_json
from orchestrator.model.outcome import Question, Wait
from orchestrator.model.task import Json
from orchestrator.store import waits
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Database
from orchestrator.store.waits import StoredWait

if TYPE_CHECKING:
    from pydantic import BaseModel

    Model = TypeVar("Model", bound=BaseModel)

#: Bytes of what an approval shows, as it is sent: it must fit into a frame of a WebSocket.
LARGEST_SHOWN = 32_000
#: Owners that one approval may ask.
MOST_ASKED = 100


class Waits:
    """The wait that one attempt ends with."""

    def __init__(self, attempt: Attempt, side: Database, version: str) -> None:
        self._attempt = attempt
        self._side = side
        self._version = version
        #: The wait that the attempt ends with.
        self.wait: Wait | None = None

    def sleep(self, name: str, seconds: float | None, until: datetime | None) -> Wait | None:
        """Return the sleep to end the attempt with, or None when it is over."""
        left = self._side.run(waits.sleep_left, self._attempt.id, name, seconds, until)
        if left <= 0:
            return None
        self.wait = Wait("sleep", name, left)
        return self.wait

    def wait_for(self, name: str, schema: type[BaseModel] | None, seconds: float | None) -> tuple[bool, Json]:
        """Return (True, the signal's value), or (False, None) when the attempt must wait. Raise WaitExpired."""
        stored = self._side.run(waits.find_wait, self._attempt.id, name)
        discards = False
        if stored is not None and stored.answered_at is not None:
            fits, value = _parse(schema, stored.value)
            if fits:
                return True, value
            discards = True
        elif stored is not None and stored.over:
            raise WaitExpired(f"Nobody answered {name!r} in time.")
        elif stored is not None:
            self.wait = Wait("signal", name, _left(stored, seconds))
            return False, None
        question = self._question(schema, seconds, discards=discards)
        self.wait = Wait("signal", name, _left(stored, seconds), question)
        return False, None

    def approve(self, name: str, shown: Mapping[str, Json], by: Approvers, seconds: float | None) -> Decision | None:
        """Return the decision, or None when the attempt must wait.

        A decision counts for exactly what was shown, and for the version of the code that asked, until it was used.
        """
        stored = self._side.run(waits.find_wait, self._attempt.id, name)
        digest = digest_of(shown)
        if stored is None or stored.kind != "approval" or stored.digest != digest:
            self._ask(name, shown, by, seconds, digest)
            return None
        if stored.answered_at is None:
            if stored.over:
                return Decision(verdict="expired", value=dict(shown))
            self._ask(name, shown, by, stored.seconds_left, digest, stored.token)
            return None
        if not stored.used and stored.version != self._version:
            self._ask(name, shown, by, seconds, digest)
            return None
        if not stored.used:
            self._side.run(waits.use_decision, self._attempt.id, self._attempt.token, name)
        return decision_of(stored.value, shown, stored.answered_by, stored.answered_at)

    def _ask(
        self,
        name: str,
        shown: Mapping[str, Json],
        by: Approvers,
        seconds: float | None,
        digest: str,
        token: str | None = None,
    ) -> None:
        """End the attempt with the question. With the `token` of an open question, that one goes on."""
        from orchestrator.engine.waiting.approval_answer import ApprovalAnswer

        question = Question(
            asked=asked_of(by, self._attempt.owner_id),
            operators=by == "operator",
            expires=seconds is not None,
            schema=encode_json(ApprovalAnswer.model_json_schema()),
            model=reference_of(ApprovalAnswer),
            shown=encode_bounded(dict(shown), LARGEST_SHOWN, "the shown data"),
            digest=digest,
            version=self._version,
            token=token or new_answer_token(),
            discards_answer=token is None,
        )
        self.wait = Wait("approval", name, LONGEST if seconds is None else max(0.0, seconds), question)

    def _question(self, schema: type[BaseModel] | None, seconds: float | None, *, discards: bool) -> Question:
        return Question(
            asked=(self._attempt.owner_id,),
            operators=True,
            expires=seconds is not None,
            schema=None if schema is None else encode_json(schema.model_json_schema()),
            model=None if schema is None else reference_of(schema),
            token=new_answer_token(),
            discards_answer=discards,
        )


class WaitingScope(Scope):
    """The calls with which a handler waits."""

    def __init__(self, attempt: Attempt, side: Database, version: str) -> None:
        super().__init__()
        self.waits = Waits(attempt, side, version)

    def sleep(self, name: str, seconds: Duration | None = None, *, until: datetime | None = None) -> None:
        """Wait for `seconds`, or until a time, without a worker; the handler runs again from the top afterwards.

        Raise ValueError unless exactly one of the two is given.
        """
        self._enter()
        check_name(name, "the name of a sleep")
        bounds = bounds_of(seconds, until)
        name = self._unique(f"sleep:{name}").removeprefix("sleep:")
        if self.waits.sleep(name, *bounds) is not None:
            raise self.interrupt(Suspended(name))

    @overload
    def wait_for(self, name: str, *, schema: type[Model], deadline: Duration | None = None) -> Model: ...
    @overload
    def wait_for(self, name: str, *, schema: None = None, deadline: Duration | None = None) -> Json: ...
    def wait_for(self, name: str, *, schema: type[BaseModel] | None = None, deadline: Duration | None = None) -> Json:
        """Wait without a worker for the signal `name`, and return its value, parsed by `schema`.

        The first signal of the name counts, also one that was sent before. A name that is used again in one attempt
        becomes `name.2`. The handler runs again from the top when the signal is there.

        Raise WaitExpired when nobody has sent it before the `deadline`: the task fails unless the handler catches that.
        Raise ValueError for an unfit name, or for a schema that is not a class of a module.
        """
        self._enter()
        check_wait_name(name)
        name = self._unique(f"wait:{name}", ".").removeprefix("wait:")
        answered, value = self.waits.wait_for(name, schema, None if deadline is None else seconds_of(deadline))
        if not answered:
            raise self.interrupt(Suspended(name))
        return value

    def approve(
        self, name: str, *, show: Mapping[str, Json], by: Approvers = "owner", expires: Duration | None = None
    ) -> Decision:
        """Ask people whether the handler may do what `show` says, and return their decision.

        `by`: the task's owner, an operator, or one of some owners. The handler waits without a worker and runs again
        from the top afterwards. Nobody decides in time: the verdict is `expired`. A decision counts for exactly what
        was shown: when this run shows something else, or other code shows it before the decision was used, the
        handler asks again.

        Raise ValueError for an unfit name, for nobody in `by`, or when `show` is not JSON or too large.
        """
        self._enter()
        check_wait_name(name)
        name = self._unique(f"wait:{name}", ".").removeprefix("wait:")
        decision = self.waits.approve(name, show, by, None if expires is None else seconds_of(expires))
        if decision is None:
            raise self.interrupt(Suspended(name))
        return decision


def asked_of(by: Approvers, owner: str) -> tuple[str, ...]:
    """Return the owners that may decide. Raise ValueError for nobody."""
    if by == "operator":
        return ()
    if by == "owner":
        return (owner,)
    asked = () if isinstance(by, str) else tuple(dict.fromkeys(by))
    if not 0 < len(asked) <= MOST_ASKED or not all(isinstance(each, str) and each for each in asked):
        raise ValueError(f'by= must be "owner", "operator" or 1 to {MOST_ASKED} ids of owners, not {by!r:.60}')
    return asked


def _left(stored: StoredWait | None, seconds: float | None) -> float:
    """Return the seconds until the wait ends: those of a wait that has begun, or all of them."""
    if stored is not None and stored.seconds_left is not None:
        return max(0.0, stored.seconds_left)
    return LONGEST if seconds is None else seconds


def _parse(schema: type[BaseModel] | None, value: Json) -> tuple[bool, Json]:
    """Return whether the value fits the schema, and what the handler gets."""
    if schema is None:
        return True, value
    from pydantic import ValidationError

    try:
        return True, schema.model_validate(value)
    except ValidationError:
        return False, None


def reference_of(schema: type[BaseModel]) -> str:
    """Return `module:name` of a model. Raise ValueError for one that another process could not import."""
    if "<locals>" in schema.__qualname__ or schema.__module__ == "__main__":
        raise ValueError(f"the schema {schema.__qualname__} must be a class of a module, not of a function")
    return f"{schema.__module__}:{schema.__qualname__}"


def check_wait_name(name: str) -> None:
    """Raise ValueError unless `name` can be the name of a wait."""
    if not isinstance(name, str) or not WAIT_NAME.fullmatch(name):
        raise ValueError(
            f"the name of a wait must have 1 to 100 letters, digits or one of . _ : - and not {str(name)[:60]!r}"
        )


def bounds_of(seconds: Duration | None, until: datetime | None) -> tuple[float | None, datetime | None]:
    """Return the bounds of a sleep. Raise ValueError unless exactly one is given and fits."""
    if (seconds is None) == (until is None):
        raise ValueError("sleep needs either seconds= or until=")
    if until is not None and until.tzinfo is None:
        raise ValueError("until= must have a time zone")
    return (None if seconds is None else seconds_of(seconds)), until
