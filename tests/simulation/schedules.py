"""Random schedules: hypothesis chooses what happens, and when something goes wrong finds the shortest way there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from orchestrator.engine.submit import TaskRequest
from orchestrator.model.fault_injection import POINTS
from tests.simulation.checks import check, settle
from tests.simulation.watchers import OWNERS
from tests.simulation.world import INVOCATION, Interruption, World

OUTCOMES = ("succeed", "raise", "refuse", "wait", "die", "effectless")
ACCIDENTS = ("die", "cut", "cancel", "late", "rival", "sweep", "redrive", "signal")

script = st.fixed_dictionaries(
    {
        "outcomes": st.lists(st.sampled_from(OUTCOMES), max_size=3),
        "then": st.sampled_from(("succeed", "succeed", "succeed", "raise", "die")),
        "step": st.booleans(),
        "spawn": st.booleans(),
    }
)
family = st.fixed_dictionaries(
    {
        "children": st.lists(script, min_size=1, max_size=3),
        "quorum": st.none() | st.integers(1, 3),
        "deadline": st.none() | st.sampled_from((30.0, 500.0)),
    }
)
pause = st.fixed_dictionaries(
    {"sleep": st.sampled_from((0.0, 20.0, 2000.0)), "deadline": st.sampled_from((30.0, 500.0, 5000.0))}
)
order = st.one_of(
    st.tuples(st.just("sim.work"), script),
    st.tuples(st.just("sim.work"), script),
    st.tuples(st.just("sim.slow"), script),
    st.tuples(st.just("sim.limited"), script),
    st.tuples(st.just("sim.family"), family),
    st.tuples(st.just("sim.waits"), pause),
)
plan = st.lists(
    st.builds(Interruption, st.sampled_from(POINTS), st.integers(1, 4), st.sampled_from(ACCIDENTS)), max_size=3
)


class Schedule(RuleBasedStateMachine):
    """One history of a world."""

    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.accepted: set[UUID] = set()
        self.keys: dict[tuple[str, str], tuple[Any, UUID]] = {}

    @initialize(
        seed=st.integers(0, 2**32), orders=st.lists(st.tuples(st.sampled_from(OWNERS), order), min_size=3, max_size=8)
    )
    def begin(self, seed: int, orders: list[tuple[str, Any]]) -> None:
        self.world = World(self.url, seed)
        self.world.begin()
        for owner, asked in orders:
            self.submit_one(TaskRequest(owner=owner, type=asked[0], payload=asked[1]))

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            settle(self.world)
            check(self.world, self.accepted)
        finally:
            self.world.end()

    @rule(
        owner=st.sampled_from(OWNERS),
        asked=order,
        most=st.integers(1, 4),
        later=st.sampled_from((None, None, None, 60, 2000)),
        key=st.sampled_from((None, None, None, "k1", "k2")),
        plan=plan,
    )
    def submit(self, owner: str, asked: Any, most: int, later: int | None, key: str | None, plan: Any) -> None:
        world = self.world
        when = world.now + timedelta(seconds=later) if later else None
        made = TaskRequest(
            owner=owner, type=asked[0], payload=asked[1], max_attempts=most, schedule_at=when, idempotency_key=key
        )
        with world.interrupted(plan):
            task_id = self.submit_one(made)
            self._expect(owner, key, (asked, most, when), task_id)

    def submit_one(self, made: TaskRequest) -> UUID | None:
        task_id = self.world.submit(made)
        if task_id is not None:
            self.accepted.add(task_id)
        return task_id

    def _expect(self, owner: str, key: str | None, body: Any, task_id: UUID | None) -> None:
        if key is not None and (owner, key) in self.keys:
            known, earlier = self.keys[owner, key]
            assert task_id == (earlier if known == body else None), "an idempotency key was not kept"
        if task_id is not None and key is not None:
            self.keys[owner, key] = body, task_id

    @rule(
        most=st.integers(1, 10),
        plan=plan,
        remaining=st.sampled_from((INVOCATION, INVOCATION, 31.0)),
        answered=st.sampled_from((True, True, True, False)),
    )
    def deliver(self, most: int, plan: Any, remaining: float, answered: bool) -> None:
        with self.world.interrupted(plan):
            self.world.deliver(most, remaining, answered=answered)

    @rule(first=plan, second=plan, seconds=st.sampled_from((1.0, 10.0, 70.0)))
    def deliver_twice(self, first: Any, second: Any, seconds: float) -> None:
        """Two batches with time between them: most events are these."""
        for each in (first, second):
            with self.world.interrupted(each):
                self.world.deliver(10)
            self.world.advance(seconds)

    @rule(first=plan, second=plan)
    def deliver_one_by_one(self, first: Any, second: Any) -> None:
        for each in (first, second):
            with self.world.interrupted(each):
                self.world.deliver(1)

    @rule(number=st.integers(0, 999), plan=plan)
    def signal(self, number: int, plan: Any) -> None:
        with self.world.interrupted(plan):
            self.world.signal(number)

    @rule(most=st.integers(1, 10))
    def throttle(self, most: int) -> None:
        """Received, but no worker took it."""
        self.world.queue.take(most)

    @rule(most=st.integers(1, 3))
    def double(self, most: int) -> None:
        self.world.queue.double(self.world.queue.some(most))

    @rule(most=st.integers(1, 3))
    def move_lane(self, most: int) -> None:
        """A deploy moves types to the other lane and back: messages arrive where their tasks no longer run."""
        for queued in self.world.queue.some(most):
            queued.lane = "long" if queued.lane == "quick" else "quick"

    @rule(most=st.integers(1, 3))
    def lose(self, most: int) -> None:
        self.world.queue.remove([queued.id for queued in self.world.queue.some(most)])

    @rule(most=st.integers(1, 3))
    def show_early(self, most: int) -> None:
        for queued in self.world.queue.some(most):
            queued.visible = self.world.seconds()

    @rule(mood=st.sampled_from(("well", "well", "refuses", "loses", "doubles")))
    def mood_of_queue(self, mood: Any) -> None:
        self.world.queue.mood = mood

    @rule(mood=st.sampled_from(("well", "refuses")))
    def mood_of_dead_letters(self, mood: Any) -> None:
        self.world.dead_letters.mood = mood

    @rule(mood=st.sampled_from(("well", "fails")))
    def mood_of_sockets(self, mood: Any) -> None:
        self.world.sockets.mood = mood

    @rule(seconds=st.sampled_from((1.0, 30.0, 70.0, 130.0, 400.0, 2000.0)))
    def tick(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule(plan=plan)
    def sweep(self, plan: Any) -> None:
        with self.world.interrupted(plan):
            self.world.sweep()

    @rule(plan=plan)
    def cancel(self, plan: Any) -> None:
        task_id = self.world.some_task()
        if task_id is not None:
            with self.world.interrupted(plan):
                self.world.cancel(task_id)

    @rule(plan=plan)
    def redrive(self, plan: Any) -> None:
        with self.world.interrupted(plan):
            self.world.redrive()

    @rule()
    def redrive_as_aws_does(self) -> None:
        self.world.advance(0.01)
        self.world.dead_letters.move_all_to(self.world.queue)

    @rule(type=st.sampled_from(("sim.work", "sim.slow", "sim.limited", "sim.family")))
    def flip(self, type: str) -> None:
        self.world.flags.off ^= {f"task.{type}"}

    @rule(plan=plan)
    def push(self, plan: Any) -> None:
        with self.world.interrupted(plan):
            self.world.push()
