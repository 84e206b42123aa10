from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.lab import Lab
from tests.support.engine import Engine


@pytest.fixture
def lab(database_url: str) -> Iterator[Lab]:
    made = Lab(database_url)
    yield made
    made.close()


@pytest.fixture
def engine(lab: Lab) -> Engine:
    return lab.engine
