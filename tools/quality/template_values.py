"""The resources of the templates with given parameters: conditions evaluated as CloudFormation does."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.local_stack import templates
from tools.virtualenvs import ROOT

#: A value that only AWS knows, such as an ARN: anything but empty.
UNKNOWN = "known to AWS"


class Template:
    """One template with the values of its parameters."""

    def __init__(self, content: Mapping[str, Any], values: Mapping[str, str]) -> None:
        self.content = content
        defaults = {name: str(one.get("Default", "")) for name, one in content.get("Parameters", {}).items()}
        self.values = {**defaults, **values}

    def resources(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Name and definition of each resource whose condition is true."""
        for name, one in self.content["Resources"].items():
            if "Condition" not in one or self.matches(one["Condition"]):
                yield name, one

    def matches(self, condition: str) -> bool:
        return self._test(self.content["Conditions"][condition])

    def value(self, given: Any) -> str:
        """Return a property as text; UNKNOWN where AWS makes it."""
        match given:
            case {"Ref": str(name)}:
                return self.values.get(name, UNKNOWN)
            case {"Fn::If": [condition, chosen, otherwise]}:
                return self.value(chosen if self.matches(condition) else otherwise)
            case {"Fn::Join": [separator, list(parts)]}:
                return str(separator).join(map(self.value, parts))
            case {"Fn::Join": [_, part]}:
                return self.value(part)
            case dict() | list():
                return UNKNOWN
            case _:
                return str(given)

    def _test(self, rule: Any) -> bool:
        (name, given), *_ = rule.items()
        match name:
            case "Fn::Equals":
                return self.value(given[0]) == self.value(given[1])
            case "Fn::And":
                return all(map(self._test, given))
            case "Fn::Or":
                return any(map(self._test, given))
            case "Fn::Not":
                return not self._test(given[0])
            case "Condition":
                return self.matches(given)
        raise ValueError(f"{name} is no condition that is known here")


def deployed(top: Path, values: Mapping[str, str]) -> list[Template]:
    """Return the template and those nested in it that are deployed with these values."""
    template = Template(templates.read(top), values)
    found = [template]
    for _, one in template.resources():
        if one["Type"] == "AWS::CloudFormation::Stack":
            given = {name: template.value(each) for name, each in one["Properties"].get("Parameters", {}).items()}
            found += deployed(top.parent / one["Properties"]["TemplateURL"], given)
    return found


def overrides(environment: str) -> dict[str, str]:
    """Return the parameters that samconfig.toml gives an environment; none for `default`."""
    samconfig = tomllib.loads((ROOT / "samconfig.toml").read_text())
    given = samconfig[environment]["deploy"]["parameters"].get("parameter_overrides", [])
    return dict(one.split("=", 1) for one in given)
