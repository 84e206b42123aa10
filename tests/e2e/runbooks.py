"""The commands of runbooks and other documents, and bash to run them in.

A block of language `sh` is run on a stack, line by line. A block of language `bash` is for readers: it starts a stack,
takes minutes, or needs AWS. tests/repository checks it.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.virtualenvs import ROOT

RUNBOOKS = ROOT / "docs" / "runbooks"
#: Other documents; those with blocks of `sh` are run in a quiet situation.
GUIDES = [page for folder in ("how-to", "start") for page in sorted((ROOT / "docs" / folder).glob("*.md"))]

_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:orchestrator|aws) [^`]+)`")
#: The reader replaces names in capitals; those after `$` or before `=` are the shell's.
_BLANK = re.compile(r"(?<![$\w{-])(?:[A-Z]{2,})(?![\w=])")
#: Capitals that are SQL's, the services', or names inside a quoted query.
NO_BLANKS = frozenset(
    (
        *(
            "SELECT",
            "FROM",
            "WHERE",
            "GROUP",
            "BY",
            "ORDER",
            "DESC",
            "NULLS",
            "LAST",
            "LIMIT",
            "AND",
            "AS",
            "JOIN",
            "ON",
        ),
        *("AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "UUID", "POST"),
    )
)
#: Ends each command in the output: its number and how it ended.
_END = re.compile(r"\n<end (\d+) (\d+)>\n")


@dataclass(frozen=True, slots=True)
class Said:
    command: str
    code: int
    output: str


def commands(page: Path) -> list[str]:
    """Every line of every block; a comment is no command."""
    lines = [line for block in _BLOCK.findall(page.read_text()) for line in block.splitlines()]
    return [line for line in lines if line.strip() and not line.startswith("#")]


def inline(page: Path) -> list[str]:
    """Return the commands within sentences."""
    return _INLINE.findall(page.read_text())


#: Every page with commands to run.
PAGES = [*sorted(RUNBOOKS.glob("*.md")), *(page for page in GUIDES if commands(page))]


def blanks(command: str) -> list[str]:
    code = re.sub(r"\s#\s.*$", "", command)
    return [word for word in _BLANK.findall(code) if word not in NO_BLANKS]


def filled(command: str, values: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return match[0] if match[0] in NO_BLANKS else values[match[0]]

    code, _, comment = command.partition(" # ")
    return _BLANK.sub(value, code) + (f" # {comment}" if comment else "")


def run(script: Sequence[str], *, before: Sequence[str], environment: Mapping[str, str]) -> Iterator[Said]:
    """Runs the commands in one shell that answers yes to every question."""
    ends = [f"{command}\nprintf '\\n<end %d %d>\\n' {number} $?" for number, command in enumerate(script)]
    text = "\n".join([*before, "printf '\\n<end 0 0>\\n'", *ends])
    ended = subprocess.run(
        ["bash", "-c", f"yes | bash -c {shlex.quote(text)}"],
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    _, *parts = _END.split(ended.stdout)
    assert len(parts) >= 3, ended.stdout
    for number, code, output in zip(parts[3::3], parts[4::3], parts[2::3], strict=False):
        yield Said(script[int(number)], int(code), output)
