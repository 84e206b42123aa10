"""The bodies of submits, one task or a batch."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from orchestrator.engine.submit import faults_of
from orchestrator.engine.unique import Debounce, UniqueKey
from orchestrator.http.app import Services
from orchestrator.http.request import parse
from orchestrator.model.errors import InvalidInput
from orchestrator.model.idempotency import LONGEST_KEY

if TYPE_CHECKING:
    from orchestrator.http.schemas.requests import SubmitTask


def submitted_body(services: Services, value: object) -> SubmitTask:
    """Return one task's body. Raise InvalidInput with the faults of the request and of its payload together."""
    from orchestrator.http.schemas.requests import SubmitTask

    try:
        return parse(SubmitTask, value)
    except InvalidInput as error:
        faults = list(error.faults)
        given = value if isinstance(value, dict) else {}
        if isinstance(given.get("type"), str) and isinstance(given.get("payload", {}), dict):
            faults += faults_of(services.agents, given["type"], given.get("payload", {}))
        raise InvalidInput(error.message, faults) from error


def body_or_error(services: Services, value: object) -> SubmitTask | InvalidInput:
    """Return one task of a batch, or its faults."""
    try:
        return submitted_body(services, value)
    except InvalidInput as error:
        return error


def submitted_tasks(value: object) -> list[object]:
    """Return the tasks of a batch, which are not checked yet. Raise InvalidInput for anything but 1 to 100 tasks."""
    from orchestrator.http.schemas.requests import SubmitBatch

    return parse(SubmitBatch, value).tasks


def batch_key(key: str, at: int) -> str:
    """Return the idempotency key of one task of a batch. It has a space, so no caller can take it before."""
    made = f"{key} {at}"
    return made if len(made) <= LONGEST_KEY else f"sha256 {hashlib.sha256(key.encode()).hexdigest()} {at}"


def unique_key(body: SubmitTask) -> UniqueKey | None:
    """Return the unique key that the caller gave."""
    unique = body.unique
    if unique is None:
        return None
    if unique.rule == "debounce":
        return UniqueKey(unique.key, Debounce(unique.seconds, unique.max))
    return UniqueKey(unique.key, unique.rule)
