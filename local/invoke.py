"""`sam local invoke` of one function with one event, against the stack that is up; needs Docker."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from local.build import BUILT, architecture, runtime, sam_environment
from local.deploy import parameters
from local.environments import ROOT, python
from local.layout import AWS_KEYS, Layout
from local.progress import Refused, say


def invoke() -> int:
    """FUNCTION is a logical id of the template, EVENT a file."""
    function, event = os.environ.get("FUNCTION", ""), os.environ.get("EVENT", "")
    if not (function and event):
        raise Refused("Say which: make invoke FUNCTION=ApiFunction EVENT=events/api/health.json")
    layout = Layout.from_environment()
    layout.read_stack()
    command: list[str | Path] = [
        *(python("sam").with_name("sam"), "local", "invoke", function, "--event", ROOT / event),
        *("--template", BUILT / "template.yaml", "--env-vars", env_file(layout)),
        *("--docker-network", "host", "--parameter-overrides"),
        *(f"{key}={value}" for key, value in _overrides(layout).items()),
    ]
    say(" ".join(str(part) for part in command))
    return subprocess.run(command, check=False, cwd=ROOT, env={**sam_environment(), **AWS_KEYS}).returncode


def env_file(layout: Layout) -> Path:
    """The deployed functions' variables, in the form `sam local` reads."""
    return layout.state / "env.json"


def _overrides(layout: Layout) -> dict[str, str]:
    """Variables come whole from the env file; these decide the conditions and the image."""
    values = parameters(layout, runtime(), architecture())
    return {key: values[key] for key in ("Target", "Environment", "Runtime", "Architecture")}
