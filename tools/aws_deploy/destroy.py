"""`make destroy ENV=staging`: remove the stacks of `make aws`, keep a snapshot of the database, and list the rest."""

from __future__ import annotations

import os
import time
from typing import Any

from botocore.exceptions import ClientError

from tools.aws_deploy import pages, stacks
from tools.aws_deploy.environment import Clients, Environment, clients, named_failures, region_of_caller
from tools.progress import Refused, say, step

#: The stack in which SAM keeps its bucket of artifacts.
SAM_STACK = "aws-sam-cli-managed-default"


@named_failures()
def destroy() -> int:
    """Remove the environment that ENV names, once its stack's name was typed or given as CONFIRM."""
    environment = Environment.read(os.environ.get("ENV") or "staging", region_of_caller())
    make = clients(environment.region)
    confirm(environment, os.environ.get("CONFIRM", ""))
    say(remove(environment, make, time.strftime("%Y%m%d%H%M%S", time.gmtime())))
    return 0


def confirm(environment: Environment, given: str) -> None:
    """Raise Refused unless the caller has named the stack."""
    if not given:
        given = input(f"This deletes {environment.stack} in {environment.region}. Type its name: ")
    if given.strip() != environment.stack:
        raise Refused(f"{given!r} is not {environment.stack}: nothing was deleted")


def remove(environment: Environment, make: Clients, stamp: str) -> str:
    """Delete everything, in the order in which it can be; return the resources that stay."""
    cloudformation, s3 = make("cloudformation"), make("s3")
    known = resources(cloudformation, environment.stack)
    if bucket := stacks_output(cloudformation, environment.stack, "PagesBucket"):
        with step("pages"):
            pages.empty(s3, bucket)
    if "FlagsApplication" in known:
        with step("flag documents"):
            delete_flag_versions(make("appconfig"), known["FlagsApplication"], known["FlagsProfile"].split("|")[-1])
    if known:
        with step(f"stack {environment.stack}"):
            stacks.delete(cloudformation, environment.stack)
    snapshot = _database(environment, make, known.get("Database", ""), stamp)
    sent = _artifacts(cloudformation, s3, environment.prefix)
    stays = [f"  {sent} artifacts of earlier deploys were deleted; SAM's own bucket stays."]
    if snapshot:
        stays.append(f"  The snapshot {snapshot} stays, at $0.095 a GB and month, until you delete it:")
        stays.append(f"    aws rds delete-db-snapshot --db-snapshot-identifier {snapshot}")
    return "\n".join([f"{environment.stack} is gone.", *stays])


def resources(cloudformation: Any, stack: str) -> dict[str, str]:
    """Return the physical ids of a stack's resources by logical id; empty where there is no stack."""
    if stacks.describe(cloudformation, stack) is None:
        return {}
    found = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        one["LogicalResourceId"]: one.get("PhysicalResourceId", "")
        for page in found
        for one in page["StackResourceSummaries"]
    }


def stacks_output(cloudformation: Any, stack: str, name: str) -> str:
    found = stacks.describe(cloudformation, stack)
    return stacks.outputs(cloudformation, stack).get(name, "") if found else ""


def delete_flag_versions(appconfig: Any, application: str, profile: str) -> None:
    """Delete the documents that operators made: AppConfig deletes no profile that has any."""
    where = {"ApplicationId": application, "ConfigurationProfileId": profile}
    while found := appconfig.list_hosted_configuration_versions(**where, MaxResults=50)["Items"]:
        for one in found:
            appconfig.delete_hosted_configuration_version(**where, VersionNumber=one["VersionNumber"])


def _database(environment: Environment, make: Clients, nested: str, stamp: str) -> str:
    """Delete the database after a snapshot, then its network; return the snapshot's name, empty where there was none.

    The nested stack stays when the main one is deleted, and with it a bill. It is found by its parent, or by the name
    of the instance where an earlier run has already deleted that.
    """
    rds, cloudformation = make("rds"), make("cloudformation")
    snapshot = ""
    if _has_instance(rds, environment.stack):
        snapshot = f"{environment.stack}-final-{stamp}"
        with step(f"database, to the snapshot {snapshot}"):
            rds.modify_db_instance(
                DBInstanceIdentifier=environment.stack, DeletionProtection=False, ApplyImmediately=True
            )
            rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier=environment.stack)
            rds.delete_db_instance(
                DBInstanceIdentifier=environment.stack, SkipFinalSnapshot=False, FinalDBSnapshotIdentifier=snapshot
            )
            rds.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier=environment.stack)
    nested = nested or _orphan(cloudformation, environment.stack)
    if nested and stacks.describe(cloudformation, nested) is not None:
        with step("network"):
            stacks.delete(cloudformation, nested)
    return snapshot


def _orphan(cloudformation: Any, stack: str) -> str:
    """Return the id of a `Database` stack whose parent is gone; empty where there is none."""
    for page in cloudformation.get_paginator("describe_stacks").paginate():
        for one in page["Stacks"]:
            if one["StackName"].startswith(f"{stack}-Database-"):
                return str(one["StackId"])
    return ""


def _has_instance(rds: Any, name: str) -> bool:
    try:
        rds.describe_db_instances(DBInstanceIdentifier=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "DBInstanceNotFound":
            return False
        raise
    return True


def _artifacts(cloudformation: Any, s3: Any, prefix: str) -> int:
    bucket = stacks_output(cloudformation, SAM_STACK, "SourceBucket")
    return pages.empty(s3, bucket, f"{prefix}/") if bucket else 0
