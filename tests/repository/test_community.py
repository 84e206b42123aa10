"""Licence, notices, workflows and the version number."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.virtualenvs import ROOT

WORKFLOWS = sorted((ROOT / ".github").rglob("*.yml"))


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def test_the_licence_is_apache() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert project()["license"] == "Apache-2.0"
    assert json.loads((ROOT / "clients/javascript/package.json").read_text())["license"] == "Apache-2.0"


def test_every_package_of_a_deployment_is_in_the_notice() -> None:
    notice = (ROOT / "NOTICE").read_text()
    pins = re.findall(
        r"^([a-z0-9][\w.-]*)==", (ROOT / "layers/dependencies/requirements.txt").read_text(), re.MULTILINE
    )
    assert len(pins) > 20
    assert [name for name in pins if not re.search(rf"^{re.escape(name)}\s", notice, re.MULTILINE)] == []


def test_every_file_of_others_is_in_the_notice() -> None:
    notice = (ROOT / "NOTICE").read_text()
    named = (
        "Preact",
        "htm",
        "Natural Earth",
        "GeoNames",
        "Bricolage",
        "Atkinson",
        "OpenStreetMap",
        "pmtiles",
    )
    assert [name for name in named if name not in notice] == []
    fonts = {path.stem for path in (ROOT / "web/shared/fonts").glob("*.LICENSE")}
    files = {path.stem.removesuffix("-ext") for path in (ROOT / "web/shared/fonts").glob("*.woff2")}
    assert files == fonts


def test_the_notice_names_files_that_exist() -> None:
    notice = (ROOT / "NOTICE").read_text()
    named = re.findall(r"^((?:web|shared|clients)/\S+)", notice, re.MULTILINE)
    assert len(named) > 5
    assert [name for name in named if not list(ROOT.glob(name))] == []


def test_the_notice_names_every_file_of_npm_packages_and_data() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*package.json", "web/families/data", "requirements/*.txt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    notice = (ROOT / "NOTICE").read_text()
    names = re.findall(r"[\w./*-]+/[\w./*-]*", notice)
    files = listed.stdout.splitlines()
    assert len(files) > 8
    assert [file for file in files if not any(fnmatch(file, f"{name}*") for name in names)] == []


def test_there_is_one_version() -> None:
    version = project()["version"]
    package = json.loads((ROOT / "clients/javascript/package.json").read_text())
    lock = json.loads((ROOT / "clients/javascript/package-lock.json").read_text())
    document = json.loads((ROOT / "shared/playmate/openapi.json").read_text())
    assert {package["version"], lock["version"], lock["packages"][""]["version"]} == {version}
    assert document["info"]["version"] == version


def test_the_changelog_begins_with_the_unreleased_changes() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", heading) for heading in headings[1:])


@pytest.mark.parametrize("path", [*WORKFLOWS, ROOT / ".pre-commit-config.yaml"], ids=lambda path: path.name)
def test_configurations_are_valid_yaml(path: Path) -> None:
    assert yaml.safe_load(path.read_text())


def test_ci_runs_the_script_of_the_repository() -> None:
    for name in ("ci.yml", "release.yml"):
        jobs = yaml.safe_load((ROOT / ".github/workflows" / name).read_text())["jobs"]
        assert any(step.get("run") == ".ci/run" for job in jobs.values() for step in job["steps"])


def test_hooks_are_local_and_their_tools_exist() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    pinned = (ROOT / "requirements/dev.txt").read_text()
    tools = {hook["entry"].split()[0].rsplit("/", maxsplit=1)[-1] for hook in repository["hooks"]}
    packages = {"lint-imports": "import-linter", "python": "pytest"}
    assert [tool for tool in tools if f"{packages.get(tool, tool)}==" not in pinned] == []


def test_dependency_updates_cover_every_package_file() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    folders = {folder for one in updates for folder in one.get("directories", [one.get("directory")])}
    listed = subprocess.run(["git", "ls-files", "*package.json"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {f"/{Path(name).parent}" for name in listed.stdout.splitlines()} - folders == set()


def test_code_owners_name_existing_paths_and_no_invented_account() -> None:
    lines = (ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8").splitlines()
    entries = [line.split() for line in lines if line and not line.startswith("#")]
    assert len(entries) > 5
    assert [path for path, *_ in entries if not (ROOT / path.removeprefix("/")).exists()] == []
    assert [owners for _, *owners in entries if owners] == []
