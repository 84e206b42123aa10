"""`make check` and `make test`: the same as in CI."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.local_stack import templates
from tools.local_stack.build import sam_environment
from tools.local_stack.stack_config import REGION
from tools.progress import say, step
from tools.virtualenvs import ROOT, python

#: Test folders that need no running part: `make check` has them.
HOUSE = ("template", "aws_rules", "repository")
#: Test folders whose tests share one local cloud; all others run on every core.
ALONE = ("e2e", "browser")


def check() -> int:
    """Everything that needs no running part, all of it even when some of it fails."""
    failed = [name for name, command in _checks().items() if not _passes(name, command)]
    if failed:
        say(f"{len(failed)} of {len(_checks())} failed: {', '.join(failed)}")
    return 1 if failed else 0


def _checks() -> dict[str, Sequence[str | Path]]:
    tools = python("dev").parent
    return {
        "ruff check": (tools / "ruff", "check", "."),
        "ruff format": (tools / "ruff", "format", "--check", "."),
        "mypy": (tools / "mypy",),
        "lint-imports": (tools / "lint-imports",),
        "cfn-lint": (tools / "cfn-lint", *templates.family(ROOT / "template.yaml")),
        "sam validate --lint": (python("sam").with_name("sam"), "validate", "--lint"),
        "template and house tests": (*_pytest(HOUSE), "--quiet"),
    }


def _passes(name: str, command: Sequence[str | Path]) -> bool:
    environment = sam_environment() if name.startswith("sam") else _environment()
    try:
        with step(name):
            subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True, text=True)
    except subprocess.CalledProcessError as failure:
        say(f"{failure.stdout}{failure.stderr}")
        return False
    return True


def format() -> int:
    """Format the code, and apply the fixes of the linter."""
    ruff = python("dev").with_name("ruff")
    return int(_runs((ruff, "check", "--fix", ".")) | _runs((ruff, "format", ".")))


def test() -> int:
    """Run the tests of parts on every core, then those of the local cloud one by one; or those of ONLY."""
    if only := os.environ.get("ONLY", "").split():
        return int(_runs((python("dev"), "-m", "pytest", *only)))
    folders = [path.name for path in sorted((ROOT / "tests").iterdir()) if any(path.glob("**/test_*.py"))]
    together = [name for name in folders if name not in (*HOUSE, *ALONE)]
    alone = [name for name in ALONE if name in folders]
    say(f"Tests of parts: {', '.join(together)}")
    failed = _runs((*_pytest(together), "--numprocesses", "auto"))
    say(f"Tests of the whole: {', '.join(alone)}")
    return int(_runs(_pytest(alone)) or failed)


def soak() -> int:
    """Random schedules of the simulation, for as many minutes as MINUTES says."""
    minutes = os.environ.get("MINUTES", "10")
    return int(_runs((python("dev"), "-m", "tests.simulation.soak", minutes)))


def _runs(command: Sequence[str | Path]) -> bool:
    """Run with the output shown; true when it failed."""
    return subprocess.run(command, check=False, cwd=ROOT, env=_environment()).returncode != 0


def _pytest(folders: Sequence[str]) -> tuple[str | Path, ...]:
    return (python("dev"), "-m", "pytest", *(f"tests/{folder}" for folder in folders))


def _environment() -> dict[str, str]:
    """Return the machine's environment, less the variables that would point tests at an AWS account."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return {**kept, "AWS_DEFAULT_REGION": REGION}
