"""The answer to an approval, as a person sends it; apart, because a cold start does not import pydantic."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestrator.model.task import Json


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
