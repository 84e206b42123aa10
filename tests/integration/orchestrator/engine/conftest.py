from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrator.store.connection import Database
from tests.support.engine import Engine


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = Engine(database_url)
    yield made
    made.close()


@pytest.fixture
def operator(engine: Engine) -> Database:
    """The database with an operator's rights, and no more."""
    return engine.database("operator")
