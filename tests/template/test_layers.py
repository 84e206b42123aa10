"""The layer leaves out nothing that the code needs."""

from __future__ import annotations

import re

from tests.template.test_permissions import ACTIONS
from tools.virtualenvs import ROOT


def test_the_layer_keeps_the_services_that_are_called() -> None:
    makefile = (ROOT / "layers/dependencies/Makefile").read_text()
    kept = re.search(r"^AWS_SERVICES = (.*)$", makefile, re.MULTILINE)
    assert kept is not None
    called = {service for service, _ in ACTIONS}
    assert set(kept.group(1).split()) == called
