"""A command whose output nobody reads goes on: a stack is not half deployed because of `make up | head`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.virtualenvs import ROOT

WORKS = """
import sys
from tools.progress import say, step
with step("a step"):
    say("a line")
say("another line")
print("worked", file=sys.stderr)
"""


def run(*arguments: str, stdout: int) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


def without_a_reader(*arguments: str) -> subprocess.CompletedProcess[str]:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return run(*arguments, stdout=writer)
    finally:
        os.close(writer)


def test_a_reader_that_went_away_ends_no_command() -> None:
    ended = without_a_reader("-c", WORKS)
    assert (ended.returncode, ended.stderr) == (0, "worked\n")


def test_a_wrong_command_keeps_its_exit_code_without_a_reader() -> None:
    ended = without_a_reader("-m", "tools.start", "nonsense")
    assert (ended.returncode, ended.stderr) == (2, "")


def test_a_full_disk_is_named_once_and_ends_no_command() -> None:
    with Path("/dev/full").open("w") as full:
        ended = run("-c", WORKS, stdout=full.fileno())
    assert (ended.returncode, ended.stderr) == (0, "The output cannot be written: No space left on device\nworked\n")
