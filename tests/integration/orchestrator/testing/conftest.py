from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.store.connection import connect
from orchestrator.testing import DurableEngine, durable
from tests.support.engine import LEDGER

PACKAGE = "tests.support.planted"


@pytest.fixture
def engine(database_url: str) -> Iterator[DurableEngine]:
    with connect(database_url) as conn:
        conn.execute(LEDGER)
    with durable(database_url, PACKAGE) as made:
        yield made
