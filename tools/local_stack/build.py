"""`sam build` of the template for this machine, skipped while nothing that goes into it has changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local_environment import downloads
from tools.local_stack.stack_config import APPLICATION, REGION
from tools.progress import Refused, step
from tools.virtualenvs import HOME, ROOT, python

BUILT = HOME / "build"
_SOURCES = ("template.yaml", "infrastructure", "functions", "shared", "layers")


def build(application: Path = APPLICATION) -> Path:
    """Build the template where something has changed, and return its folder.

    All stacks of this checkout that have the same application share it, so only one build runs at a time.
    """
    HOME.mkdir(exist_ok=True)
    built = BUILT if application == APPLICATION else HOME / f"build-{application.name}"
    with _alone():
        wanted = _fingerprint(application)
        stamp = built / "made-from"
        if not stamp.exists() or stamp.read_text() != wanted:
            with step("sam build"):
                _sam_build(application, built)
            stamp.write_text(wanted)
    return built


def sam_environment() -> dict[str, str]:
    """Return the environment of the SAM CLI, which finds the runtime's interpreter on the PATH."""
    return {
        **os.environ,
        **downloads(),
        "PATH": os.pathsep.join([str(python("sam").parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH": "",
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": REGION,
        "LAYER_PYTHON": str(python("ms")),
        "LAYER_ARCHITECTURE": "native",
    }


def runtime() -> str:
    return f"python{sys.version_info[0]}.{sys.version_info[1]}"


def architecture() -> str:
    return "arm64" if os.uname().machine in {"arm64", "aarch64"} else "x86_64"


def _sam_build(application: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # SAM's cache knows a layer by its folder alone, not by the application that the environment names.
    cache = HOME / "build-cache" / application.name
    command = [
        *(str(python("sam")), "-m", "samcli", "build", "--template-file", str(ROOT / "template.yaml")),
        *("--config-env", "local", "--build-dir", str(folder), "--cache-dir", str(cache)),
        *("--parameter-overrides", f"Runtime={runtime()} Architecture={architecture()}"),
    ]
    environment = {**sam_environment(), "APPLICATION_FOLDER": str(application)}
    built = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=ROOT)
    if built.returncode:
        raise Refused(f"sam build failed:\n{built.stdout[-1000:]}\n{built.stderr[-4000:]}")


def _fingerprint(application: Path) -> str:
    digest = hashlib.sha256(f"{runtime()} {architecture()} {ROOT}".encode())
    for top in (*(ROOT / source for source in _SOURCES), application):
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    with (HOME / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
