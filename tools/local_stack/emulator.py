"""The cloud on 127.0.0.1: MiniStack as a background program of a stack."""

from __future__ import annotations

import os
import shutil

from tools.local_stack.processes import Program, answers
from tools.local_stack.stack_config import AWS_KEYS, REGION, Layout
from tools.virtualenvs import ROOT, python


def program(layout: Layout) -> Program:
    return Program("ministack", layout)


def start(layout: Layout) -> None:
    """Start it empty: each deploy makes its resources again, and Postgres has the truth."""
    scratch = layout.state / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    cloud = program(layout)
    process = cloud.start(
        [python("ms"), "-P", ROOT / "tools" / "local_stack" / "emulator_launcher.py"], _environment(layout)
    )
    cloud.wait_until(lambda: answers(layout.aws_port), process)


def _environment(layout: Layout) -> dict[str, str]:
    """Nothing of the caller's leaks in: Lambda workers inherit all of this."""
    return {
        "PATH": os.defpath,
        "HOME": str(layout.state / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": str(layout.state / "tmp"),
        "GATEWAY_PORT": str(layout.aws_port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent.sock",
        "LAMBDA_WARM_TTL_SECONDS": "120",
        "LOG_LEVEL": "INFO",
        "AUTH": "true",
        **AWS_KEYS,
    }
