"""Each function may do exactly what it does: the calls in the code, the table below and the policies are one.

The local cloud enforces the policies too: a permission too few fails the end-to-end tests; this finds the one too many.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest

from tools.local_stack import templates
from tools.virtualenvs import ROOT

#: IAM's action for each call of the code.
ACTIONS = {
    ("apigatewaymanagementapi", "delete_connection"): "execute-api:ManageConnections",
    ("apigatewaymanagementapi", "post_to_connection"): "execute-api:ManageConnections",
    ("appconfig", "create_hosted_configuration_version"): "appconfig:CreateHostedConfigurationVersion",
    ("appconfig", "get_hosted_configuration_version"): "appconfig:GetHostedConfigurationVersion",
    ("appconfig", "list_deployments"): "appconfig:ListDeployments",
    ("appconfig", "list_hosted_configuration_versions"): "appconfig:ListHostedConfigurationVersions",
    ("appconfig", "start_deployment"): "appconfig:StartDeployment",
    ("appconfig", "stop_deployment"): "appconfig:StopDeployment",
    ("appconfigdata", "get_latest_configuration"): "appconfig:GetLatestConfiguration",
    ("appconfigdata", "start_configuration_session"): "appconfig:StartConfigurationSession",
    ("bedrock-runtime", "converse_stream"): "bedrock:InvokeModelWithResponseStream",
    ("geo-places", "search_nearby"): "geo-places:SearchNearby",
    ("secretsmanager", "describe_secret"): "secretsmanager:DescribeSecret",
    ("secretsmanager", "get_secret_value"): "secretsmanager:GetSecretValue",
    ("secretsmanager", "put_secret_value"): "secretsmanager:PutSecretValue",
    ("secretsmanager", "update_secret_version_stage"): "secretsmanager:UpdateSecretVersionStage",
    ("sqs", "get_queue_attributes"): "sqs:GetQueueAttributes",
    ("sqs", "receive_message"): "sqs:ReceiveMessage",
}

READ_FLAGS = {action for (service, _), action in ACTIONS.items() if service == "appconfigdata"}
POLL = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"}
CHANGE_FLAGS = {action for (service, _), action in ACTIONS.items() if service == "appconfig"}
DATABASE = {"secretsmanager:GetSecretValue"}
ROTATE = {
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
}

#: Actions of each function, of its own or of its mapping.
DOES: dict[str, set[str]] = {
    "ApiFunction": {
        *DATABASE,
        *READ_FLAGS,
        *CHANGE_FLAGS,
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
        "sqs:SendMessage",
        "sqs:GetQueueAttributes",
    },
    "WorkerFunction": {
        *DATABASE,
        *READ_FLAGS,
        *POLL,
        "sqs:SendMessage",
        "bedrock:InvokeModelWithResponseStream",
        "geo-places:SearchNearby",
    },
    "WebsocketFunction": {*DATABASE, "execute-api:ManageConnections"},
    "PushFunction": {*DATABASE, *POLL, "execute-api:ManageConnections"},
    "SweeperFunction": {*DATABASE, *READ_FLAGS, *POLL, "sqs:SendMessage", "execute-api:ManageConnections"},
    "MigrateFunction": DATABASE,
    "RotateKeysFunction": ROTATE,
    "RotatePasswordsFunction": ROTATE,
}

#: SAM's own policy templates, as far as they are used here.
TEMPLATES = {
    "AWSSecretsManagerGetSecretValuePolicy": DATABASE,
    "SQSSendMessagePolicy": {"sqs:SendMessage"},
    "SQSPollerPolicy": POLL,
}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    found: dict[str, Any] = templates.read(ROOT / "template.yaml")["Resources"]
    return found


def test_each_function_has_only_the_grants_that_it_uses(resources: dict[str, Any]) -> None:
    assert granted(resources, when=None) == DOES


def test_with_a_collector_all_may_send_traces(resources: dict[str, Any]) -> None:
    traces = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
    assert granted(resources, when="HasCollector") == dict.fromkeys(DOES, traces)


def test_with_a_customer_key_each_function_decrypts_its_reads_and_encrypts_its_writes(
    resources: dict[str, Any],
) -> None:
    seals = {"sqs:SendMessage", "secretsmanager:PutSecretValue"}
    expected = {
        name: {"kms:Decrypt", *(["kms:GenerateDataKey"] if seals & does else [])} for name, does in DOES.items()
    }
    assert granted(resources, when="HasKey") == expected


def test_the_key_is_used_through_the_services_alone(resources: dict[str, Any]) -> None:
    for policy in ("Unseal", "SealAndUnseal"):
        (statement,) = resources[policy]["Properties"]["PolicyDocument"]["Statement"]
        assert statement["Resource"] == {"Ref": "KmsKeyArn"}
        services = statement["Condition"]["StringEquals"]["kms:ViaService"]
        assert [one["Fn::Sub"].split(".")[0] for one in services] == ["secretsmanager", "sqs"]


def test_the_code_calls_only_listed_operations() -> None:
    made = {call for path in (ROOT / "shared").rglob("*.py") for call in _calls(ast.parse(path.read_text()))}
    assert made - {("sqs", "operation")} == set(ACTIONS)


def test_only_the_api_signs_and_only_it_reads_the_keys(resources: dict[str, Any]) -> None:
    readers = [
        name for name, one in resources.items() if "JwtSecret" in str(one.get("Properties", {}).get("Policies", ""))
    ]
    assert sorted(readers) == ["ApiFunction", "RotateKeysFunction"]


def test_each_function_reads_its_own_login_and_no_other(resources: dict[str, Any]) -> None:
    logins = {f"{name}Login" for name in ("Api", "Worker", "Websocket", "Push", "Sweeper")}
    read = {
        name: {login for login in logins if f"'{login}'" in str(one["Properties"]["Policies"])}
        for name, one in resources.items()
        if one["Type"] == "AWS::Serverless::Function"
    }
    assert read.pop("MigrateFunction") == read.pop("RotatePasswordsFunction") == logins
    assert read.pop("RotateKeysFunction") == set()
    assert read == {login.replace("Login", "Function"): {login} for login in logins}
    for login in logins:
        variables = resources[login.replace("Login", "Function")]["Properties"]["Environment"]["Variables"]
        assert variables["DATABASE_SECRET_ARN"] == {"Fn::GetAtt": [login, "Id"]}


def test_the_database_s_owner_is_for_migrations_alone(resources: dict[str, Any]) -> None:
    """Nobody else knows its secret: not by policy, not by environment."""
    owner = ("LocalDatabaseSecret", "Outputs.MasterSecret", "{'Ref': 'ExistingDatabaseSecretArn'}")
    knowing = {
        name
        for name, one in resources.items()
        if one["Type"] == "AWS::Serverless::Function" and any(secret in str(one) for secret in owner)
    }
    assert knowing == {"MigrateFunction"}


def granted(resources: dict[str, Any], when: str | None) -> dict[str, set[str]]:
    """Actions that each function may use: always, or only under the condition."""
    allowed: dict[str, set[str]] = {}
    for name, one in resources.items():
        if one["Type"] == "AWS::Serverless::Function":
            listed = [policy.get("Fn::If", (None, policy)) for policy in one["Properties"]["Policies"]]
            chosen = [policy for condition, policy, *_ in listed if condition == when]
            allowed[name] = {action for policy in chosen for action in _granted(policy, resources)}
    return allowed


def _granted(policy: dict[str, Any], resources: dict[str, Any]) -> Iterator[str]:
    if "Ref" in policy:
        policy = resources[policy["Ref"]]["Properties"]["PolicyDocument"]
    if "Statement" in policy:
        for statement in policy["Statement"]:
            actions = statement["Action"]
            yield from actions if isinstance(actions, list) else [actions]
        return
    (name,) = policy
    yield from TEMPLATES[name]


def _calls(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Service and operation of every `call("service", …)`; one in a variable appears as the variable's name."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id="call") | ast.Attribute(attr="_call"),
                args=[ast.Constant(value=str(service)), operation, *_],
            ):
                known = operation.value if isinstance(operation, ast.Constant) else ast.unparse(operation)
                yield service, str(known)
