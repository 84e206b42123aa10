"""CloudFormation's custom resources: do the work, then say how it went; a failure stops the deploy.

Imports nothing but the standard library, so that it can answer where nothing else can be imported.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.request import Request, urlopen

#: Seconds CloudFormation's bucket may take for the answer.
PATIENCE = 10
#: Characters of a failure's reason that CloudFormation shows.
LONGEST_REASON = 500


def is_custom_resource(event: Mapping[str, Any]) -> bool:
    return "ResponseURL" in event and "RequestType" in event


def respond(event: Mapping[str, Any], work: Callable[[Mapping[str, Any]], object]) -> None:
    """Runs `work` with the resource's properties, unless the resource is being deleted, and answers CloudFormation."""
    status, reason = "SUCCESS", ""
    if event["RequestType"] != "Delete":
        try:
            work(event["ResourceProperties"])
        except Exception as error:
            _log(error)
            first, _, _ = str(error).partition("\n")  # Postgres quotes rows in those that follow
            status, reason = "FAILED", f"{type(error).__name__}: {first}"[:LONGEST_REASON]
    answer = {
        "Status": status,
        "Reason": reason or "done",
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    body = json.dumps(answer).encode()
    request = Request(event["ResponseURL"], body, {"Content-Type": ""}, method="PUT")  # noqa: S310 - CloudFormation names it, and its scheme
    with urlopen(request, timeout=PATIENCE):  # noqa: S310 - as above
        pass


def _log(error: Exception) -> None:
    with suppress(Exception):  # one of these imports may have failed
        from orchestrator.observability import logger
        from orchestrator.observability.error_summary import fingerprint

        logger.exception("custom resource failed", fingerprint=fingerprint(error))
