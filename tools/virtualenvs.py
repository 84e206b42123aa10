"""The virtual environments under .local, made from the hash-pinned files in requirements/.

There are several, because the SAM CLI, MiniStack, the scanners and the application each pin another AWS SDK. A package
that is missing from the layer must also be missing from the emulator's interpreter.

The project is installed in `dev` as editable: its interpreter, an IDE and pytest need no variables.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

from tools.progress import Refused, say, step

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".local"
#: Folders that the dev environment imports from.
SOURCE_ROOTS = (".", "shared", "clients/cli", "tools")

#: The file that adds them.
PATHS = "agent_orchestrator_sources.pth"

#: Environment name to its requirements file.
ENVIRONMENTS = {
    "dev": "dev.txt",
    "sam": "sam.txt",
    "ms": "ministack.txt",
    "scan": "scan.txt",
    "docs": "docs.txt",
    "peers": "peers.txt",
}
#: Those that every command may need.
ALWAYS = ("dev", "sam", "ms")


def python(name: str) -> Path:
    return HOME / name / "bin" / "python"


def enter(arguments: list[str]) -> NoReturn:
    """Make the missing environments, then run the command inside the dev environment."""
    try:
        ensure()
    except Refused as refusal:
        sys.exit(str(refusal))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    os.chdir(ROOT)
    os.execve(  # noqa: S606 - this process becomes the command
        python("dev"), [str(python("dev")), "-m", "tools.start", *arguments], environment
    )


def ensure(names: Iterable[str] = ALWAYS) -> None:
    """Make or renew those environments whose requirements or interpreter have changed."""
    stale = [name for name in names if _recorded(name) != _wanted(name)]
    if not stale:
        return
    HOME.mkdir(exist_ok=True)
    say("Installing the tools (the first time takes a minute or two; they stay in .local/)")
    with step(f"environments {', '.join(stale)}"), ThreadPoolExecutor() as pool:
        list(pool.map(_make, stale))


def _make(name: str) -> None:
    home = HOME / name
    if home.exists() and not _same_interpreter(name):
        shutil.rmtree(home)
    if not python(name).exists():
        _run(
            [sys.executable, "-m", "venv", str(home)],
            "Python's own venv module does not work here. On Debian and Ubuntu: apt install python3-venv",
        )
    requirements = ROOT / "requirements" / ENVIRONMENTS[name]
    _run(
        [
            *(str(python(name)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-input", "--no-deps", "--require-hashes", "-r", str(requirements)),
        ],
        f"Installing requirements/{requirements.name} failed. Is a package index reachable?",
    )
    if name == "dev":
        _install_project()
    _stamp_file(name).write_text(_wanted(name))


def _install_project() -> None:
    """Install the project as editable, with every folder that its tools and tests import from."""
    pip = (str(python("dev")), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")
    _run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], "The project cannot be installed in .local/dev.")
    (site_packages,) = (HOME / "dev" / "lib").glob("python*/site-packages")
    (site_packages / PATHS).write_text("".join(f"{ROOT / folder}\n" for folder in SOURCE_ROOTS))


def _run(command: list[str], remedy: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    finished = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if finished.returncode:
        errors = [line for line in finished.stderr.splitlines() if not line.startswith("WARNING")]
        raise Refused("\n".join([remedy, *errors[-20:]]))


def _same_interpreter(name: str) -> bool:
    if not python(name).exists():
        return False
    asked = subprocess.run(
        [str(python(name)), "-c", "import sys; print(*sys.version_info[:2])"],
        check=False,
        capture_output=True,
        text=True,
    )
    return asked.stdout.split() == [str(part) for part in sys.version_info[:2]]


def _stamp_file(name: str) -> Path:
    return HOME / name / "made-from"


def _recorded(name: str) -> str:
    stamp = _stamp_file(name)
    return stamp.read_text() if stamp.exists() else ""


def _wanted(name: str) -> str:
    pinned = (ROOT / "requirements" / ENVIRONMENTS[name]).read_bytes()
    if name == "dev":
        pinned += (ROOT / "pyproject.toml").read_bytes()
    return f"{sys.version_info[0]}.{sys.version_info[1]} {ROOT} {hashlib.sha256(pinned).hexdigest()}"
