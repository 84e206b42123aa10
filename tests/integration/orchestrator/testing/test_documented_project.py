"""The project of docs/how-to/test-agents.md passes its tests, outside this repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from orchestrator.testing import fresh_database
from tests.support.postgres import url_of
from tools.local_stack.stack_config import Layout
from tools.virtualenvs import ROOT

PAGE = ROOT / "docs/how-to/test-agents.md"
FILE = re.compile(r"^```python file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: The server that all tests share, instead of one of the project's own.
SERVER = """
import pytest

@pytest.fixture(scope="session")
def server():
    return {url!r}
"""


def test_the_documented_project_passes_its_tests(tmp_path: Path, postgres_server: Layout) -> None:
    files = dict(FILE.findall(PAGE.read_text(encoding="utf-8")))
    assert files.keys() >= {"conftest.py", "my_app/agents/order_pay.py", "test_receipt.py", "test_crashes.py"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for package in ("my_app", "my_app/agents"):
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "test_server.py").write_text("def test_it_answers(database_url): pass")
    for test in tmp_path.glob("test_*.py"):
        test.write_text(test.read_text() + SERVER.format(url=url_of(postgres_server, "postgres")))
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "4 passed" in finished.stdout


def test_a_fresh_database_has_both_schemas_and_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_server: Layout
) -> None:
    migrations = tmp_path / "kite_shop" / "migrations"
    migrations.mkdir(parents=True)
    (migrations.parent / "__init__.py").touch()
    (migrations / "0001_pre_kites.sql").write_text("CREATE TABLE kites (task uuid REFERENCES agent_tasks);")
    monkeypatch.syspath_prepend(tmp_path)
    server = url_of(postgres_server, "postgres")
    with fresh_database(server, "kite_shop") as url, psycopg.connect(url) as conn:
        name = conn.info.dbname
        assert conn.execute("SELECT count(*) FROM kites").fetchone() == (0,)
    with psycopg.connect(server) as conn:
        assert conn.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is None
