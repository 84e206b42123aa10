"""No key, token or password of anybody's is in the repository."""

from __future__ import annotations

import re
import subprocess

import pytest

from tools.virtualenvs import ROOT

#: The forms of keys, by their issuer; none is written here as it would be found.
SHAPES = {
    "AWS access key": r"\b(AKIA|ASIA)[0-9A-Z]{16}\b",
    "AWS secret key": r"(?i)aws_?secret_?(access_?)?key\W{1,6}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])",
    "private key": r"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\s*[A-Za-z0-9+/=]{40}",
    "token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{20,}",
    "GitHub": r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,})\b",
    "Slack": r"\bxox[abeprs]-[A-Za-z0-9-]{20,}",
    "Google": r"\bAIza[\w-]{35}\b",
    "model provider": r"\bsk-(ant-|proj-)?[\w-]{32,}\b",
    "package index": r"\b(npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,})\b",
    "address with a password": r"\b[a-z]+://[\w.-]+:(?!\{)[^\s:@/{}%$<>\"']{6,}@(?!127\.0\.0\.1|localhost)",
}


def found_in(text: str) -> list[str]:
    return [name for name, shape in SHAPES.items() if re.search(shape, text)]


def test_no_file_contains_a_key() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    names = [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    assert len(names) > 300
    texts = {name: (ROOT / name).read_bytes().decode("latin-1") for name in names}
    assert {name: found_in(text) for name, text in texts.items() if found_in(text)} == {}


@pytest.mark.parametrize(
    "key",
    [
        "AKIA" + "Q7" * 8,
        "aws_secret_access_key = " + "aB3/" * 10,
        "-----BEGIN RSA " + "PRIVATE KEY-----\n" + "MIIE" * 12,
        "eyJhbGciOiJI." + "eyJzdWIiOiIx." + "c2lnbmF0dXJl" * 3,
        "ghp_" + "a1B2" * 9,
        "postgresql://api:" + "hunter22@db.example/x",
    ],
    ids=lambda key: key[:12],
)
def test_a_key_would_be_found(key: str) -> None:
    assert found_in(f"x = '{key}'")
