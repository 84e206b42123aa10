"""The list of decisions, from the files in docs/decisions."""

from __future__ import annotations

import re

from tools.quality.reference.markdown import document, table
from tools.virtualenvs import ROOT

FOLDER = ROOT / "docs" / "decisions"
INTRODUCTION = """\
Each file is one decision with its context, alternatives and consequences. A decision is never deleted: a later one
replaces it and its status names the successor. To add one, copy the newest file, raise the number and run
`make reference`."""


def page() -> str:
    """Return decisions/index.md."""
    rows = []
    for path in sorted(FOLDER.glob("[0-9]*.md")):
        text = path.read_text(encoding="utf-8")
        number, title = re.findall(r"^# (\d+)\. (.+)$", text, re.MULTILINE)[0]
        (status,) = re.findall(r"^- Status: (.+)$", text, re.MULTILINE)
        (date,) = re.findall(r"^- Date: (.+)$", text, re.MULTILINE)
        rows.append((number, f"[{title}]({path.name})", status, date))
    return document("Decisions", INTRODUCTION, table(("number", "decision", "status", "date"), rows))
