"""Importing a function does no work and takes no weight: no environment, no network, no dear package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))

#: Each costs 50 ms and more to import; they wait for the first request that needs them.
#: (Powertools touches the empty top of botocore, for its user agent.)
DEAR = ("boto3", "botocore.session", "pydantic", "jwt", "argon2", "cryptography", "aws_xray_sdk", "opentelemetry")

PROGRAM = """
import json, socket, sys

def refuse(*_, **__):
    raise AssertionError("network at import")

socket.socket.connect = refuse
import {module}
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_import_is_light(name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(module=f"functions.{name}.app")],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert set(json.loads(ended.stdout)).isdisjoint(DEAR)
