"""`sam local invoke` of one function with one event, against the stack that is up; needs Docker.

The stack listens on 127.0.0.1, which a container cannot reach. Where Docker has a bridge on this machine its ports
are lent to that bridge while the function runs; Docker Desktop does the same by itself.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import shlex
import subprocess
from contextlib import AsyncExitStack
from pathlib import Path

from tools.local_stack.build import BUILT, architecture, runtime, sam_environment
from tools.local_stack.deploy import parameters
from tools.local_stack.stack_config import AWS_KEYS, Layout
from tools.progress import Refused, say
from tools.virtualenvs import ROOT, python

#: Docker Desktop's name for this machine.
DESKTOP = "host.docker.internal"

#: Variables of `sam local invoke` that others may add, such as --skip-pull-image.
MORE = "SAM_ARGS"


def invoke() -> int:
    """FUNCTION is a logical id of the template, EVENT a file."""
    function, event = os.environ.get("FUNCTION", ""), os.environ.get("EVENT", "")
    if not (function and event):
        raise Refused("Say which: make invoke FUNCTION=ApiFunction EVENT=events/api/health.json")
    layout = Layout.from_environment()
    layout.read_stack()
    return asyncio.run(_invoke(layout, function, ROOT / event))


def env_file(layout: Layout) -> Path:
    """Return the deployed functions' variables, in the form `sam local` reads."""
    return layout.state / "env.json"


async def _invoke(layout: Layout, function: str, event: Path) -> int:
    async with AsyncExitStack() as lent:
        host = _bridge()
        try:
            for port in (layout.aws_port, layout.database_port):
                await lent.enter_async_context(await _lend(host, port))
        except OSError:
            host = DESKTOP
        variables = _variables_for(layout, host)
        command = [
            *(str(python("sam").with_name("sam")), "local", "invoke", function, "--event", str(event)),
            *("--template", str(BUILT / "template.yaml"), "--env-vars", str(variables)),
            *shlex.split(os.environ.get(MORE, "")),
            *("--parameter-overrides", *_overrides(layout)),
        ]
        say(shlex.join(command))
        environment = {**sam_environment(), **AWS_KEYS}
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
        return await process.wait()


def _bridge() -> str:
    """Return this machine's address on Docker's default network."""
    asked = subprocess.run(["docker", "network", "inspect", "bridge"], check=False, capture_output=True, text=True)
    if asked.returncode:
        raise Refused(f"Docker is needed for this, and does not answer:\n{asked.stderr.strip()}")
    network = json.loads(asked.stdout)[0]["IPAM"]["Config"][0]
    return str(network.get("Gateway") or next(ipaddress.ip_network(network["Subnet"]).hosts()))


async def _lend(host: str, port: int) -> asyncio.Server:
    """Listen on `host` and pass everything on to the same port of 127.0.0.1."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))

    return await asyncio.start_server(pass_on, host, port)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(65536):
            sink.write(chunk)
            await sink.drain()
    except ConnectionError:
        pass  # one side has gone; closing ends the other
    finally:
        sink.close()


def _variables_for(layout: Layout, host: str) -> Path:
    """Return the deployed variables, as a container on `host`'s network must read them."""
    deployed: dict[str, dict[str, str]] = json.loads(env_file(layout).read_text())
    outside = {
        function: {
            **{name: _seen_from_outside(value, host) for name, value in variables.items()},
            "DATABASE_HOST": host,
        }
        for function, variables in deployed.items()
    }
    file = layout.state / "invoke-env.json"
    file.write_text(json.dumps(outside, indent=2) + "\n")
    return file


def _seen_from_outside(value: str, host: str) -> str:
    return value.replace("127.0.0.1", host).replace("localhost", host)


def _overrides(layout: Layout) -> list[str]:
    """Return the parameters that decide the conditions and the image; variables come from the file."""
    values = parameters(layout, runtime(), architecture())
    return [f"{key}={values[key]}" for key in ("Target", "Environment", "Runtime", "Architecture")]
