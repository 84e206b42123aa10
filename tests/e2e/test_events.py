"""The files in events/ are events that the deployed functions understand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.stack import Stack
from tools.virtualenvs import ROOT

EVENTS = sorted((ROOT / "events").glob("*/*.json"))


@pytest.fixture(scope="module")
def deployed(stack: Stack) -> dict[str, str]:
    """Return the deployed names by their placeholder in an event; a function's is its folder."""
    found = {name.removesuffix("Function").lower(): one for name, one in stack.resources().items()}
    return {
        **found,
        "PUT-THE-JWT-SECRET-ARN-HERE": stack.said["jwt_secret_arn"],
        "PUT-THE-ARN-OF-A-LOGIN-HERE": found["apilogin"],
    }


def test_every_function_has_events() -> None:
    assert {path.parent.name for path in EVENTS} == {path.parent.name for path in ROOT.glob("functions/*/app.py")}


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_is_understood(path: Path, stack: Stack, deployed: dict[str, str]) -> None:
    event = re.sub(r"PUT-THE-[A-Z-]+-HERE", lambda found: deployed[found.group()], path.read_text())
    name = deployed[path.parent.name.replace("_", "")]
    answer = stack.aws("lambda").invoke(FunctionName=name, Payload=event.encode())
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    assert not isinstance(payload, dict) or payload.get("statusCode", 200) < 500
