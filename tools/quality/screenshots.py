"""`make screenshots`: the pictures of README.md, from the pages of the running local stack."""

from __future__ import annotations

import os
import subprocess

from tools.local_stack.stack_config import Layout
from tools.progress import say
from tools.virtualenvs import ROOT

IMAGES = ROOT / "docs" / "images"


def take() -> int:
    """Write docs/images/families.png and docs/images/operators.png. Raise Refused without a running stack."""
    from tests.browser import tools

    layout = Layout.from_environment()
    layout.read_stack()
    tools.packages(tools.BROWSER)
    environment = {
        **os.environ,
        "CHROMIUM": tools.chromium(),
        "STACK_FILE": str(layout.stack_file),
        "SCREENSHOTS": str(IMAGES),
    }
    subprocess.run([tools.node(), "--test", "screenshots.test.js"], cwd=tools.BROWSER, env=environment, check=True)
    say(f"  wrote {IMAGES.relative_to(ROOT)}/families.png and operators.png")
    return 0
