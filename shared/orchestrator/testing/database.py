"""A database for one test, with the schema that a deploy makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import uuid4

from orchestrator.store.connection import Database, connect
from orchestrator.store.migrate import migrate
from orchestrator.store.testing import create_database, drop_database


@contextmanager
def fresh_database(server: str, *packages: str) -> Iterator[str]:
    """Yield the URL of a new database with the engine's schema, and drop the database at the end.

    `server` is the URL of a database on a PostgreSQL server. Its user may create databases and roles. `packages` have
    the application's migrations, such as "my_app.store"; they are applied in this order after the engine's.
    """
    name = f"test_{uuid4().hex}"
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    with connect(server) as admin:
        create_database(admin, name)
        try:
            database = Database(lambda: connect(url))
            migrate(database, ["orchestrator.store", *packages])
            database.close()
            yield url
        finally:
            drop_database(admin, name)
