"""`make docs`: the site of docs/, built strictly in an environment of its own into .local/site."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tools.progress import Refused, say, step
from tools.virtualenvs import HOME, ROOT, ensure, python

CONFIGURATION = ROOT / "tools" / "quality" / "mkdocs.yml"
SITE = HOME / "site"
#: Resources that a browser fetches by itself: a page must take none from another host.
_FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//"""
    r"""|<link\b[^>]*\brel=["']?(?:stylesheet|preconnect|preload)\b[^>]*\bhref=["']?(?:https?:)?//"""
    r"""|@import\s+["']?(?:url\(["']?)?(?:https?:)?//""",
    re.IGNORECASE,
)


def build() -> int:
    """Build the site; a broken link or a resource of another host fails the build."""
    ensure(["docs"])
    with step("docs"):
        _mkdocs("build", "--strict", "--quiet", "--site-dir", str(SITE))
    foreign = [str(path.relative_to(SITE)) for path in sorted(SITE.rglob("*")) if fetches_from_elsewhere(path)]
    if foreign:
        raise Refused("These files of the site fetch from other hosts:\n" + "\n".join(foreign))
    say(f"  {SITE / 'index.html'}")
    return 0


def fetches_from_elsewhere(path: Path) -> bool:
    """Return whether a file of the site makes a browser ask another host."""
    if path.suffix not in (".html", ".css") or not path.is_file():
        return False
    return bool(_FETCHED.search(path.read_text(encoding="utf-8")))


def _mkdocs(*arguments: str) -> None:
    command = [str(python("docs")), "-m", "mkdocs", *arguments, "--config-file", str(CONFIGURATION)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    finished = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    if finished.returncode:
        raise Refused(f"{finished.stdout}{finished.stderr}")
