"""`python3 -m local COMMAND`: any Python may read this file, so that it can say which one is needed."""

import sys

OLDEST = (3, 11)

if sys.version_info < OLDEST:
    sys.exit(
        "Python {}.{} or newer is needed, this is {}.{} ({}).\n"
        "Install one, then say which: make PYTHON=python3.13 run".format(*OLDEST, *sys.version_info[:2], sys.executable)
    )

from local.environments import enter  # noqa: E402 - newer syntax may only be read after the check above

enter(sys.argv[1:])
