"""The context of an `async def` handler: the calls of `Context`, to be awaited.

Each call runs in a thread of its own, so that no statement blocks the event loop of the other handlers.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, TypeVar, overload
from uuid import UUID

from orchestrator.engine.context.attempt_context import Context
from orchestrator.engine.context.calls_in_threads import Effects, Turns, in_thread
from orchestrator.engine.context.children import Call, Gathered
from orchestrator.engine.context.stream import Stream
from orchestrator.engine.waiting.approvals import Approvers, Decision
from orchestrator.model.durations import Duration
from orchestrator.model.task import Json

if TYPE_CHECKING:
    from psycopg.abc import Params, QueryNoTemplate
    from pydantic import BaseModel

    from orchestrator.store.connection import Connection

    Model = TypeVar("Model", bound=BaseModel)

T = TypeVar("T")
Rows = list[dict[str, object]]


class AsyncTransaction:
    """The open transaction of an `async def` handler."""

    def __init__(self, connection: Connection, turns: Turns) -> None:
        self._connection = connection
        self._turns = turns

    async def execute(self, query: QueryNoTemplate, values: Params | None = None) -> Rows:
        """Run a statement; return its rows, none when it has no result."""

        def run() -> Rows:
            with self._turns.one():
                cursor = self._connection.execute(query, values)
                return list(cursor.fetchall()) if cursor.description else []

        return await in_thread(run)


class OpeningTransaction:
    """The block of `ctx.transaction()`: `async with`."""

    def __init__(self, opening: AbstractContextManager[Connection], turns: Turns) -> None:
        self._opening = opening
        self._turns = turns

    async def __aenter__(self) -> AsyncTransaction:
        def enter() -> Connection:
            with self._turns.one():
                return self._opening.__enter__()

        return AsyncTransaction(await in_thread(enter), self._turns)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        def leave() -> None:
            with self._turns.one():
                self._opening.__exit__(kind, error, trace)

        if error is None or isinstance(error, Exception):  # the engine undoes the effects of a cancelled handler
            await in_thread(leave)

    def __enter__(self) -> NoReturn:
        raise TypeError("an async def handler writes `async with ctx.transaction() as db:` and `await db.execute(…)`")

    def __exit__(self, *_: object) -> None:
        """Never called; Python asks for it before `__enter__`."""


class AsyncStream:
    """A text that grows; as `Stream`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def write(self, text: str) -> None:
        """Add text; as `Stream.write`."""
        await in_thread(partial(self._stream.write, text))


class AsyncContext:
    """One attempt's view of its task, for an `async def` handler."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._turns = Turns()
        self.task_id: UUID = context.task_id
        self.owner: str = context.owner
        self.type: str = context.type
        self.attempt: int = context.attempt
        self.flags: Mapping[str, bool] = context.flags

    def end(self) -> None:
        """Let no statement of the transaction begin any more; return when the one that runs has ended."""
        self._turns.end()

    @property
    def log(self) -> logging.LoggerAdapter[logging.Logger]:
        """A logger that names the task. Never log a payload."""
        return self._context.log

    def remaining(self) -> float:
        """Return the seconds that this attempt may still take."""
        return self._context.remaining()

    async def cancelled(self) -> bool:
        """Return whether another attempt or a cancel took the task."""
        return await in_thread(self._context.cancelled)

    async def step(
        self,
        name: str,
        fn: Callable[[str], Awaitable[T]],
        *,
        returns: object = None,
        check: Callable[[str], Awaitable[T | None]] | None = None,
    ) -> T:
        """Await `fn(idempotency_key)` unless an earlier attempt recorded its result; as `Context.step`."""
        async with Effects() as effects:
            checked = None if check is None else effects.plain(check)
            return await in_thread(partial(self._context.step, name, effects.plain(fn), returns=returns, check=checked))

    async def parallel(
        self, calls: Mapping[str, Callable[[str], Awaitable[object]]], *, at_most: int = 5
    ) -> dict[str, Json]:
        """Await steps side by side, `at_most` at once, and return their results by name; as `Context.parallel`."""
        async with Effects() as effects:
            plain = {name: effects.plain(fn) for name, fn in calls.items()}
            return await in_thread(partial(self._context.parallel, plain, at_most=at_most))

    async def state(self) -> Json:
        """Return the state of the newest checkpoint; None before the first one."""
        return await in_thread(lambda: self._context.state)

    async def checkpoint(self, state: Json) -> None:
        """Keep the state of a loop; as `Context.checkpoint`."""
        await in_thread(partial(self._context.checkpoint, state))

    async def progress(
        self, message: str, *, percent: float | None = None, data: Mapping[str, Json] | None = None
    ) -> None:
        """Show the owner at once the progress of the task; as `Context.progress`."""
        await in_thread(partial(self._context.progress, message, percent=percent, data=data))

    @asynccontextmanager
    async def stream(self, name: str) -> AsyncIterator[AsyncStream]:
        """Open a stream, whose text the owner reads while it grows; as `Context.stream`."""
        with self._context.stream(name) as opened:
            yield AsyncStream(opened)
            await in_thread(opened.end)

    def spawn(
        self, type: str, payload: Mapping[str, Json], *, owner: str | None = None, key: str | None = None
    ) -> UUID:
        """Add a child task that exists exactly if this attempt commits, and return its id."""
        return self._context.spawn(type, payload, owner=owner, key=key)

    async def gather(
        self, name: str, calls: Sequence[Call], *, quorum: int | None = None, deadline: Duration | None = None
    ) -> Gathered:
        """Run children and wait for them without a worker; as `Context.gather`."""
        return await in_thread(partial(self._context.gather, name, calls, quorum=quorum, deadline=deadline))

    async def sleep(self, name: str, seconds: Duration | None = None, *, until: datetime | None = None) -> None:
        """Wait without a worker; as `Context.sleep`."""
        await in_thread(partial(self._context.sleep, name, seconds, until=until))

    @overload
    async def wait_for(self, name: str, *, schema: type[Model], deadline: Duration | None = None) -> Model: ...
    @overload
    async def wait_for(self, name: str, *, schema: None = None, deadline: Duration | None = None) -> Json: ...
    async def wait_for(
        self, name: str, *, schema: type[BaseModel] | None = None, deadline: Duration | None = None
    ) -> BaseModel | Json:
        """Wait without a worker for a signal, and return its value; as `Context.wait_for`."""
        if schema is None:
            return await in_thread(partial(self._context.wait_for, name, deadline=deadline))
        return await in_thread(partial(self._context.wait_for, name, schema=schema, deadline=deadline))

    async def approve(
        self, name: str, *, show: Mapping[str, Json], by: Approvers = "owner", expires: Duration | None = None
    ) -> Decision:
        """Ask people whether the handler may do what `show` says; as `Context.approve`."""
        return await in_thread(partial(self._context.approve, name, show=show, by=by, expires=expires))

    async def read(self, query: QueryNoTemplate, values: Params | None = None) -> Rows:
        """Return the rows of a short read, as the owner sees them, outside of the attempt's transaction."""

        def run() -> Rows:
            with self._context.read() as db:
                return list(db.execute(query, values).fetchall())

        return await in_thread(run)

    def transaction(self) -> OpeningTransaction:
        """Open the attempt's transaction late: `async with ctx.transaction() as db:`; as `Context.transaction`."""
        return OpeningTransaction(self._context.transaction(), self._turns)
