"""Crashes at every point of a handler, and what they did to the world outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.model.fault_injection import ProcessKilled
from orchestrator.testing.outside import OutsideCall

if TYPE_CHECKING:
    from orchestrator.testing.durable import DurableEngine, DurableTask

#: Points of one run that are tried.
MOST_POINTS = 200
#: Seconds after which a lease has ended and its message has come back.
OUTRUN = 75
#: Times of five minutes that a task gets until its lost messages are repaired.
MOST_REPAIRS = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a handler: `line` is `file:number`, `schedule` says what was done to the worker."""

    problem: str
    effect: str
    line: str
    schedule: str

    def __str__(self) -> str:
        return f"{self.line}: {self.problem} Schedule: {self.schedule}."


class CrashFound(AssertionError):
    """Some crash doubled, lost or changed an effect; `findings` has each line once."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


@dataclass(frozen=True, slots=True)
class _Run:
    """A run: how it ended, its outside calls, and the points that it passed."""

    status: str
    result: object
    calls: list[OutsideCall]
    points: list[str]


def crash_everywhere(engine: DurableEngine, start: Callable[[], DurableTask]) -> int:
    """Return the number of runs. Raise CrashFound."""
    engine.hooks.writes_before_steps.clear()
    usual = _run(engine, start)
    findings = [
        Finding(
            f"a database write comes before step {step!r}. A crash after the step undoes the write, although the effect"
            " has happened. Write after the step.",
            step,
            line,
            "no crash is needed to see it",
        )
        for step, line in engine.hooks.writes_before_steps.items()
    ]
    runs = 1
    for schedule, act in (("killed {}", _kill), ("paused {}, while another worker runs it", _outrun)):
        for at, point in enumerate(usual.points[:MOST_POINTS]):
            findings += _compared(usual, _run(engine, start, at, act), schedule.format(point))
            runs += 1
    findings += _compared(usual, _run(engine, start, duplicates=True), "each message delivered three times")
    first = {(finding.line, finding.effect): finding for finding in reversed(findings)}
    if first:
        raise CrashFound(list(reversed(first.values())))
    return runs + 1


def _run(
    engine: DurableEngine,
    start: Callable[[], DurableTask],
    at: int | None = None,
    act: Callable[[DurableEngine], None] | None = None,
    *,
    duplicates: bool = False,
) -> _Run:
    """Run a new task to its end; do `act` at the point with this number."""
    points: list[str] = []
    engine.recorder.calls.clear()

    def on_point(name: str) -> None:
        points.append(name)
        if act is not None and len(points) == (at or 0) + 1:
            act(engine)

    engine.hooks.on_point = None
    task = start()
    engine.hooks.on_point = on_point
    try:
        if duplicates:
            engine.queue.repeat(2)
        _finish(engine, task)
    finally:
        engine.hooks.on_point = None
    return _Run(task.status, task.result, list(engine.recorder.calls), points)


def _finish(engine: DurableEngine, task: DurableTask) -> None:
    """Run the task and all that it started; the sweeper repairs lost messages after some minutes."""
    engine.run_until_idle()
    for _ in range(MOST_REPAIRS):
        engine.advance(minutes=5)
        engine.run_until_idle()
        if task.is_over:
            return


def _kill(_: DurableEngine) -> None:
    raise ProcessKilled


def _outrun(engine: DurableEngine) -> None:
    """Let the lease of the running attempt end, and another worker run the task, before this one goes on."""
    on_point, engine.hooks.on_point = engine.hooks.on_point, None
    try:
        with engine.another_worker():
            engine.advance(seconds=OUTRUN)
    finally:
        engine.hooks.on_point = on_point


def _compared(usual: _Run, run: _Run, schedule: str) -> list[Finding]:
    """Return the differences between the run without a crash and one with."""
    if run.status != usual.status:
        problem = f"the task ends as {run.status}, and without a crash as {usual.status}."
        return [Finding(problem, "status", "the task", schedule)]
    wanted, got = _effects(usual.calls), _effects(run.calls)
    found = [_doubled(name, run.calls, schedule) for name in got if got[name] > wanted[name]]
    found += [
        Finding(f"{name} has not happened.", name, _line_of(name, usual.calls), schedule)
        for name in wanted
        if got[name] < wanted[name]
    ]
    return found + _changed(run.calls, schedule)


def _effects(calls: list[OutsideCall]) -> Counter[str]:
    """Count the effects by name. Calls with one idempotency key are one effect."""
    keyed = {(call.name, call.key) for call in calls if call.key is not None}
    return Counter([name for name, _ in keyed] + [call.name for call in calls if call.key is None])


def _doubled(name: str, calls: list[OutsideCall], schedule: str) -> Finding:
    call = next((call for call in reversed(calls) if call.name == name and call.key is None), None)
    if call is None:
        return Finding(f"{name} happened with a key of its own each time.", name, _line_of(name, calls), schedule)
    where = "outside a step" if call.step is None else f"in step {call.step!r} without the step's key"
    times = sum(each.name == name for each in calls)
    return Finding(f"{name} happened {times} times: it is called {where}.", name, call.line, schedule)


def _changed(calls: list[OutsideCall], schedule: str) -> list[Finding]:
    """Return the keys that were used with different arguments."""
    first: dict[tuple[str, str | None], OutsideCall] = {}
    found = []
    for call in calls:
        earlier = first.setdefault((call.name, call.key), call)
        if call.key is not None and earlier.arguments != call.arguments:
            problem = f"{call.name} got its key again with other arguments: {earlier.arguments}, then {call.arguments}."
            found.append(Finding(problem, call.name, call.line, schedule))
    return found


def _line_of(name: str, calls: list[OutsideCall]) -> str:
    return next(call.line for call in calls if call.name == name)
