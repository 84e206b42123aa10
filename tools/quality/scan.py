"""`make scan`: faults that others know of, in the templates, the code and the packages.

Its tools have an environment of their own (checkov pins another AWS SDK), made when it is first asked for.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from tools.progress import say, step
from tools.quality.requirements import FILES
from tools.virtualenvs import ROOT, ensure, python

_AUDIT = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")


class Found(Exception):
    """A package is known to be at fault."""


def scan() -> int:
    """Run all scanners, even when one of them finds something."""
    ensure(["scan"])
    scanners: dict[str, Callable[[], str]] = {
        "checkov": _checkov,
        "bandit": _bandit,
        "check-jsonschema": _github,
        "pip-audit": _audit,
    }
    return max(_passes(name, scanner) for name, scanner in scanners.items())


def _passes(name: str, scanner: Callable[[], str]) -> int:
    try:
        with step(name):
            output = scanner()
    except subprocess.CalledProcessError as failure:
        say(f"{failure.stdout}{failure.stderr}")
        return 1
    except Found as found:
        say(str(found))
        return 1
    say(f"    {output}")
    return 0


def _checkov() -> str:
    output = json.loads(_run("checkov", "--config-file", ".checkov.yaml", "--output", "json"))
    summary = output["summary"]
    return f"{summary['passed']} checks passed, {summary['failed']} failed; .checkov.yaml explains the exceptions"


def _bandit() -> str:
    _run("bandit", "--quiet", "-c", "pyproject.toml", "-r", "shared", "functions", "clients/cli", "tools")
    return "nothing found; pyproject.toml gives the reason for each exception"


def _github() -> str:
    """Check the files of GitHub against its schemas, which the package contains."""
    workflows = [str(path.relative_to(ROOT)) for path in sorted((ROOT / ".github/workflows").glob("*.yml"))]
    _run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    _run("check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml")
    return f"{len(workflows)} workflows and the dependency updates fit their schemas"


def _audit() -> str:
    """Ask the package index. Packages that it does not know are counted, not ignored."""
    asked: dict[str, bool] = {}
    faults: list[str] = []
    for name in FILES:
        report = json.loads(_audit_report(name))
        for package in report["dependencies"]:
            asked[package["name"]] = "skip_reason" not in package
            faults += [f"{name}: {package['name']} {one['id']}" for one in package.get("vulns", [])]
    if faults:
        raise Found("\n".join(faults))
    known = sum(asked.values())
    return f"{known} packages without known faults, {len(asked) - known} of which the index knew nothing"


def _audit_report(name: str) -> str:
    """Return the JSON report of pip-audit on one file. Ask once more when there is none; then raise its error."""
    return _run("pip-audit", "-r", name, *_AUDIT, ok=(0, 1)) or _run("pip-audit", "-r", name, *_AUDIT)


def _run(tool: str, *arguments: str, ok: tuple[int, ...] = (0,)) -> str:
    command = [str(Path(python("scan")).with_name(tool)), *arguments]
    finished = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    if finished.returncode not in ok:
        raise subprocess.CalledProcessError(finished.returncode, command, finished.stdout, finished.stderr)
    return finished.stdout
