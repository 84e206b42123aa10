"""Insert the past of a page: failures that will be retried, and hours of figures with a gap of one hour."""

from __future__ import annotations

import json

import psycopg

from orchestrator.model.ids import new_task_id

#: Fingerprint of the failures.
FINGERPRINT = "recommend-weather-51aa0e"
#: Minutes before now that have figures, and the gap within them.
STORED, GAP = range(5, 400), range(120, 180)


def insert_failures(database_url: str, tasks: int = 4) -> None:
    """Insert tasks of one type whose first attempt has failed; the next is due in a day."""
    error = {"kind": "transient", "message": "the weather did not answer", "fingerprint": FINGERPRINT}
    with psycopg.connect(database_url) as connection:
        for index in range(tasks):
            id, owner = new_task_id(), f"90010{index % 2}"
            connection.execute(
                "INSERT INTO agent_tasks (id, owner_id, type, payload, attempts, error, due_at, wake_at, seq)"
                " SELECT %s, %s, 'friend.recommendations', '{}', 1, %s, at, at, 3"
                " FROM (SELECT now() + '1 day' AS at) due",
                (id, owner, json.dumps(error)),
            )
            connection.execute(
                "INSERT INTO agent_task_events (task_id, seq, attempts, kind, status, owner_id)"
                " SELECT %s, index, least(index - 1, 1), kind, status, %s FROM (VALUES (1, 'submitted', 'pending'),"
                " (2, 'started', 'processing'), (3, 'retrying', 'pending')) AS event (index, kind, status)",
                (id, owner),
            )


def insert_minutes(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO figure_minutes SELECT (jsonb_populate_record(NULL::figure_minutes, figures)).*"
            " FROM unnest(%s::int[]) ago, LATERAL (SELECT jsonb_build_object("
            "  'at', date_trunc('minute', now()) - make_interval(mins => ago),"
            "  'due', ago %% 5, 'scheduled', 0, 'retrying', 0,"
            "  'waiting', 0, 'processing', 1, 'parked', 0, 'dead', 0, 'sockets', 3, 'connections', 8, 'submitted', 12,"
            "  'completed', 10, 'refused', 1, 'died', 1, 'cancelled', 0, 'leases_lost', 0, 'oldest', 1,"
            "  'by_type', jsonb_build_object('echo', jsonb_build_object('completed', 5))) AS figures) row"
            " ON CONFLICT DO NOTHING",
            ([ago for ago in STORED if ago not in GAP],),
        )
