"""The hash-pinned requirement files, generated from pyproject.toml; they name no package index."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.progress import say, step
from tools.virtualenvs import ROOT, python

#: Each file and the part of pyproject.toml that it pins. Markers inside make one file serve every Python.
FILES: dict[str, tuple[str, ...]] = {
    "layers/dependencies/requirements.txt": ("pyproject.toml", "--extra", "playmate"),
    "requirements/dev.txt": ("pyproject.toml", "--extra", "playmate", "--extra", "cli", "--extra", "dev"),
    "requirements/sam.txt": ("--group", "sam"),
    "requirements/ministack.txt": ("--group", "ministack"),
    "requirements/peers.txt": ("--group", "peers"),
    "requirements/scan.txt": ("--group", "scan"),
    "requirements/docs.txt": ("--group", "docs"),
}

_OPTIONS = (
    *("--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
)


def generate(name: str, destination: Path) -> None:
    """Write one file anew; versions pinned in `destination` stay where pyproject.toml allows them."""
    command = [
        str(python("dev").with_name("uv")),
        "pip",
        "compile",
        *_OPTIONS,
        *FILES[name],
        "-o",
        str(destination),
    ]
    subprocess.run(command, check=True, cwd=ROOT)


def lock() -> int:
    for name in FILES:
        with step(name):
            generate(name, ROOT / name)
    say("Commit them together with pyproject.toml.")
    return 0
