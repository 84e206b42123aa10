"""Submit: validate, insert the row with its first event, then send the task message."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.aws.queues import LONGEST_DELAY, TaskMessage, TaskQueue
from orchestrator.engine import task_telemetry
from orchestrator.engine.agents import MOST_ATTEMPTS, Agent, Agents, UnknownType
from orchestrator.model.errors import Fault, InvalidInput, KeyReused
from orchestrator.model.fault_injection import reach
from orchestrator.model.idempotency import STORED_KEY_RULE, is_stored_key
from orchestrator.model.ids import new_task_id
from orchestrator.model.json_encoding import JsonTooLarge, encode_bounded, encode_json
from orchestrator.model.sizes import LARGEST_PAYLOAD
from orchestrator.model.task import Json, Task
from orchestrator.observability import tracing
from orchestrator.store import tasks
from orchestrator.store.connection import Database

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
    #: Whether a user asked through `POST /api/tasks`, which accepts only types that are open to users.
    by_user: bool = True


@dataclass(frozen=True, slots=True)
class Submitted:
    """The task, and whether this submit made it (an idempotent repeat did not)."""

    task: Task
    created: bool


def submit(db: Database, queue: TaskQueue, agents: Agents, order: TaskRequest) -> Submitted:
    """Accepts a task for good. Raises InvalidInput with every fault, or KeyReused."""
    agent, payload = validate(agents, order)
    with tracing.span(f"submit {agent.type}", parent=order.traceparent, kind="producer", task_type=agent.type) as trace:
        return _accept(db, queue, order, agent, payload, trace)


def _accept(
    db: Database, queue: TaskQueue, order: TaskRequest, agent: Agent, payload: str, traceparent: str | None
) -> Submitted:
    new = tasks.NewTask(
        id=new_task_id(),
        owner_id=order.owner,
        type=agent.type,
        payload=payload,
        payload_version=agent.version,
        max_attempts=order.max_attempts or agent.max_attempts,
        deadline=agent.deadline if order.deadline is None else min(order.deadline, agent.deadline),
        limited=agent.limit_per_owner is not None,
        schedule_at=order.schedule_at,
        idempotency_key=order.idempotency_key,
        request_hash=_request_hash(order),
        traceparent=traceparent,
    )
    stored = db.run(tasks.insert_task, new)
    if stored is None:
        return Submitted(_earlier(db, new), created=False)
    reach("submit.committed")
    if stored.due_in <= LONGEST_DELAY:
        queue.send([TaskMessage.of(stored, delay=stored.due_in)])
    task_telemetry.submitted(stored, stored.due_in)
    return Submitted(stored, created=True)


def _earlier(db: Database, new: tasks.NewTask) -> Task:
    """The task that was there already, if it was asked for by the same request."""
    stored = db.run(tasks.find_submitted, new.owner_id, new.id, new.idempotency_key)
    if stored is None:
        raise KeyReused("The task of this idempotency key has just been removed; please use a new key.")
    if stored.request_hash != new.request_hash:
        raise KeyReused("This idempotency key was used for another request.")
    return stored


def validate(agents: Agents, order: TaskRequest) -> tuple[Agent, str]:
    """Return the agent and the payload as JSON text. Raise InvalidInput with every fault."""
    faults = _bounds(order)
    agent = _open_agent(agents, order.type, order.by_user, faults)
    text = _encoded(agent, order.payload, faults) if agent is not None else ""
    if agent is None or faults:
        raise InvalidInput("The task was not accepted.", faults)
    return agent, text


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


def _encoded(agent: Agent, payload: Mapping[str, Json], faults: list[Fault]) -> str:
    """Return the payload as JSON text; add its faults to `faults`."""
    try:
        encode_json(dict(payload))  # a model may turn NaN into null without a word
        return encode_bounded(_normal(agent.parse(dict(payload), agent.version)), LARGEST_PAYLOAD, "it")
    except InvalidInput as error:
        faults.extend(error.faults)
    except JsonTooLarge as error:
        faults.append(Fault("payload", f"is too large: {error}", "too_long"))
    except ValueError:
        faults.append(Fault("payload", "contains characters that cannot be stored"))
    return ""


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
    sent = [order.type, dict(order.payload), order.max_attempts, when]
    return hashlib.sha256(json.dumps(sent, sort_keys=True, separators=(",", ":")).encode()).digest()
