"""Shapes of the orchestrator's answers, under the wire's names. Only the OpenAPI build and tests import them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, RootModel

Status = Literal["pending", "processing", "completed", "failed", "dead-letter", "cancelled"]


class Answer(BaseModel):
    """What we send: nothing beyond what is written here."""

    model_config = ConfigDict(extra="forbid")


class AnyObject(RootModel[dict[str, Any]]):
    """Any JSON object."""


class Fault(Answer):
    field: str
    message: str


class Refusal(Answer):
    """Why a request was not served, in words; each fault of the input by name."""

    message: str
    faults: list[Fault] | None = None
    requestId: str | None = None


class Health(Answer):
    status: Literal["ok"]
    version: str


class TaskReceipt(Answer):
    id: UUID
    status: Status
    attempts: int
    maxAttempts: int
