"""The packages fit Lambda and start without compiling."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.stack import Stack
from tools.local_stack.build import BUILT
from tools.virtualenvs import python

#: Bytes of a function's code and layers together, unpacked: AWS's quota.
QUOTA = 250 * 1024 * 1024
#: Our share of it: the layer of a collector must fit in too.
LIMIT = 150 * 1024 * 1024

#: PEP 552: bit 0 means checked by hash instead of time, bit 1 that the source is checked.
UNCHECKED_HASH = 1


@pytest.mark.usefixtures("stack")
def test_layers_fit() -> None:
    files = [path for path in BUILT.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < LIMIT < QUOTA


def compiled(source: Path) -> list[Path]:
    return list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"))


@pytest.mark.parametrize("layer", ["DependenciesLayer", "SharedLayer"])
def test_every_module_is_compiled_and_never_stale(stack: Stack, layer: str) -> None:
    sources = list((BUILT / layer).rglob("*.py"))
    assert sources
    assert [str(source) for source in sources if not compiled(source)] == []
    flags = {int.from_bytes(one.read_bytes()[4:8], "little") for source in sources for one in compiled(source)}
    assert flags == {UNCHECKED_HASH}


@pytest.mark.usefixtures("stack")
def test_the_layers_alone_are_enough() -> None:
    """No code needs the files that are left out to keep them small."""
    layers = [str(BUILT / layer / "python") for layer in ("DependenciesLayer", "SharedLayer")]
    services = sorted(path.name for path in Path(layers[0], "botocore", "data").iterdir() if path.is_dir())
    program = Path(__file__).with_name("imported_packages.py")
    asked = subprocess.run(
        [python("ms"), "-I", "-S", "-W", "error", program, *layers, *services],
        capture_output=True,
        text=True,
        env={"AWS_DEFAULT_REGION": "us-east-1"},
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
