"""Approvals: a decision of a person about something that the handler shows them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

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
        """Return whether the handler may go on, with `value`."""
        return self.verdict in ("approved", "edited")


def digest_of(shown: Mapping[str, Json]) -> str:
    """Return the hash that binds a decision to what was shown."""
    return hashlib.sha256(encode_json(dict(sorted(shown.items()))).encode()).hexdigest()


def decision_of(answer: Json, shown: Mapping[str, Json], by: str | None, at: datetime | None) -> Decision:
    """Return the decision that a stored answer stands for."""
    from orchestrator.engine.waiting.approval_answer import ApprovalAnswer

    given = ApprovalAnswer.model_validate(answer)
    value = {**shown, **(given.edited or {})}
    return Decision(verdict=given.decision, value=value, by=by, at=at, note=given.note)
