"""The context of a handler: its identity, its transaction, its steps and its children."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

from orchestrator.engine.agents import Agent, Agents
from orchestrator.engine.context.children import Call, Children, Gathered, deadline_of, needed_of
from orchestrator.engine.context.model_calls import ModelCallScope
from orchestrator.engine.context.step_results import check_name
from orchestrator.engine.context.stream import Stream
from orchestrator.model.durations import Duration
from orchestrator.model.errors import Interrupted, StepInsideTransaction, Suspended
from orchestrator.model.task import Json
from orchestrator.observability import logger
from orchestrator.store import owner_reads, row_security, steps
from orchestrator.store.attempts import Attempt
from orchestrator.store.connection import Connection, Database
from orchestrator.store.handler_session import savepoint
from orchestrator.store.steps import Write

T = TypeVar("T")


#: Characters of a progress message.
LONGEST_PROGRESS = 1_000


class Transaction(Protocol):
    """Where the database effects of an attempt go."""

    def use(self, attempt: Attempt) -> Connection:
        """Return the connection for the attempt's writes."""


class Context(ModelCallScope):
    """One attempt's view of its task. A handler may run again from the top at any time until its outcome commits."""

    def __init__(
        self,
        attempt: Attempt,
        agent: Agent,
        *,
        agents: Agents,
        flags: Mapping[str, bool],
        transaction: Transaction,
        side: Database,
        remaining: Callable[[], float],
        announce: Callable[[str], None],
        version: str = "",
        paces: MutableMapping[str, float] | None = None,
        begin: Callable[[], bool] | None = None,
    ) -> None:
        super().__init__(attempt, side, version, announce, {} if paces is None else paces)
        self.task_id = attempt.id
        self.owner = attempt.owner_id
        self.type = attempt.type
        self.attempt = attempt.attempts
        self.flags = flags
        self.children = Children(attempt, agents, side)
        self._token = attempt.token
        self._transaction = transaction
        self._begin = begin
        self._long, self._async = agent.lane == "long", agent.is_async
        self._in_transaction = False
        self._remaining = remaining
        self._ends = time.monotonic() + agent.timeout

    @property
    def db(self) -> Connection:
        """Return the task's transaction; its writes commit with the result or not at all.

        Raise RuntimeError in the lane `long`, whose handlers open it late with `transaction`.
        """
        if self._long:
            raise RuntimeError("a long handler has no ctx.db; read with ctx.read, write in `with ctx.transaction()`")
        return self._open()

    def _open(self) -> Connection:
        self._enter()
        try:
            connection = self._transaction.use(self._record)
        except Interrupted as error:
            self.interrupt(error)
            raise
        self._wrote = True
        return connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a short transaction that only reads, as the owner, on a second connection.

        Unlike `db`, it keeps no lock while the handler asks a slow source after it. It sees committed rows, not the
        writes of this attempt. Call no step in it.
        """
        self._enter()
        with self._side.row_context(row_security.owner(self.owner)), self._side.transaction() as conn:
            owner_reads.refuse_writes(conn)
            yield conn

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open the task's transaction late: its writes commit with the result, or not at all.

        It stays open until the handler ends, so write last: a step or progress after it raises StepInsideTransaction.
        An exception in the block undoes the block's writes.
        """
        db = self._open()
        if db.handler_session is not None:
            db.handler_session.any_thread = self._async
        self._in_transaction = True
        with savepoint(db):
            yield db

    @cached_property
    def log(self) -> logging.LoggerAdapter[Any]:
        """Return a logger that names the task. Never log a payload."""
        return logging.LoggerAdapter(cast("logging.Logger", logger), self._record.log_context())

    def remaining(self) -> float:
        """Return the seconds that this attempt may still take."""
        self._enter()
        return max(0.0, min(self._remaining(), self._ends - time.monotonic()))

    def cancelled(self) -> bool:
        """Return whether another attempt or a cancel took the task; a long handler checks this now and then."""
        self._enter()
        _, owned = self._side.run(steps.attempt_state, self.task_id, self._token)
        return not owned

    def progress(self, message: str, *, percent: float | None = None, data: Mapping[str, Json] | None = None) -> None:
        """Show the owner at once the progress of the task.

        A longer message is cut. Raise ValueError when `data` is no JSON or too large, and LeaseLost or Cancelled when
        another attempt owns the task.
        """
        self._enter()
        note: dict[str, Json] = {"message": str(message)[:LONGEST_PROGRESS]}
        if percent is not None:
            note["percent"] = max(0, min(100, int(percent)))
        if data is not None:
            note["data"] = dict(data)
        self._begin_effect("progress")
        write = self._side.run(steps.note_progress, self.task_id, self._token, note)
        if write is Write.REJECTED:
            self._raise_lost()
        elif write is Write.WATCHED:
            self._announce(self.owner)

    def stream(self, name: str) -> Stream:
        """Return a stream, whose text the owner reads while it grows: `with ctx.stream("answer") as out: out.write(…)`.

        A name that is used again in one attempt becomes `name#2`. Raise ValueError for an unfit name.
        """
        self._enter()
        check_name(name, "the name of a stream")
        self._begin_effect(f"stream {name!r}")
        return Stream(
            self._unique(f"stream:{name}").removeprefix("stream:"),
            self._record,
            self._side,
            check=self._enter,
            reject=self._raise_lost,
            announce=self._announce,
        )

    def spawn(
        self,
        type: str,
        payload: Mapping[str, Json],
        *,
        owner: str | None = None,
        key: str | None = None,
    ) -> UUID:
        """Add a child task that exists exactly if this attempt commits, and return its id.

        `owner`: for another owner, by the agent's own rules. `key` is unique among the task's children. A child of a
        unique type is a task of its own, without a parent; when another task has its unique key, no task has the id.
        """
        self._enter()
        if key is not None:
            check_name(key, "the key of a child")
        return self.children.spawn(type, payload, owner or self.owner, key)

    def gather(
        self, name: str, calls: Sequence[Call], *, quorum: int | None = None, deadline: Duration | None = None
    ) -> Gathered:
        """Run children and wait for `quorum` of them (default: all) or until `deadline`, without a worker.

        In the first run the attempt ends here, and database effects before it are undone. When the wait is over the
        handler runs again from the top, asks for the same calls, and gets their children. Late children keep running.

        Raise CallsChanged when this run asks for other calls than the first, ValueError for an unfit argument.
        """
        self._enter()
        needed, seconds = needed_of(quorum, len(calls)), deadline_of(deadline)
        check_name(name, "the name of a gather")
        name = self._unique(f"gather:{name}").removeprefix("gather:")
        if not calls:
            return Gathered([], timed_out=False)
        found = self.children.gather(name, calls, needed, seconds)
        if isinstance(found, Gathered):
            return found
        raise self.interrupt(Suspended(name))

    def _begin_effect(self, call: str) -> None:
        """Write the started event before the first other event of the attempt, unless it is written.

        Raise StepInsideTransaction while the transaction is open: nothing slow may happen in it.
        """
        if self._in_transaction:
            raise StepInsideTransaction(
                f"{call} inside ctx.transaction(): the transaction is open until the handler ends; do this before it"
            )
        with self._turn:
            begin, self._begin = self._begin, None
            started = begin is None or begin()
        if not started:
            self._raise_lost()

    def is_overdue(self) -> bool:
        """Return whether the agent's timeout has passed."""
        return time.monotonic() > self._ends
