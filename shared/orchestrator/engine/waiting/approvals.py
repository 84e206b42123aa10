"""Approvals: a decision of a person about something that the handler shows them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.model.json_encoding import encode_json
from orchestrator.model.task import Json

Verdict = Literal["approved", "refused", "edited", "expired"]
#: The people who may decide: the task's owner, any operator, or owners by their ids.
Approvers = Literal["owner", "operator"] | Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict on an approval. `value` is what was shown, or what the person made of it (`edited`).

    `by` names the person, and is None when the approval expired.
    """

    verdict: Verdict
    value: Json
    by: str | None = None
    at: datetime | None = None
    note: str | None = None

    @property
    def approved(self) -> bool:
        """Whether the handler may go on, with `value`."""
        return self.verdict in ("approved", "edited")


class ApprovalAnswer(BaseModel):
    """The answer to an approval; true and false stand for approved and refused."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approved", "refused", "edited"]
    #: The fields of what was shown that the person changed.
    edited: dict[str, Json] | None = Field(default=None, min_length=1)
    note: str | None = Field(default=None, max_length=1_000)

    @model_validator(mode="before")
    @classmethod
    def _from_bool(cls, value: object) -> object:
        return {"decision": "approved" if value else "refused"} if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _edits(self) -> ApprovalAnswer:
        if (self.decision == "edited") != (self.edited is not None):
            raise ValueError("needs the changed fields in `edited` when the decision is `edited`, and only then")
        return self


def digest_of(shown: Mapping[str, Json]) -> str:
    """Return the hash that binds a decision to what was shown."""
    return hashlib.sha256(encode_json(dict(sorted(shown.items()))).encode()).hexdigest()


def decision_of(answer: Json, shown: Mapping[str, Json], by: str | None, at: datetime | None) -> Decision:
    """Return the decision that a stored answer stands for."""
    given = ApprovalAnswer.model_validate(answer)
    value = {**shown, **(given.edited or {})}
    return Decision(verdict=given.decision, value=value, by=by, at=at, note=given.note)
