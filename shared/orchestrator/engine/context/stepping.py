"""Steps of a running attempt: one by one, side by side, and with a check after a crash; and its continuation."""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

from orchestrator.engine.context.step_results import check_annotation, check_name, from_json, reload, to_json
from orchestrator.engine.context.waits import WaitingScope
from orchestrator.model.errors import Cancelled, Continued, LeaseLost, StepNotRecorded
from orchestrator.model.fault_injection import reach
from orchestrator.model.json_encoding import encode_bounded
from orchestrator.model.states import Status
from orchestrator.model.task import Json
from orchestrator.observability import tracing
from orchestrator.store import steps
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Database
from orchestrator.store.steps import Recorded, Write

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

#: A step or a checkpoint must fit this many times into the time left, or the task continues in another invocation.
ROOM = 1.5
#: Bytes of the state of a checkpoint.
LARGEST_STATE = 256_000
#: Seconds between two writes of a checkpoint's state, while time is left.
CHECKPOINT_EVERY = 1.0
#: Steps that `parallel` runs at once at most.
MOST_PARALLEL = 50
#: The number at the end of a step's name: steps that differ in it take about as long.
_NUMBER = re.compile(r"[\W_]*\d+$")
_STATE = "checkpoint:state"


class SteppingScope(WaitingScope, ABC):
    """The calls with which a handler records its progress."""

    def __init__(
        self,
        attempt: Attempt,
        side: Database,
        version: str,
        announce: Callable[[str], None],
        paces: MutableMapping[str, float],
    ) -> None:
        super().__init__(attempt, side, version)
        self._record = attempt
        self._side = side
        self._announce = announce
        self._known: dict[str, Recorded] | None = None
        #: Mean seconds of steps and between checkpoints, by type and name, in this container.
        self._paces = paces
        #: Whether this attempt has got further than the one before, so that another one gets further still.
        self.advanced = False
        self._wrote = False
        self._checkpoint_at = self._written_at = time.monotonic()

    @abstractmethod
    def remaining(self) -> float:
        """Return the seconds that this attempt may still take."""

    @abstractmethod
    def _begin_effect(self, call: str) -> None:
        """Write that the attempt has started, unless it is written.

        Raise StepInsideTransaction while `call` is not allowed.
        """

    def step(
        self,
        name: str,
        fn: Callable[[str], T],
        *,
        returns: object = None,
        check: Callable[[str], T | None] | None = None,
    ) -> T:
        """Run `fn(idempotency_key)` unless an earlier attempt recorded its result, and record it at once.

        For effects outside the database. The key `task:step` is the same in all attempts: pass it to the service.
        A name that is used again in one attempt becomes `name#2`. The result is returned as its JSON says, in the
        first run too; `returns` is a type that pydantic parses it into.

        `check(key)` is for a service without idempotency keys. When an earlier attempt may have called `fn` and ended
        before its record, `check` asks for the effect: its result is recorded, and None lets `fn` run again.

        The task continues in another invocation when the step does not fit into the time that is left.

        Raise ValueError for an unfit name, TypeError before the effect for an unfit type, StepNotRecorded when the
        effect happened and its result cannot be stored, LeaseLost or Cancelled when another attempt owns the task.
        """
        self._enter()
        check_name(name, "the name of a step")
        name = self._unique(name)
        if name not in self._recorded:
            check_annotation(name, fn, returns)
            self._continue_unless_it_fits(name)
            self._begin_effect(f"step {name!r}")
            tries = self._begin_step(name) if check is not None else 1
            started = time.monotonic()
            with tracing.span(f"step {name}"):
                result = self._found(name, check) if check is not None and tries > 1 else None
                found = result is not None
                result = result if found else fn(self._key(name))
            reach("step.called")
            self._store(name, result, returns, time.monotonic() - started, tries, found=found)
        return cast("T", self._result(name, returns))

    def parallel(self, calls: Mapping[str, Callable[[str], object]], *, at_most: int = 5) -> dict[str, Json]:
        """Run steps side by side, `at_most` at once, and return their results by name.

        Each is recorded as it ends; a retry runs the missing ones only. When one raises, the others are recorded
        first, then its error is raised. The functions run in threads: they must not use the context.
        """
        self._enter()
        if not 1 <= at_most <= MOST_PARALLEL:
            raise ValueError(f"at_most={at_most} must be from 1 to {MOST_PARALLEL}")
        for name in calls:
            check_name(name, "the name of a step")
        names = {name: self._unique(name) for name in calls}
        missing = {name: fn for name, fn in calls.items() if names[name] not in self._recorded}
        for name in missing:
            check_annotation(name, calls[name], None)
            self._continue_unless_it_fits(names[name])
        if missing:
            self._begin_effect("parallel")
            self._run_side_by_side({names[name]: fn for name, fn in missing.items()}, at_most)
        return {name: self._result(unique, None) for name, unique in names.items()}

    def _run_side_by_side(self, calls: Mapping[str, Callable[[str], object]], at_most: int) -> None:
        errors: list[Exception] = []
        with _pool(min(at_most, len(calls))) as pool:
            running = {pool.submit(_timed, fn, self._key(name)): name for name, fn in calls.items()}
            for done in as_completed(running):
                try:
                    result, seconds = done.result()
                except Exception as error:
                    errors.append(error)
                else:
                    self._store(running[done], result, None, seconds, 1, found=False)
        if errors:
            raise errors[0]

    @property
    def state(self) -> Json:
        """Return the state of the newest checkpoint; None before the first one."""
        self._enter()
        found = self._recorded.get(_STATE)
        return found.result if found is not None else None

    def checkpoint(self, state: Json) -> None:
        """Keep the state of a loop, which `ctx.state` returns when the handler runs again.

        The task continues in another invocation when the next part of the loop does not fit into the time that is
        left. Database effects of this attempt are undone there, so a loop with checkpoints must not use `ctx.db`.

        Raise ValueError when the state is not JSON or too large, RuntimeError after a use of `ctx.db`.
        """
        self._enter()
        if self._wrote:
            raise RuntimeError("checkpoint after ctx.db: when the task continues, these effects are undone; use steps")
        now = time.monotonic()
        self._note_pace(_STATE, now - self._checkpoint_at)
        self._checkpoint_at = now
        fits = self._fits(_STATE)
        if fits and now - self._written_at < CHECKPOINT_EVERY:
            return
        text = encode_bounded(state, LARGEST_STATE, "the state")
        if not self._side.run(steps.save_checkpoint, self._record.id, self._record.token, _STATE, text):
            self._raise_lost()
        self._recorded[_STATE] = Recorded(reload(text))
        self._written_at = now
        if not fits:
            raise self.interrupt(Continued("checkpoint"))

    def _continue_unless_it_fits(self, name: str) -> None:
        if self.advanced and not self._fits(name):
            raise self.interrupt(Continued(name))

    def _fits(self, name: str) -> bool:
        usual = self._paces.get(self._pace_of(name))
        return usual is None or usual * ROOM <= self.remaining()

    def _pace_of(self, name: str) -> str:
        return f"{self._record.type} {_NUMBER.sub('', name)}"

    def _note_pace(self, name: str, seconds: float) -> None:
        mean = self._paces.get(self._pace_of(name), seconds)
        self._paces[self._pace_of(name)] = mean + (seconds - mean) * 0.3

    def _key(self, name: str) -> str:
        return f"{self._record.id}:{name}"

    def _begin_step(self, name: str) -> int:
        """Record that the step is about to be called; return how often that happened, this time included."""
        tries = self._side.run(steps.begin_step, self._record.id, self._record.token, f"intent:{name}")
        if tries is None:
            self._raise_lost()
        reach("step.intended")
        return tries

    def _found(self, name: str, check: Callable[[str], T | None]) -> T | None:
        return check(self._key(name))

    def _store(self, name: str, result: object, returns: object, seconds: float, tries: int, *, found: bool) -> None:
        text, fault = self._encoded(result, returns)
        again = {"tries": tries, "found": found} if tries > 1 else None
        took_ms = round(seconds * 1000)
        write = self._side.run(
            steps.record_step, self._record.id, self._record.token, name, text, took_ms, fault, again
        )
        self._keep(name, text, fault, write, seconds)

    def _encoded(self, result: object, returns: object) -> tuple[str, str | None]:
        """Return the JSON text of a result, or the fault for which it cannot be stored."""
        try:
            return to_json(result, returns), None
        except Exception as error:  # pydantic, and the result's own methods, may raise anything
            fault = f"{type(result).__name__}: {error}"[:500].encode("utf-8", "replace").decode().replace("\x00", "")
            return "null", fault

    def _keep(self, name: str, text: str, fault: str | None, write: Write, seconds: float) -> None:
        """Keep a step that was written, or the one that was recorded before it."""
        self._note_pace(name, seconds)
        self.advanced = True
        if write is Write.REJECTED:
            self._recorded[name] = self._recorded_elsewhere(name)
        else:
            self._recorded[name] = Recorded(reload(text), fault)
        if write is Write.WATCHED:
            self._announce(self._record.owner_id)

    def _result(self, name: str, returns: object) -> Json:
        recorded = self._recorded[name]
        if recorded.fault is not None:
            raise StepNotRecorded(
                f"step {name!r} ran once, but its result cannot be stored ({recorded.fault}). Return JSON from it."
            )
        return from_json(recorded.result, returns)

    @property
    def _recorded(self) -> dict[str, Recorded]:
        with self._turn:  # steps of an async handler may begin side by side
            if self._known is None:
                self._known = self._side.run(steps.recorded_steps, self._record.id)
            return self._known

    def _recorded_elsewhere(self, name: str) -> Recorded:
        """Return a step that could not be recorded because it was already: the first answer got lost."""
        _, owned = self._side.run(steps.attempt_state, self._record.id, self._record.token)
        if not owned:
            self._raise_lost()
        return self._side.run(steps.recorded_steps, self._record.id)[name]

    def _raise_lost(self) -> NoReturn:
        status, _ = self._side.run(steps.attempt_state, self._record.id, self._record.token)
        lost = Cancelled("cancelled") if status is Status.CANCELLED else LeaseLost("another attempt owns the task")
        raise self.interrupt(lost)


def _timed(fn: Callable[[str], object], key: str) -> tuple[object, float]:
    started = time.monotonic()
    return fn(key), time.monotonic() - started


@contextmanager
def _pool(size: int) -> Iterator[ThreadPoolExecutor]:
    """Give threads, and wait for none of them when the block is interrupted."""
    pool = ThreadPoolExecutor(max_workers=size)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
