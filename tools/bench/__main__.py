"""`python -m tools.bench`: measure the numbers of docs/explanation/performance.md as ratios within one run."""

from __future__ import annotations

import argparse
import logging
import sys

from tools.bench import buffers, coldstarts, compare, push, rates, statements
from tools.bench.preparation import Measured, durable_server, ground


def main() -> None:
    if sys.argv[1:2] == ["compare"]:
        compare.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["push"]:
        push.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds whose median is taken")
    parser.add_argument("--tasks", type=int, default=2000, help="tasks a drain")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the largest table")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    found = rates.measured()
    with durable_server() as layout:
        for _ in range(options.rounds):
            with ground(layout) as url:
                rates.measure_round(url, found, options.tasks)
        with ground(layout) as url:
            found += statements.count(layout, url)
        with ground(layout) as url:
            sizes = tuple(size for size in buffers.SIZES if size <= options.rows)
            found += buffers.measure(url, sizes)
    found += coldstarts.measure(options.rounds)
    sys.stdout.write(table(found))


def table(found: list[Measured]) -> str:
    """Markdown, as docs/explanation/performance.md has it."""
    lines = ["| # | what | to reach | measured | rounds |", "|---|---|---|---|---|"]
    for one in sorted(found, key=lambda one: int(one.number)):
        rounds = one.detail or ", ".join(f"{value:.2f}" for value in one.rounds)
        lines.append(f"| {one.number} | {one.title} | {one.goal} | {one.value:.2f}{one.unit} | {rounds} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
