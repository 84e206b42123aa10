"""`python3 -m tools COMMAND`: any Python may read this file, so that it can say which one is needed."""
# ruff: noqa: RUF005, UP031, UP036 - older syntax, for older readers

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Python 3.11 or newer is needed, %s is %d.%d.\n"
        "Install one, then say which: make PYTHON=python3.13 run" % ((sys.executable,) + sys.version_info[:2])
    )

from tools.virtualenvs import enter

enter(sys.argv[1:])
