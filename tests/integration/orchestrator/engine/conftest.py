from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine import Engine


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = Engine(database_url)
    yield made
    made.close()
