"""Whether a connection can be used, and whether a transaction is open on it."""

from __future__ import annotations

from contextlib import suppress
from select import POLLIN, poll

import psycopg
from psycopg.pq import ConnStatus, PipelineStatus, TransactionStatus
from psycopg.rows import DictRow


def is_idle(connection: psycopg.Connection[DictRow]) -> bool:
    """Return whether no transaction is open."""
    return connection.info.transaction_status is TransactionStatus.IDLE


def is_usable(connection: psycopg.Connection[DictRow]) -> bool:
    """Return whether the connection is open and no statement or pipeline is unfinished on it."""
    _notice_end(connection)
    halfway = connection.pgconn.pipeline_status != PipelineStatus.OFF
    ended = connection.closed or connection.broken
    return not (ended or halfway or connection.info.transaction_status is TransactionStatus.ACTIVE)


def _notice_end(connection: psycopg.Connection[DictRow]) -> None:
    """Notice a session that the server has ended (idle_session_timeout), without a round trip."""
    if connection.closed or connection.info.transaction_status is not TransactionStatus.IDLE:
        return
    socket = poll()
    socket.register(connection.fileno(), POLLIN)
    with suppress(psycopg.Error):
        while connection.pgconn.status == ConnStatus.OK and socket.poll(0):  # an idle session hears of its end alone
            connection.pgconn.consume_input()
