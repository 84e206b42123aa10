"""The code blocks of the documents."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.virtualenvs import ROOT

_BLOCK = re.compile(r"^( *)```([\w-]*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
#: Texts that are no documents of the project.
_NOT_DOCUMENTS = ("shared/playmate/knowledge/",)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `sh`: run by tests/e2e on a stack; `bash`: for readers, checked only."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def markdown_files() -> list[Path]:
    """Return every document of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = sorted(name for name in listed.stdout.splitlines() if not name.startswith(_NOT_DOCUMENTS))
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(str(page.relative_to(ROOT)), text.count("\n", 0, match.start()) + 1, match[2], match[3])
        for match in _BLOCK.finditer(text)
    ]
