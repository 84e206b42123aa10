"""Fixtures for every test: a cleaned environment, a real PostgreSQL, a database of its own."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from io import StringIO

import pytest

from orchestrator.observability import logger
from orchestrator.store.connection import Connection, Database, connect
from tests.support import postgres
from tests.support.stack import Stack, private_stack
from tools.local_stack.stack_config import Layout

for _name in [name for name in os.environ if name.startswith(("AWS_", "POWERTOOLS_", "DATABASE_", "JWT_"))]:
    del os.environ[_name]
os.environ.update(AWS_DEFAULT_REGION="us-east-1", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Layout]:
    """One server per test process."""
    with postgres.server() as layout:
        postgres.make_template(layout)
        yield layout


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One whole stack for all tests that need it."""
    with private_stack() as running:
        yield running


@pytest.fixture
def database_url(postgres_server: Layout) -> Iterator[str]:
    """A database of the test's own, with both schemas."""
    with postgres.fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """Yield the engine's `Database` for the test's own database."""
    database = Database(lambda: connect(database_url))
    yield database
    database.close()


@pytest.fixture
def conn(db: Database) -> Connection:
    """A plain connection to the test's database, autocommit."""
    return db.connection()


@pytest.fixture
def logged() -> Iterator[StringIO]:
    """Yield the output of the functions' logger while the test runs: a JSON object per line."""
    written, handler = StringIO(), logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    usual = handler.setStream(written)
    yield written
    handler.setStream(usual)
