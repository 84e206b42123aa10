"""Code that cannot be imported is refused by its own deploy, at once and before anything has changed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cloudformation import bucket

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import json, sys
sys.modules[{missing!r}] = None
from functions.migrate.app import handler
handler(json.loads(sys.argv[1]), None)
"""


@pytest.mark.parametrize(
    "missing",
    [
        "aws_lambda_powertools",
        "psycopg",
        "pydantic",
        "orchestrator.bootstrap",
        "playmate.routes",
        "playmate.agents.echo",
    ],
)
def test_a_deploy_of_code_that_cannot_be_imported_fails_at_once(missing: str) -> None:
    with bucket() as cloudformation:
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(missing=missing), json.dumps(cloudformation.event("Update"))],
            env={"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}", "APPLICATION": "playmate"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    (answer,) = cloudformation.answers
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("ModuleNotFoundError: ")
    assert missing in answer["Reason"]
