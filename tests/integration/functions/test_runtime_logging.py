"""No function logs a secret or personal data under the logging set-up of Lambda's own Python runtime."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MODULE = "tests.integration.functions.lambda_runtime"


def test_no_function_logs_a_secret_under_lambdas_runtime(database_url: str, tmp_path: Path) -> None:
    """The runtime sets the root logger to DEBUG; at that level botocore logs every response, secrets included."""
    file = tmp_path / "secrets.json"
    ended = subprocess.run(
        [sys.executable, "-m", MODULE, database_url, str(file)],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "a secret key of the role",
            "AWS_SESSION_TOKEN": "a session token of the role",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    text = ended.stdout + ended.stderr
    assert ended.returncode == 0, text[-3000:]
    secrets: dict[str, str] = json.loads(file.read_text())
    assert {"token", "ticket", "login's old password", "login's new password", "old key k"} <= secrets.keys()
    assert "task completed" in text, "our own lines are there to be searched"
    assert [name for name, secret in secrets.items() if secret in text] == []
    assert "botocore" not in text
    assert "SecretString" not in text
