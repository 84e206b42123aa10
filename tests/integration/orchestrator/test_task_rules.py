"""The tests break each rule of a task's row on purpose: Postgres refuses the row and names the rule."""

from __future__ import annotations

import pytest
from psycopg import errors as pg

from orchestrator.model.ids import new_task_id
from orchestrator.store.connection import Connection

#: A row that keeps every rule, by column.
PENDING = {"owner_id": "'1'", "type": "'echo'", "payload": "'{}'", "due_at": "now()"}
PROCESSING = {"status": "'processing'", "token": "1", "leased_until": "now()"}
COMPLETED = {"status": "'completed'", "finished_at": "now()", "result": "'{}'"}
DEAD = {"status": "'dead-letter'", "finished_at": "now()", "dead_at": "now()", "error": "'{}'"}

#: The rule, and the columns that break it.
BROKEN = [
    ("task_status_known", {"status": "'lost'"}),
    ("task_lease_while_processing", {**PROCESSING, "token": "NULL"}),
    ("task_lease_while_processing", {"token": "1", "leased_until": "now()"}),
    ("task_finish_is_stamped", {**COMPLETED, "finished_at": "NULL"}),
    ("task_finish_is_stamped", {"finished_at": "now()"}),
    ("task_death_is_stamped", {**DEAD, "dead_at": "NULL"}),
    ("task_death_is_stamped", {"dead_at": "now()"}),
    ("task_completed_has_result", {**COMPLETED, "result": "NULL"}),
    ("task_failure_has_error", {**DEAD, "error": "NULL"}),
    ("task_failure_has_error", {"status": "'failed'", "finished_at": "now()"}),
    ("task_attempts_within_limit", {"attempts": "4"}),
    ("task_attempts_within_limit", {"attempts": "-1"}),
    ("task_max_attempts_sane", {"max_attempts": "21"}),
    ("task_max_attempts_sane", {"max_attempts": "0"}),
    ("task_waits_while_pending", {**PROCESSING, "waiting_for": "1"}),
    ("task_waits_while_pending", {"waiting_for": "0"}),
    ("task_is_due_some_day", {"due_at": "NULL"}),
    ("task_parked_while_pending", {**PROCESSING, "parked_by": "'f'"}),
    ("task_is_swept_until_done", {**COMPLETED, "wake_at": "now()"}),
    ("task_type_short", {"type": "repeat('t', 101)"}),
    ("task_type_short", {"type": "''"}),
    ("task_owner_short", {"owner_id": "repeat('o', 201)"}),
    ("task_owner_short", {"owner_id": "''"}),
    ("task_key_short", {"idempotency_key": "repeat('k', 201)"}),
    ("task_key_short", {"idempotency_key": "''"}),
]


def insert(conn: Connection, columns: dict[str, str]) -> None:
    row = {"id": f"'{new_task_id()}'", **PENDING, **columns}
    conn.execute(f"INSERT INTO agent_tasks ({', '.join(row)}) VALUES ({', '.join(row.values())})".encode())


@pytest.mark.parametrize(
    "columns", [{}, PROCESSING, COMPLETED, DEAD], ids=["pending", "processing", "completed", "dead"]
)
def test_rows_that_keep_the_rules_are_taken(conn: Connection, columns: dict[str, str]) -> None:
    insert(conn, columns)


@pytest.mark.parametrize(("rule", "columns"), BROKEN)
def test_a_new_row_that_breaks_a_rule_is_refused(conn: Connection, rule: str, columns: dict[str, str]) -> None:
    with pytest.raises(pg.CheckViolation) as refused:
        insert(conn, columns)
    assert (refused.value.diag.constraint_name, refused.value.diag.table_name) == (rule, "agent_tasks")


@pytest.mark.parametrize(("rule", "columns"), BROKEN)
def test_a_change_that_breaks_a_rule_is_refused(conn: Connection, rule: str, columns: dict[str, str]) -> None:
    insert(conn, {})
    changes = ", ".join(f"{name} = {value}" for name, value in columns.items())
    with pytest.raises(pg.CheckViolation) as refused:
        conn.execute(f"UPDATE agent_tasks SET {changes}".encode())
    assert refused.value.diag.constraint_name == rule


def test_an_illegal_move_is_refused(conn: Connection) -> None:
    insert(conn, COMPLETED)
    with pytest.raises(pg.CheckViolation, match="cannot move from completed to pending") as refused:
        conn.execute("UPDATE agent_tasks SET status = 'pending', finished_at = NULL, result = NULL")
    assert refused.value.diag.constraint_name == "task_moves_legally"


def test_a_session_that_replays_anothers_writes_keeps_the_rules(conn: Connection) -> None:
    conn.execute("SET session_replication_role = replica")
    with pytest.raises(pg.CheckViolation):
        insert(conn, {"status": "'lost'"})


def test_a_refusal_quotes_no_row(conn: Connection) -> None:
    with pytest.raises(pg.CheckViolation) as refused:
        insert(conn, {"payload": """'{"secret": "s3cret"}'""", "attempts": "9"})
    assert "s3cret" not in str(refused.value)
