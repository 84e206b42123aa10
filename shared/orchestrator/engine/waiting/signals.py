"""Signals: a named value for a task, which may wait for it already or later. The first of a name counts."""

from __future__ import annotations

import hmac
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from orchestrator.aws.queues import EventQueue, TaskMessage, TaskQueue
from orchestrator.model.errors import AlreadyAnswered, Conflict, Fault, Forbidden, InvalidInput, NotFound
from orchestrator.model.fault_injection import reach
from orchestrator.model.ids import WAIT_NAME
from orchestrator.model.json_encoding import JsonTooLarge, encode_bounded
from orchestrator.model.states import FINAL
from orchestrator.model.task import Json, iso
from orchestrator.model.validation import validation_faults
from orchestrator.observability import logger
from orchestrator.store import tasks, waits
from orchestrator.store.connection import Connection, Database
from orchestrator.store.owners import ANY_OWNER
from orchestrator.store.tasks import RunnableTask
from orchestrator.store.waits import StoredWait

if TYPE_CHECKING:
    from pydantic import BaseModel

#: Bytes of a signal's value, as it is sent.
LARGEST_SIGNAL = 128_000
#: Signals of one task that no wait has asked for yet.
MOST_EARLY = 100
#: The sender of an answer who has shown nothing but its token.
BEARER = "answer token"


@dataclass(frozen=True, slots=True)
class Signalled:
    """The task that a signal was stored for, and whether it runs because of it."""

    task: RunnableTask
    woken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """The sender of a signal: a signed-in owner, who may be an operator, or the bearer of an answer token."""

    owner: str | None = None
    #: The operator as the audit trail keeps them; None for anybody else.
    operator: str | None = None
    token: str | None = None


def signal(conn: Connection, task_id: UUID, name: str, value: Json, *, owner: str, by: str) -> Signalled:
    """Store a signal for the task of `owner` in the caller's transaction, and make the task due if it waits for it.

    The caller decides that `by` may send it, and calls `announce_signal` after the commit. Without that the sweeper
    runs the task within three minutes.

    Raise NotFound, AlreadyAnswered, Conflict when the wait or the task is over, or InvalidInput with every fault.
    """
    text = _encoded(name, value)
    with conn.transaction(), waits.on_behalf(conn, owner):
        task = waits.lock_signalled(conn, task_id, owner)
        if task is None:
            raise NotFound("There is no such task.")
        stored = waits.find_wait(conn, task_id, name)
        _check_open(stored, by)
        if task.status in FINAL:
            raise Conflict(f"The task is over already: {task.status.value}.", code="task_over")
        if stored is not None:
            _check_value(stored, value)
        elif waits.count_early(conn, task_id) >= MOST_EARLY:
            raise Conflict(f"The task has {MOST_EARLY} signals that it has not asked for.", code="too_many_signals")
        waits.store_signal(conn, task_id, owner, name, text, by)
        woken = task.awaits in (f"signal:{name}", f"approval:{name}")
        return Signalled(waits.note_signal(conn, task_id, name, by, wakes=woken), woken)


def announce_signal(queue: TaskQueue, events: EventQueue, signalled: Signalled) -> None:
    """Send, after the commit, the message of a task that can run now, and notify its watchers."""
    reach("signal.committed")
    if signalled.woken:
        queue.send([TaskMessage.of(signalled.task)])
    events.announce([(signalled.task.owner_id, signalled.task.traceparent)])


def answer(
    db: Database, queue: TaskQueue, events: EventQueue, sender: Answerer, task_id: UUID, name: str, value: Json
) -> None:
    """Store a signal that `sender` sent over HTTP, in their row security context, and run the task.

    Raise as `signal`; NotFound, too, for a stranger, and Forbidden for somebody who sees the task and may not answer.
    """
    owner, by = db.run(_authorize, sender, task_id, name)
    signalled = db.run(signal, task_id, name, value, owner=owner, by=by)
    announce_signal(queue, events, signalled)


def _authorize(conn: Connection, sender: Answerer, task_id: UUID, name: str) -> tuple[str, str]:
    """Return the task's owner, and the sender as the history names them."""
    stored = waits.find_wait(conn, task_id, name)
    if stored is not None and stored.began:
        return stored.owner_id, _answerer_of(stored, sender)
    whose = ANY_OWNER if sender.operator else sender.owner
    task = tasks.get_task(conn, whose, task_id) if whose is not None else None
    if task is None:
        raise NotFound("There is no such task.")
    return task.owner_id, _label(sender)


def _answerer_of(stored: StoredWait, sender: Answerer) -> str:
    """Return the sender of an answer to a wait that has begun. Raise NotFound or Forbidden."""
    if sender.owner in stored.asked or (sender.operator and stored.operators):
        return _label(sender)
    if sender.token is not None and hmac.compare_digest(stored.token or "", sender.token):
        return BEARER
    if sender.operator or sender.owner == stored.owner_id:
        raise Forbidden("Somebody else is asked this.", code="not_asked")
    raise NotFound("There is no such task.")


def _label(sender: Answerer) -> str:
    return f"operator {sender.operator}" if sender.operator else str(sender.owner)


def _encoded(name: str, value: Json) -> str:
    faults = [] if WAIT_NAME.fullmatch(name) else [Fault("name", "is not the name of a wait", "wrong_format")]
    text = ""
    try:
        text = encode_bounded(value, LARGEST_SIGNAL, "it")
    except JsonTooLarge as error:
        faults.append(Fault("value", f"is too large: {error}", "too_long"))
    except ValueError:
        faults.append(Fault("value", "contains characters that cannot be stored"))
    if faults:
        raise InvalidInput("The signal was not accepted.", faults)
    return text


def _check_open(stored: StoredWait | None, by: str) -> None:
    if stored is None:
        return
    if stored.answered_at is not None:
        raise AlreadyAnswered(iso(stored.answered_at), _relation(stored.answered_by, by))
    if stored.over:
        raise Conflict("The time to answer is over.", code="wait_expired")


def _relation(first: str | None, second: str) -> Literal["you", "operator", "other"]:
    """Return who answered first, as the second sender may know it: several people may bear one answer token."""
    if first == second != BEARER:
        return "you"
    return "operator" if first is not None and first.startswith("operator ") else "other"


def _check_value(stored: StoredWait, value: Json) -> None:
    """Raise InvalidInput unless the value fits the wait's schema.

    A schema that this code does not have is checked by the handler, which then goes on waiting.
    """
    model = _model(stored.model) if stored.model else None
    if model is None:
        return
    from pydantic import ValidationError

    try:
        checked = model.model_validate(value)
    except ValidationError as error:
        raise InvalidInput("The value has faults.", validation_faults(error, "value")) from error
    edited = getattr(checked, "edited", None) if stored.kind == "approval" else None
    unknown = [name for name in edited or () if name not in stored.shown]
    if unknown:
        faults = [Fault(f"value.edited.{name}"[:100], "was not shown", "unknown_field") for name in unknown[:100]]
        raise InvalidInput("The value has faults.", faults)


def _model(reference: str) -> type[BaseModel] | None:
    from pydantic import BaseModel

    module, _, name = reference.partition(":")
    try:
        found: object = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        logger.warning("the schema of a wait is not in this code", extra={"schema": reference})
        return None
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None
