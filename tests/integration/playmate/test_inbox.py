"""The inbox shows completed recommendations and nothing else."""

from __future__ import annotations

from playmate.schemas import shapes
from tests.support.gateway import Caller


def test_other_tasks_are_not_in_the_inbox(ann: Caller) -> None:
    assert ann.post("/api/tasks", {"type": "echo", "payload": {}}).status == 202
    assert shapes.Inbox.model_validate(ann.get("/api/tasks/inbox").json()).items == []


def test_the_inbox_requires_a_token(anyone: Caller) -> None:
    assert anyone.get("/api/tasks/inbox").status == 401
