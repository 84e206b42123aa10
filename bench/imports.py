"""Number 8: what a cold start imports, against the imports of the usual Powertools service as `sam build` packs it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from time import perf_counter

from bench.ground import Measured
from local.environments import ROOT

USUAL = """
import boto3
boto3.client("sqs", region_name="us-east-1")
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities.batch import BatchProcessor
from aws_lambda_powertools.utilities.feature_flags import AppConfigStore, FeatureFlags
import psycopg, pydantic, jwt
Logger(service="a"); Metrics(namespace="a")
APIGatewayHttpResolver(enable_validation=True)
class Payload(pydantic.BaseModel):
    n: int
"""
OURS = {"API": "import functions.api.app", "worker": "import functions.worker.app"}


def measure(rounds: int) -> list[Measured]:
    """Each round one after another, so that they share what the machine is doing."""
    found = {
        role: Measured("8", f"cold start: the {role}'s imports over the usual ones", goal)
        for role, goal in (("API", "≤ 0.25"), ("worker", "≤ 0.2"))
    }
    for statement in (*OURS.values(), USUAL):
        _run(statement, bytecode=True)
    for _ in range(rounds):
        nothing = _run("pass", bytecode=True)
        usual = _run(USUAL, bytecode=False) - nothing
        for role, statement in OURS.items():
            ours = _run(statement, bytecode=True) - nothing
            found[role].rounds.append(ours / usual)
            found[role].detail = f"{ours * 1000:.0f} of {usual * 1000:.0f} ms in the last round"
    return list(found.values())


def _run(statement: str, *, bytecode: bool) -> float:
    """Seconds of a process; `bytecode`: whether valid .pyc files may be used, which `sam build` packs none of."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PYTHON"))}
    environment |= {"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}", "AWS_DEFAULT_REGION": "us-east-1"}
    with tempfile.TemporaryDirectory() as empty:
        options = [] if bytecode else ["-B", "-X", f"pycache_prefix={empty}"]
        started = perf_counter()
        subprocess.run([sys.executable, *options, "-c", statement], check=True, env=environment, cwd=ROOT)
        return perf_counter() - started
