"""`python -m tools.start COMMAND`: prepare the environment, then run the command.

Modules read the environment when they are imported, so it is prepared before the first of them.
"""

from __future__ import annotations

import os
import sys

from tools import local_environment


def main(arguments: list[str]) -> int:
    if local_environment.COMMANDS.intersection(arguments):
        local_environment.keep_local(os.environ)
    from tools import commands

    return commands.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
