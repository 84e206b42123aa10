"""Run by the emulator's interpreter with nothing on its path but the built layers, its arguments: all that functions
import, the data they read, and a client of every service they call.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

#: Modules of an extra that the layers do not have.
OF_EXTRAS = {"orchestrator.llm.pydantic_ai"}


def import_project() -> None:
    for package in map(importlib.import_module, ("orchestrator", "playmate")):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError:
                if module.name not in OF_EXTRAS:
                    raise


def use_theirs(services: list[str]) -> None:
    """Packages that are imported or read only when they are used."""
    import argon2
    from aws_lambda_powertools.utilities.feature_flags import SchemaValidator
    from opentelemetry.sdk.trace import TracerProvider

    from orchestrator.aws.clients import client

    for service in services:
        client(service, "http://127.0.0.1:1")
    SchemaValidator(schema={"flag": {"default": True}}).validate()
    argon2.PasswordHasher().hash("word")
    TracerProvider(shutdown_on_exit=False).get_tracer("any").start_span("any").end()


def report_imports() -> None:
    from playmate.domain.coordinates import Point
    from playmate.sources.geography import days_off, zone_at

    for latitude, longitude, zone, holiday in (
        (48.8566, 2.3522, "Europe/Paris", "Labor Day"),
        (35.6762, 139.6503, "Asia/Tokyo", "Coming of Age Day"),
        (-33.8688, 151.2093, "Australia/Sydney", "Australia Day"),
    ):
        found = zone_at(Point(latitude, longitude))
        assert found.key == zone, found
        named = set(days_off(found, (2026,)).holidays.values())
        assert holiday in named, named


if __name__ == "__main__":
    sys.path[:0] = sys.argv[1:3]
    import_project()
    use_theirs(sys.argv[3:])
    report_imports()
    files = [getattr(each, "__file__", None) or "" for each in sys.modules.values()]
    assert [file for file in files if "-packages" in file] == []
