"""Operator command: `python -m playmate.knowledge postgresql://…` brings the knowledge base in line with the files."""

from __future__ import annotations

import sys

from orchestrator.store.connection import connect
from playmate.knowledge import load_documents, read_documents


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    with connect(arguments[0]) as connection:
        changed = load_documents(connection)
    sys.stdout.write(f"{len(read_documents())} documents, {changed} new or changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
