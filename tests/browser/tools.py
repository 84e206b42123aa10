"""Node, its packages and Chromium: found, or installed where this machine lets us."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tools.virtualenvs import ROOT

CLIENT = ROOT / "clients" / "javascript"
BROWSER = ROOT / "tests" / "browser"
#: Debian's packages by the command they bring.
PACKAGES = {"node": ("nodejs", "npm"), "npm": ("npm",), "chromium": ("chromium",)}
OLDEST_NODE = 18


class Missing(Exception):
    """Something these tests need is not here, and what to do about it."""


def node() -> str:
    """The interpreter, new enough."""
    found = _command("node")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        raise Missing(f"Node.js {OLDEST_NODE} or newer is needed, this is {version} ({found}).")
    return found


def chromium() -> str:
    """The browser; CHROMIUM names another one."""
    return os.environ.get("CHROMIUM") or _command("chromium")


def packages(folder: Path) -> Path:
    """Install what the folder's lock file names, unless it is there."""
    lock, done = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([_command("npm"), "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True)
        done.touch()
    return folder


def _command(name: str) -> str:
    found = shutil.which(name) or _installed(name)
    if found is None:
        needed = " ".join(PACKAGES[name])
        raise Missing(f"These tests need {name}. Install it first, on Debian by: apt-get install {needed}")
    return found


def _installed(name: str) -> str | None:
    """Where apt put it; None where we may not ask apt."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", *PACKAGES[name])):
        subprocess.run(["apt-get", *command], env=environment, check=True, stdout=subprocess.DEVNULL)
    return shutil.which(name)
