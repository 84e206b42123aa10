"""Whether AWS can be reached over IPv6: asked by a deploy with Network=ipv6, before anything goes live."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from orchestrator.aws.clients import client

#: Seconds to reach one host.
PATIENCE = 2.0
#: Services whose host names have IPv6 addresses when botocore uses dual-stack endpoints.
SERVICES = ("sqs", "secretsmanager", "appconfigdata")

Connect = Callable[[str], None]


class NoWayOut(Exception):
    """A service that functions need cannot be reached over IPv6."""

    FIT_FOR_LOGS = True


def endpoints(websocket_endpoint: str) -> list[str]:
    """Return the host names that functions call."""
    urls = [client(service).meta.endpoint_url for service in SERVICES]
    return [str(urlsplit(url).hostname) for url in (*urls, websocket_endpoint)]


def connect(host: str) -> None:
    """Open and close a connection to the host's port 443 over IPv6. Raise OSError where that fails."""
    failure: OSError = OSError("no IPv6 address")
    with suppress(socket.gaierror):
        for family, kind, protocol, _, address in socket.getaddrinfo(host, 443, socket.AF_INET6, socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as opened:
                opened.settimeout(PATIENCE)
                try:
                    opened.connect(address)
                except OSError as error:
                    failure = error
                else:
                    return
    raise failure


def probe(hosts: Iterable[str], reach: Connect = connect) -> None:
    """Raise NoWayOut with every host that cannot be reached, and the setting to deploy instead."""
    unreached = []
    for host in hosts:
        try:
            reach(host)
        except OSError as error:
            unreached.append(f"{host} ({error})")
    if unreached:
        raise NoWayOut(f"Network=ipv6 does not reach {', '.join(unreached)}: deploy with Network=nat instead")
