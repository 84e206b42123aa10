"""CloudFormation's YAML, read as the JSON form it stands for: `!Ref X` becomes {"Ref": "X"}."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short intrinsic functions; dates stay text."""


def _intrinsic(
    loader: _Loader, suffix: str, node: yaml.ScalarNode | yaml.SequenceNode | yaml.MappingNode
) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    return {name: value}


_Loader.add_multi_constructor("!", _intrinsic)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> dict[str, Any]:
    template: dict[str, Any] = _Loader(path.read_text()).get_single_data()
    return template


def family(top: Path) -> dict[str, dict[str, Any]]:
    """Return a template and those nested in it, by path relative to the folder of `top`."""
    found = {top.name: read(top)}
    for resource in found[top.name]["Resources"].values():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            nested = Path(resource["Properties"]["TemplateURL"])
            inner = family(top.parent / nested)
            found |= {str(nested.parent / name): template for name, template in inner.items()}
    return found


def configuration(values: object) -> str:
    """Return the hash of the parameters' values that the template has, so that new values are published."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]
