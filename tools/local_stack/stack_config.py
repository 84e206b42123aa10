"""The folder and the ports of a local stack; everything else follows from them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.progress import Refused
from tools.virtualenvs import HOME, ROOT

PORT_BASE = 8800
#: The folder of the application's package, unless APPLICATION names another.
APPLICATION = ROOT / "shared" / "playmate"
REGION = "us-east-1"
STACK_NAME = "agent-orchestrator-local"

#: Any key will do locally, as long as MiniStack does not take it for an account number of its own.
AWS_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


#: Entries of stack.json that the commands read.
NEEDED = {"api_url", "web_url", "database_url", "users"}


@dataclass(frozen=True, slots=True)
class Layout:
    """One local stack: two of them with different state folders and ports can stand side by side."""

    state: Path
    port_base: int
    #: The folder of the package that the functions serve.
    application: Path = APPLICATION

    @classmethod
    def from_environment(cls) -> Layout:
        raw = os.environ.get("PORT_BASE", str(PORT_BASE))
        if not (raw.isascii() and raw.isdigit()) or not 1024 <= int(raw) <= 65000:
            raise Refused(f"PORT_BASE must be a number from 1024 to 65000, not {raw!r}.")
        application = ROOT / (os.environ.get("APPLICATION") or APPLICATION)
        if not (application / "routes").is_dir():
            raise Refused(f"APPLICATION must be the folder of a package with agents and routes, not {application}.")
        return cls(Path(os.environ.get("LOCAL_STATE", HOME)).resolve(), int(raw), application)

    @property
    def web_port(self) -> int:
        return self.port_base

    @property
    def aws_port(self) -> int:
        return self.port_base + 1

    @property
    def database_port(self) -> int:
        return self.port_base + 2

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.web_port}/ws"

    @property
    def aws_url(self) -> str:
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def database(self) -> dict[str, Any]:
        """Return the login of the tables' owner, as in the template's secret; the server is local."""
        return {
            "username": "orchestrator",
            "password": "local",
            "host": "127.0.0.1",
            "port": self.database_port,
            "dbname": "orchestrator",
        }

    @property
    def database_url(self) -> str:
        return "postgresql://{username}:{password}@{host}:{port}/{dbname}".format_map(self.database)

    @property
    def origins(self) -> list[str]:
        return [f"http://{host}:{self.web_port}" for host in ("127.0.0.1", "localhost")]

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def stack_file(self) -> Path:
        return self.state / "stack.json"

    def read_stack(self) -> dict[str, Any]:
        if not self.stack_file.exists():
            raise Refused("No local stack is up. Start it: make up")
        try:
            stack: dict[str, Any] = json.loads(self.stack_file.read_text())
            if not stack.keys() >= NEEDED:
                raise ValueError("an entry is missing")
        except (OSError, ValueError, AttributeError) as error:
            raise Refused(f"{self.stack_file} is broken ({error}). Write it anew: make up") from error
        return stack


__all__ = ["AWS_KEYS", "REGION", "ROOT", "STACK_NAME", "Layout"]
