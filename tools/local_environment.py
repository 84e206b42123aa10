"""The environment that commands on the local stack run in: no variable of the developer's shell changes them.

An AWS profile, a proxy, PostgreSQL's variables or a log level of the shell would reach boto3, libpq and the emulator.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, MutableMapping

#: Variables of the machine that programs need.
MACHINE = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "NO_COLOR", "LANG", "TZ", "TMPDIR", "CI"}
)
#: Variables that the commands document.
DOCUMENTED = frozenset(
    {
        *("PORT_BASE", "LOCAL_STATE", "APPLICATION", "ALLOWED_ORIGINS", "OTLP_ENDPOINT"),
        *("FUNCTION", "EVENT", "NAME", "SAM_ARGS", "ONLY", "MINUTES"),
    }
)
#: Commands on the local stack. The others may need the shell's proxy, to download, or its AWS profile.
COMMANDS = frozenset({"run", "up", "down", "demo"})


#: Variables of the shell that a download needs: proxies, certificates, the package index.
_DOWNLOADS = re.compile(r"(PIP|UV)_\w+|(?i:\w+_proxy)|SSL_CERT_(FILE|DIR)|\w+_CA_BUNDLE")
#: The shell's environment, as it was when the command began.
_SHELL: Mapping[str, str] = dict(os.environ)


def downloads() -> dict[str, str]:
    """Return the variables of the shell that a build needs to download packages."""
    return {name: value for name, value in _SHELL.items() if _DOWNLOADS.fullmatch(name) and name != "AWS_CA_BUNDLE"}


def keep_local(environment: MutableMapping[str, str]) -> None:
    """Remove every variable that neither the machine needs nor a command documents."""
    for name in list(environment):
        if name not in MACHINE | DOCUMENTED and not name.startswith("LC_"):
            del environment[name]
