"""Submit: validate, insert the row with its first event, then send the task message."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.aws.queues import LONGEST_DELAY, TaskMessage, TaskQueue
from orchestrator.engine import task_telemetry
from orchestrator.engine.agents import MOST_ATTEMPTS, Agent, Agents, UnknownType
from orchestrator.engine.unique import Accepted, UniqueKey, accept, created, earlier
from orchestrator.model.errors import Fault, InvalidInput, Rejected
from orchestrator.model.fault_injection import reach
from orchestrator.model.idempotency import STORED_KEY_RULE, is_stored_key
from orchestrator.model.ids import new_task_id
from orchestrator.model.json_encoding import JsonTooLarge, encode_bounded, encode_json
from orchestrator.model.sizes import LARGEST_PAYLOAD
from orchestrator.model.task import Json, Task
from orchestrator.observability import tracing
from orchestrator.store import tasks
from orchestrator.store.connection import Connection, Database
from orchestrator.store.tasks import NewTask

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest:
    """A request for a task, by `owner`, whose identity comes from a token."""

    owner: str
    type: str
    payload: Mapping[str, Json]
    max_attempts: int | None = None
    #: Seconds of the task's whole life from when it is first due; None: as its agent says.
    deadline: float | None = None
    schedule_at: datetime | None = None
    idempotency_key: str | None = None
    traceparent: str | None = None
    #: Its unique key, for a type whose agent declares none.
    unique: UniqueKey | None = None
    #: Whether a user asked through `POST /api/tasks`, which accepts only types that are open to users.
    by_user: bool = True


@dataclass(frozen=True, slots=True)
class Submitted:
    """The task, and whether this submit made it (an idempotent repeat, or one that a unique task answers, did not)."""

    task: Task
    created: bool


@dataclass(frozen=True, slots=True)
class ValidTask:
    """A request without faults: its agent, its payload as JSON text, and its unique key."""

    agent: Agent
    payload: str
    unique: UniqueKey | None


def submit(
    db: Database, queue: TaskQueue, agents: Agents, order: TaskRequest, *, connection: Connection | None = None
) -> Submitted:
    """Accept a task for good. Raise InvalidInput with every fault, KeyReused, or Conflict for a rejected unique key.

    With `connection` the task exists exactly if that connection's transaction commits (`with db.transaction() as
    connection:`), and its message is sent after that commit.
    """
    valid = validate(agents, order)
    type = valid.agent.type
    with tracing.span(f"submit {type}", parent=order.traceparent, kind="producer", task_type=type) as trace:
        new = _new_task(order, valid, trace)
        if connection is not None:
            accepted = _accept(connection, new, valid.unique)
            connection.after_commit(lambda: _committed(queue, [accepted]))
        else:
            accepted = db.run(_accept, new, valid.unique)
            _committed(queue, [accepted])
    return Submitted(accepted.task, accepted.created)


def submit_batch(
    db: Database, queue: TaskQueue, agents: Agents, orders: Sequence[TaskRequest]
) -> list[Submitted | Rejected]:
    """Accept many tasks in one transaction; return in their order each task, or the reason why it was not accepted."""
    answers: dict[int, Accepted | Rejected] = {}
    new: dict[int, tuple[NewTask, UniqueKey | None]] = {}
    with tracing.span("submit batch", kind="producer") as trace:
        for at, order in enumerate(orders):
            try:
                valid = validate(agents, order)
                new[at] = (_new_task(order, valid, trace or order.traceparent), valid.unique)
            except InvalidInput as error:
                answers[at] = error
        if new:
            answers |= db.run(_accept_all, new)
            _committed(queue, [each for each in answers.values() if isinstance(each, Accepted)])
    return [_answer(answers[at]) for at in range(len(orders))]


def _answer(answer: Accepted | Rejected) -> Submitted | Rejected:
    return answer if isinstance(answer, Rejected) else Submitted(answer.task, answer.created)


def _accept(conn: Connection, new: NewTask, unique: UniqueKey | None) -> Accepted:
    """One statement where nothing is there already."""
    if unique is not None:
        return accept(conn, new, unique)
    stored = tasks.insert_task(conn, new)
    return created(stored) if stored is not None else earlier(conn, new)


def _accept_all(
    conn: Connection, new: Mapping[int, tuple[NewTask, UniqueKey | None]]
) -> dict[int, Accepted | Rejected]:
    """One statement for all tasks; those that it does not insert are decided one by one."""
    answers: dict[int, Accepted | Rejected] = {}
    with conn.transaction():
        plain = [task for task, unique in new.values() if unique is None or task.idempotency_key is None]
        made = tasks.insert_tasks(conn, plain)
        for at, (task, unique) in new.items():
            try:
                stored = made.get(task.id)
                answers[at] = created(stored) if stored is not None else accept(conn, task, unique)
            except Rejected as error:
                answers[at] = error
    return answers


def _committed(queue: TaskQueue, accepted: Sequence[Accepted]) -> None:
    reach("submit.committed")
    publish_accepted(queue, accepted)


def publish_accepted(queue: TaskQueue, accepted: Sequence[Accepted]) -> None:
    """Send, after the commit, the messages of new tasks and of those that can run because of a submit."""
    messages = [
        TaskMessage.of(each.task, delay=each.message_in)
        for each in accepted
        if each.message_in is not None and each.message_in <= LONGEST_DELAY
    ]
    messages += [TaskMessage.of(task) for each in accepted for task in each.runnable]
    if messages:
        queue.send(messages)
    for each in accepted:
        if each.created:
            task_telemetry.submitted(each.task, each.message_in or 0.0)
        task_telemetry.cancelled(each.cancelled, "owner")


def _new_task(order: TaskRequest, valid: ValidTask, traceparent: str | None) -> NewTask:
    agent = valid.agent
    new = NewTask(
        id=new_task_id(),
        owner_id=order.owner,
        type=agent.type,
        payload=valid.payload,
        payload_version=agent.version,
        max_attempts=order.max_attempts or agent.max_attempts,
        deadline=agent.deadline if order.deadline is None else min(order.deadline, agent.deadline),
        limited=agent.is_limited,
        schedule_at=order.schedule_at,
        idempotency_key=order.idempotency_key,
        request_hash=_request_hash(order),
        traceparent=traceparent,
    )
    return valid.unique.on(new) if valid.unique else new


def validate(agents: Agents, order: TaskRequest) -> ValidTask:
    """Return the request with its agent. Raise InvalidInput with every fault."""
    faults = _bounds(order)
    agent = _open_agent(agents, order.type, order.by_user, faults)
    if agent is not None and agent.unique is not None and order.unique is not None:
        faults.append(Fault("unique", "is decided by the task type", "not_allowed"))
    encoded = _encoded(agent, order.payload, faults) if agent is not None else None
    if agent is None or encoded is None or faults:
        raise InvalidInput("The task was not accepted.", faults)
    text, model = encoded
    return ValidTask(agent, text, agent.unique.of(model) if agent.unique else order.unique)


def faults_of(agents: Agents, type: str, payload: Mapping[str, Json]) -> list[Fault]:
    """Return the faults of a user's type and payload, to be listed with other faults of the same request."""
    faults: list[Fault] = []
    agent = _open_agent(agents, type, True, faults)
    if agent is not None:
        _encoded(agent, payload, faults)
    return faults


def _open_agent(agents: Agents, type: str, by_user: bool, faults: list[Fault]) -> Agent | None:
    try:
        agent = agents.get(type)
    except UnknownType:
        faults.append(Fault("type", f"unknown task type; known are {', '.join(agents.open_types())}", "unknown_type"))
        return None
    if by_user and not agent.open_to_users:
        faults.append(Fault("type", "is not open to users", "not_allowed"))
    return agent


def _encoded(agent: Agent, payload: Mapping[str, Json], faults: list[Fault]) -> tuple[str, BaseModel] | None:
    """Return the payload as JSON text and as its model; add its faults to `faults`."""
    try:
        encode_json(dict(payload))  # a model may turn NaN into null without a word
        model = agent.parse(dict(payload), agent.version)
        return encode_bounded(_normal(model), LARGEST_PAYLOAD, "it"), model
    except InvalidInput as error:
        faults.extend(error.faults)
    except JsonTooLarge as error:
        faults.append(Fault("payload", f"is too large: {error}", "too_long"))
    except ValueError:
        faults.append(Fault("payload", "contains characters that cannot be stored"))
    return None


def _bounds(order: TaskRequest) -> list[Fault]:
    faults = []
    if order.max_attempts is not None and not 1 <= order.max_attempts <= MOST_ATTEMPTS:
        faults.append(Fault("maxAttempts", f"must be from 1 to {MOST_ATTEMPTS}", "out_of_range"))
    if order.schedule_at is not None and order.schedule_at.tzinfo is None:
        faults.append(Fault("scheduleAt", "must have a time zone, such as a final Z", "wrong_format"))
    if order.idempotency_key is not None and not is_stored_key(order.idempotency_key):
        faults.append(Fault("Idempotency-Key", STORED_KEY_RULE, "wrong_format"))
    return faults


def _normal(payload: BaseModel) -> Json:
    return payload.model_dump(mode="json", by_alias=True)


def _request_hash(order: TaskRequest) -> bytes:
    """Return the hash that distinguishes two requests: of the request as it was sent.

    The payload as the agent's model completes it would change with a deployment that adds an optional field.
    """
    when = order.schedule_at.isoformat() if order.schedule_at else None
    sent: list[Json] = [order.type, dict(order.payload), order.max_attempts, when]
    if order.unique is not None:
        sent.append(repr(order.unique))
    if order.deadline is not None:
        sent.append({"deadline": order.deadline})
    return hashlib.sha256(json.dumps(sent, sort_keys=True, separators=(",", ":")).encode()).digest()
