"""Number 8: a function's init under Lambda's own runtime client and interface emulator, over that of the usual service.

The engine as `make up` builds it, layers and byte code; the usual one from the same layer without
byte code: `sam build` packs none.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import httpx

from tools.bench.preparation import Measured
from tools.local_stack.build import architecture, build
from tools.virtualenvs import python

USUAL = """
import boto3
boto3.client("sqs")
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities.batch import BatchProcessor
from aws_lambda_powertools.utilities.feature_flags import AppConfigStore, FeatureFlags
import psycopg, pydantic, jwt
logger, metrics, app = Logger(service="a"), Metrics(namespace="a"), APIGatewayHttpResolver(enable_validation=True)
class Payload(pydantic.BaseModel):
    n: int
def handler(event, context):
    return {}
"""
LIMITS = {"API": ("ApiFunction", "≤ 0.25"), "worker": ("WorkerFunction", "≤ 0.2")}

_INIT = re.compile(r"INIT REPORT\(durationMs: ([\d.]+)")


def measure(rounds: int) -> list[Measured]:
    """Measure each round one after another, so that they share the load of the machine."""
    built = build()
    found = {
        role: Measured("8", f"cold start: the {role}'s init over the usual service's", goal)
        for role, (_, goal) in LIMITS.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        usual = _usual(Path(folder), built)
        for _ in range(rounds):
            theirs = _init(*usual)
            for role, (function, _) in LIMITS.items():
                layers = [built / layer / "python" for layer in ("DependenciesLayer", "SharedLayer")]
                own = _init(built / function, layers)
                found[role].rounds.append(own / theirs)
                found[role].detail = f"{own:.0f} of {theirs:.0f} ms in the last round"
    return list(found.values())


def _usual(folder: Path, built: Path) -> tuple[Path, list[Path]]:
    function, layer = folder / "function", folder / "layer"
    function.mkdir()
    (function / "app.py").write_text(USUAL)
    shutil.copytree(built / "DependenciesLayer" / "python", layer, ignore=shutil.ignore_patterns("__pycache__"))
    return function, [layer]


def _init(function: Path, path: list[Path]) -> float:
    """Return milliseconds from the process's start to its first question for work, as the emulator reports them."""
    address, runtime = f"127.0.0.1:{_free_port()}", f"127.0.0.1:{_free_port()}"
    command = [
        *(str(_emulator()), "--runtime-interface-emulator-address", address, "--runtime-api-address", runtime),
        *(sys.executable, "-m", "awslambdaric", "app.handler"),
    ]
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(function),
        "_HANDLER": "app.handler",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
    }
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=function, env=environment, stdout=output, stderr=output)
        try:
            _invoke(address)
        finally:
            process.terminate()
            process.wait()
        output.seek(0)
        reported = _INIT.search(output.read())
    if reported is None:
        raise RuntimeError(f"{function} did not start")
    return float(reported.group(1))


def _invoke(address: str) -> None:
    """Once, which makes the emulator start the runtime; the answer does not matter, without settings it is an error."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=10), timeout=60) as client:
        client.post(f"http://{address}/2015-03-31/functions/function/invocations", content="{}")


def _emulator() -> Path:
    """Return the emulator, which comes with the SAM CLI."""
    (packages,) = (python("sam").parent.parent / "lib").glob("python3*/site-packages")
    return packages / "samcli" / "local" / "rapid" / f"aws-lambda-rie-{architecture()}"


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
