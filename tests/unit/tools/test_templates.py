"""CloudFormation's short forms are read as their long forms."""

from __future__ import annotations

from pathlib import Path

from tools.local_stack import templates


def test_short_forms(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("a: !Ref B\nc: !GetAtt D.E.F\ng: !If [H, !Sub '${I}', 2012-10-17]\nj: !Condition K\n")
    assert templates.read(file) == {
        "a": {"Ref": "B"},
        "c": {"Fn::GetAtt": ["D", "E.F"]},
        "g": {"Fn::If": ["H", {"Fn::Sub": "${I}"}, "2012-10-17"]},
        "j": {"Condition": "K"},
    }
