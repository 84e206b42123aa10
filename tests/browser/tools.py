"""Find Node, its packages and Chromium, or install them where this machine allows it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tools.virtualenvs import ROOT

CLIENT = ROOT / "clients" / "javascript"
PAGES = ROOT / "web"
BROWSER = ROOT / "tests" / "browser"
#: Debian packages by the command that they contain.
PACKAGES = {"node": ("nodejs", "npm"), "npm": ("npm",), "chromium": ("chromium",)}
OLDEST_NODE = 18


class Missing(Exception):
    """A program that these tests need is missing; the message says how to install it."""


def node() -> str:
    """Return the path of Node; raise Missing for an old version."""
    found = _command("node")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        raise Missing(f"Node.js {OLDEST_NODE} or newer is needed, this is {version} ({found}).")
    return found


def npm() -> str:
    """Return the path of npm."""
    return _command("npm")


def chromium() -> str:
    """Return the path of Chromium; CHROMIUM overrides it."""
    return os.environ.get("CHROMIUM") or _command("chromium")


def packages(folder: Path) -> Path:
    """Install the packages of the folder's lock file, unless they are installed."""
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
    """Install a command with apt and return its path; None where apt may not be used."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", *PACKAGES[name])):
        subprocess.run(["apt-get", *command], env=environment, check=True, stdout=subprocess.DEVNULL)
    return shutil.which(name)
