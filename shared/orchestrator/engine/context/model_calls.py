"""Calls of language models by a running attempt: steps that are paid from budgets."""

from __future__ import annotations

import time
from abc import ABC
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from orchestrator.engine.context.step_results import check_annotation, check_name
from orchestrator.engine.context.stepping import SteppingScope
from orchestrator.model.durations import LONGEST
from orchestrator.model.errors import Refuse, Suspended
from orchestrator.model.fault_injection import reach
from orchestrator.model.outcome import Wait
from orchestrator.observability import logger, tracing
from orchestrator.store import budgets
from orchestrator.store.budgets import PaidStep

T = TypeVar("T")


class ModelCallScope(SteppingScope, ABC):
    """The call with which a handler asks a language model."""

    def model_call(
        self,
        name: str,
        model: str,
        fn: Callable[[str], T],
        *,
        tokens: tuple[int, int],
        usage: Callable[[T], tuple[int, int]],
        returns: object = None,
    ) -> T:
        """Run `fn(idempotency_key)` as a step whose cost is reserved before it and settled with its record.

        `tokens` are the (input, output) tokens that it takes at most, and `usage` reads the real ones from the result.
        The task waits without a worker while a budget has no room, where the budget says so.

        Raise Refuse with code `budget_exhausted` when a budget refuses the call, or `model_without_price` when a
        budget applies and the model has no price; and as `step`.
        """
        check_annotation(name, fn, returns)
        name, is_recorded = self._open_call(name, model, tokens)
        if not is_recorded:
            started = time.monotonic()
            with tracing.span(f"step {name}"):
                result = fn(self._key(name))
            reach("step.called")
            self._record_paid(name, result, usage(result), returns, time.monotonic() - started)
        return cast("T", self._result(name, returns))

    async def model_call_async(
        self,
        name: str,
        model: str,
        fn: Callable[[str], Awaitable[T]],
        *,
        tokens: tuple[int, int],
        usage: Callable[[T], tuple[int, int]],
        returns: object = None,
    ) -> T:
        """As `model_call`, for an `fn` that is awaited in an event loop of the handler's own."""
        name, is_recorded = self._open_call(name, model, tokens)
        if not is_recorded:
            started = time.monotonic()
            with tracing.span(f"step {name}"):
                result = await fn(self._key(name))
            reach("step.called")
            self._record_paid(name, result, usage(result), returns, time.monotonic() - started)
        return cast("T", self._result(name, returns))

    def _open_call(self, name: str, model: str, tokens: tuple[int, int]) -> tuple[str, bool]:
        """Return the step's name and whether it is recorded; reserve its cost where it is not."""
        self._enter()
        check_name(name, "the name of a step")
        name = self._unique(name)
        if name in self._recorded:
            return name, True
        self._continue_unless_it_fits(name)
        self._begin_effect(f"model call {name!r}")
        self._reserve(name, model, tokens)
        return name, False

    def _reserve(self, name: str, model: str, tokens: tuple[int, int]) -> None:
        """Reserve the estimate, or end the attempt."""
        task = self._record
        found = self._side.run(budgets.reserve_model_call, task.id, task.token, name, model, tokens)
        if found.verdict == "lost":
            self._raise_lost()
        if found.verdict == "refuse":
            raise Refuse(f"The {found.scope}'s budget of this {found.period} is used up.", code="budget_exhausted")
        if found.verdict == "unpriced":
            raise Refuse(f"A budget applies, and the model {model!r} has no price.", code="model_without_price")
        if found.verdict == "wait":
            seconds = LONGEST if found.seconds is None else max(1.0, found.seconds)
            self.waits.wait = Wait("budget", f"{found.scope}:{found.period}", seconds)
            raise self.interrupt(Suspended("budget"))

    def _record_paid(self, name: str, result: object, used: tuple[int, int], returns: object, seconds: float) -> None:
        text, fault = self._encoded(result, returns)
        step = PaidStep(
            name=name,
            result=text,
            fault=fault,
            took_ms=round(seconds * 1000),
            input_tokens=used[0],
            output_tokens=used[1],
        )
        write, crossed = self._side.run(budgets.record_paid_step, self._record.id, self._record.token, step)
        for budget in crossed:
            logger.warning("a budget is used to 80 %", extra={"budget": budget, **self._record.log_context()})
        self._keep(name, text, fault, write, seconds)
