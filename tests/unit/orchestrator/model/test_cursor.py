"""A cursor is read back as it was written, and nothing else is read."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.cursor import Cursor
from orchestrator.model.errors import InvalidInput

running = st.lists(st.integers(1, 2**40), unique=True, max_size=20).map(sorted)


def snapshot(ids: list[int], width: int) -> str:
    first = ids[0] if ids else 1
    last = ids[-1] if ids else 1
    return f"{first}:{last + width}:{','.join(map(str, ids))}"


snapshots = st.builds(snapshot, running, st.integers(0, 1000))


@given(snapshots, st.none() | snapshots, st.uuids(), st.integers(0, 10**8))
def test_a_cursor_survives_its_text(base: str, target: str | None, task: UUID, seq: int) -> None:
    cursor = Cursor(base, target, task, seq) if target else Cursor(base)
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text(max_size=60))
def test_other_text_is_refused_or_safe_for_postgres(text: str) -> None:
    try:
        cursor = Cursor.parse(text)
    except InvalidInput:
        return
    assert all(part.isascii() for part in (cursor.base, cursor.target or ""))


@pytest.mark.parametrize(
    "text", ["2:1:", "0:1:", "1:5:3,2", "1:5:6", "1:5:2,2", "1:2:/1:2:/", "9223372036854775808:1:"]
)
def test_snapshots_that_postgres_would_refuse_are_refused_before(text: str) -> None:
    with pytest.raises(InvalidInput):
        Cursor.parse(text)
