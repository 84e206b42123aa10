"""The house's habits: names, sizes, folders and generated files."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.quality import requirements
from tools.quality.checks import ALONE
from tools.virtualenvs import ROOT

CODE = ("shared", "functions", "clients", "tools")
EVERYWHERE = (*CODE, "tests")

#: Names that say nothing about the content.
DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "base", "manager", "managers", "core", "stuff"}

LONGEST_FILE = 300
LONGEST_FUNCTION = 60
LONGEST_CLASS = 250
LONGEST_ENTRY = 40
MOST_MODULES = 14
MEDIAN_FUNCTION = 10

#: Calls whose answer is another one in another process.
CHANGING = {"uuid4", "uuid7", "time", "monotonic", "now", "today", "random", "randint", "token_hex", "token_urlsafe"}

#: Plays a handler that hangs; nobody waits for it by sleeping.
HANGS = ("tests/support/agents/test_effect.py", "tests/support/oddities.py")
#: A call that waits; not a handler's `ctx.sleep`, which ends its attempt.
WAITS = re.compile(r"(?<!ctx\.)(?<!self\.waits\.)(?<!def )\bsleep\(")
#: A measurement of latency paces its tasks and polls as a user of each queue does.
MEASURES = ("tools/bench/compare.py", "tools/bench/peers/")

#: A statement, not a sentence that begins with one of its keywords.
SQL = re.compile(
    r"^\s*((?-i:SELECT|INSERT|UPDATE|DELETE)\s|select\b.*(\bfrom\s|\()|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s"
    r"|with\s+\w+\s+as\s*\(|(create|alter|drop)\s+(table|role|index|function|schema|policy|database)\s"
    r"|(grant|revoke)\s.*\son\s|truncate\s+\w+$|copy\s.*\s(from|to)\s)",
    re.IGNORECASE | re.DOTALL,
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if "node_modules" not in path.parts]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(*folders: str) -> Iterator[tuple[str, Function]]:
    for path in python_files(*folders):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                yield f"{shown(path)}:{node.lineno} {node.name}", node


def length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def own_length(node: Function) -> int:
    """Without the functions inside it: a maker of routes counts without its inner functions."""
    inside = [one for one in ast.walk(node) if isinstance(one, Function) and one is not node]
    outermost = [one for one in inside if not any(one in ast.walk(other) for other in inside if other is not one)]
    return length(node) - sum(length(one) for one in outermost)


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return listed.stdout.splitlines()


def test_files_are_short() -> None:
    long = {shown(path): len(path.read_text().splitlines()) for path in python_files(*EVERYWHERE)}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    long = {where: own_length(node) for where, node in functions(*EVERYWHERE)}
    assert {where: lines for where, lines in long.items() if lines > LONGEST_FUNCTION} == {}


def test_most_functions_are_very_short() -> None:
    lengths = [own_length(node) for _, node in functions("shared")]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION


def test_classes_are_short() -> None:
    long = [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path in python_files(*EVERYWHERE)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and length(node) > LONGEST_CLASS
    ]
    assert long == []


def test_names_describe_the_content() -> None:
    drawers = [
        shown(path)
        for path in python_files(*EVERYWHERE)
        for part in path.relative_to(ROOT).with_suffix("").parts
        if part in DRAWERS
    ]
    assert drawers == []


def test_no_folder_has_many_modules() -> None:
    """`store` has a module for each subject; every other folder stays small enough to be read at a glance."""
    counted = Counter(
        shown(path.parent) for path in python_files(*CODE) if path.name not in ("__init__.py", "__main__.py")
    )
    many = {folder: count for folder, count in counted.items() if count > MOST_MODULES}
    assert set(many) <= {"shared/orchestrator/store"}


def test_a_function_folder_contains_only_its_entry_point() -> None:
    entries = sorted((ROOT / "functions").glob("*/*"))
    kept = [entry for entry in entries if entry.name != "__pycache__"]
    assert {entry.name for entry in kept} == {"app.py"}
    assert all(re.fullmatch(r"[a-z_]+", entry.parent.name) for entry in kept)


@pytest.mark.parametrize("entry", sorted((ROOT / "functions").glob("*/app.py")), ids=shown)
def test_an_entry_only_translates(entry: Path) -> None:
    assert len(entry.read_text().splitlines()) <= LONGEST_ENTRY


def test_nothing_waits_by_sleeping() -> None:
    sleeping = [shown(path) for path in python_files(*EVERYWHERE) if WAITS.search(_code(path))]
    assert [name for name in sleeping if name not in HANGS and not name.startswith(MEASURES)] == []


def test_no_test_is_left_out() -> None:
    left_out = re.compile(r"pytest\.(skip|xfail)|mark\.(skip|skipif|xfail)")
    assert [shown(path) for path in python_files("tests") if left_out.search(_code(path))] == []


def test_tests_have_the_same_names_every_time() -> None:
    """Workers that run them side by side must agree on the parameters, so none is random or the time of day."""
    changing = [
        f"{shown(path)}:{call.lineno}"
        for path in python_files("tests")
        if not set(path.parts) & set(ALONE)
        for call in _calls_at_import(ast.parse(path.read_text()))
        if ast.unparse(call.func).split(".")[-1] in CHANGING
    ]
    assert changing == []


def test_silenced_checkers_say_why() -> None:
    silent = re.compile(r"#\s*(type: ignore(\[[^\]]*\])?|noqa(: [A-Z0-9, ]+)?)\s*$")
    found = [
        f"{shown(path)}:{number}"
        for path in python_files(*EVERYWHERE)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if silent.search(line)
    ]
    assert found == []


def test_all_code_is_checked_for_types() -> None:
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["files"]
    assert [path for path in tracked() if path.endswith(".py") and not path.startswith(tuple(checked))] == []


def test_sql_stands_in_its_files() -> None:
    """All code that runs in the cloud; the code of the local server has a few statements of its own."""
    mixed = [
        f"{shown(path)}:{line}"
        for path in python_files("shared", "functions", "clients")
        for line, text in _texts(ast.parse(path.read_text()))
        if SQL.search(text)
    ]
    assert mixed == []


@pytest.mark.parametrize(
    "code",
    [
        'run("SELECT 1")',
        'run("select name from guardians")',
        'run(f"SELECT {column} FROM guardians")',
        'run(b"delete from kids")',
        'run("""\n  with x as (select 1) select * from x""")',
        'run("INSERT " "INTO kids VALUES (1)")',
        'run("update kids set name = %s")',
        'run("CREATE TABLE x (y int)")',
    ],
)
def test_sql_is_known_in_every_spelling(code: str) -> None:
    assert any(SQL.search(text) for _, text in _texts(ast.parse(code)))


@pytest.mark.parametrize("name", requirements.FILES)
def test_requirement_files_match_pyproject(name: str, tmp_path: Path) -> None:
    """Generated again over a copy, so that new releases do not count as a difference."""
    fresh = tmp_path / Path(name).name
    fresh.write_bytes((ROOT / name).read_bytes())
    requirements.generate(name, fresh)
    assert fresh.read_text() == (ROOT / name).read_text()


@pytest.mark.parametrize("name", requirements.FILES)
def test_requirement_files_are_hashed_and_name_no_index(name: str) -> None:
    text = (ROOT / name).read_text()
    pins = re.findall(r"^[a-z0-9].*==", text, flags=re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9].*==.*\\\n    --hash=sha256:", text, flags=re.MULTILINE))
    assert "://" not in text


def test_requirements_stand_in_their_folders() -> None:
    files = [path for path in tracked() if re.search(r"requirements.*\.(txt|in)$", path)]
    elsewhere = [path for path in files if path not in requirements.FILES]
    assert elsewhere == []


def test_modules_load_without_environment_or_network() -> None:
    """Every module of the layer can be imported before anything is configured."""
    modules = [
        ".".join(path.relative_to(ROOT / "shared").with_suffix("").parts).removesuffix(".__init__")
        for path in python_files("shared")
    ]
    forbid = "import socket; socket.socket.connect = lambda *_: (_ for _ in ()).throw(OSError('no network'))"
    script = "; ".join([forbid, "import importlib", f"[importlib.import_module(name) for name in {modules!r}]"])
    environment = {"PYTHONPATH": str(ROOT / "shared")}
    loaded = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert loaded.returncode == 0, loaded.stderr


def _code(path: Path) -> str:
    """The file without its string literals, so that rules written as text do not break themselves."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.unparse(tree)


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text of the code by its line, but for what describes it; formatted ones with a word in each gap."""
    named = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    described = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, named) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in described:
            yield node.lineno, node.value if isinstance(node.value, str) else node.value.decode("latin-1")


def _calls_at_import(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls outside of functions' bodies; their decorators run at import."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield node
        if isinstance(node, Function):
            for decorator in node.decorator_list:
                yield from _calls_at_import(ast.Expression(decorator))
        elif not isinstance(node, ast.Lambda):
            yield from _calls_at_import(node)
