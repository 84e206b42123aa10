"""The package of an application, and the modules of it that the engine calls.

agents/         one module for each task type
routes          `ROUTERS`: functions that take `Services` and return a `Router`
store/          optional: `migrations/*.sql`
deployment      optional: `handle_event(database, event)` and `after_migrations(connection)`
worker          optional: `configure(settings)`
openapi.json    the description of its API and the engine's
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from orchestrator.http.app import RouterMaker
    from orchestrator.settings import Settings
    from orchestrator.store.connection import Database


@dataclass(frozen=True, slots=True)
class Application:
    """An application by the name of its package."""

    package: str

    @property
    def agents(self) -> str:
        """Return the name of the package of its agents."""
        return f"{self.package}.agents"

    def routers(self) -> tuple[RouterMaker, ...]:
        return tuple(import_module(f"{self.package}.routes").ROUTERS)

    def import_everything(self) -> tuple[str, ...]:
        """Import every route and agent; return the packages that have a schema. Raise ImportError."""
        from orchestrator.engine.agents import Agents

        import_module("orchestrator.http.routes")
        self.routers()
        Agents(self.agents).types()
        store = self._optional("store")
        return ("orchestrator.store", store.__name__) if store else ("orchestrator.store",)

    def handle_event(self, database: Database, event: Mapping[str, object]) -> Mapping[str, object] | None:
        """Return the application's answer to an event of the migrate function; None where the engine handles it."""
        deployment = self._optional("deployment")
        return deployment.handle_event(database, event) if deployment else None

    def load_data(self, database: Database) -> Mapping[str, object]:
        """Load the data that comes with a version, in one transaction; return the application's report."""
        deployment = self._optional("deployment")
        return database.run(deployment.after_migrations) if deployment else {}

    def declare_schedules(self, database: Database) -> int:
        """Bring the system's schedules in line with the agents; return their number."""
        from orchestrator.engine import schedules
        from orchestrator.engine.agents import Agents

        return database.run(schedules.declare, Agents(self.agents))

    def configure_worker(self, settings: Settings) -> None:
        worker = self._optional("worker")
        if worker is not None:
            worker.configure(settings)

    def _optional(self, name: str) -> ModuleType | None:
        module = f"{self.package}.{name}"
        return import_module(module) if find_spec(module) is not None else None
