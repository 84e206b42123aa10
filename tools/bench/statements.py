"""Number 5: the statements that a batch sends to Postgres, counted in the server's own log."""

from __future__ import annotations

import re

from orchestrator.store.connection import connect
from tools.bench.preparation import Measured, close, deliver, preload, worker
from tools.local_stack import postgres as server
from tools.local_stack.stack_config import Layout

_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): ")


def count(layout: Layout, url: str) -> list[Measured]:
    connection = connect(url)
    connection.execute(f"ALTER DATABASE {connection.info.dbname} SET log_statement = 'all'".encode())
    connection.close()
    good = _batch(layout, url, ["bench.noop"] * 10)
    bad = _batch(layout, url, ["bench.noop"] * 9 + ["bench.bad"])
    return [
        Measured("5", "statements of a batch of 10, all no-op", "2", [float(good)], unit=""),
        Measured("5", "statements more with one bad task", "≤ 2", [float(bad - good)], unit=""),
    ]


def _batch(layout: Layout, url: str, types: list[str]) -> int:
    """Return statements of one batch by a warm worker."""
    by = worker(url)
    warm = preload(url, "bench.noop", 10) + preload(url, "bench.bad", 1)
    deliver(by, warm)
    ids = [preload(url, type, 1)[0] for type in types]
    log = server.program(layout).log
    before = len(_STATEMENT.findall(log.read_text(errors="replace")))
    deliver(by, ids)
    after = len(_STATEMENT.findall(log.read_text(errors="replace")))
    close(by)
    return after - before
