"""CloudFront before the API: only it says where a request is from, and with a web ACL every other request is refused.

CloudFront adds two headers: a secret that only it and we know, and the viewer's address. CloudFront replaces
what a viewer sends under these names.
"""

from __future__ import annotations

import hmac
import ipaddress
from typing import TYPE_CHECKING

from orchestrator.model.errors import Forbidden

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

    from orchestrator.aws.secrets import Secrets

PROOF = "x-origin-secret"
VIEWER = "x-viewer-address"
#: Bits of an IPv6 address that name the network: a household has the rest for itself.
NETWORK_BITS = 64


class OriginCheck:
    def __init__(self, secrets: Secrets, arn: str, *, required: bool = True) -> None:
        self._secrets = secrets
        self._arn = arn
        self._required = required

    def admit(self, event: BaseProxyEvent) -> None:
        """Put the viewer's address into an event that CloudFront has passed on.

        Raise Forbidden for every other event where CloudFront is required.
        """
        given = event.headers.get(PROOF, "").encode()
        if not given and not self._required:
            return
        expected = str(self._secrets.get_json(self._arn)["secret"]).encode()
        if not hmac.compare_digest(given, expected):
            if self._required:
                raise Forbidden("Please come in by the public address.")
            return
        viewer = network_of(event.headers.get(VIEWER, ""))
        if viewer is not None:
            event["requestContext"]["http"]["sourceIp"] = viewer


def network_of(address: str) -> str | None:
    """Return an IPv4 address, or the network of an IPv6 one; None for any other text."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, NETWORK_BITS), strict=False).network_address)
