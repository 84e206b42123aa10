"""What is deployed fits Lambda and starts without compiling."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.build import BUILT
from tests.stack import Stack

#: Bytes of a function's code and layers together, unpacked: AWS's quota.
QUOTA = 250 * 1024 * 1024

#: PEP 552: bit 0 says checked by hash instead of time, bit 1 that the source is looked at.
UNCHECKED_HASH = 1


@pytest.mark.usefixtures("stack")
def test_layers_fit() -> None:
    files = [path for path in BUILT.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < QUOTA


def compiled(source: Path) -> list[Path]:
    return list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"))


@pytest.mark.parametrize("layer", ["DependenciesLayer", "SharedLayer"])
def test_every_module_is_compiled_and_never_stale(stack: Stack, layer: str) -> None:
    sources = list((BUILT / layer).rglob("*.py"))
    assert sources
    assert [str(source) for source in sources if not compiled(source)] == []
    flags = {int.from_bytes(one.read_bytes()[4:8], "little") for source in sources for one in compiled(source)}
    assert flags == {UNCHECKED_HASH}
