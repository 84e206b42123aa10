"""`make soak MINUTES=n`: schedules that nobody has tried before, until the time is over or one ends badly."""

from __future__ import annotations

import secrets
import sys
from itertools import count
from time import monotonic

from tests.simulation.run import run_schedules
from tests.support import postgres

#: Schedules of one seed.
SCHEDULES = 100


def soak(minutes: float) -> None:
    end = monotonic() + minutes * 60
    with postgres.server() as layout:
        postgres.make_template(layout)
        for done in count(1):
            number = secrets.randbits(32)
            say(f"seed {number} …")
            with postgres.fresh_database(layout) as url:
                run_schedules(url, number, SCHEDULES)
            if monotonic() > end:
                say(f"{done * SCHEDULES} schedules ended well")
                return


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    soak(float(sys.argv[1]))
