"""Each function may do exactly what it does: the calls in the code, the table below and the policies are one.

The local cloud enforces the policies too: a permission too few fails the end-to-end tests; this finds the one too many.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.test_template import everything_in
from tools.local_stack import templates
from tools.virtualenvs import ROOT

PERMISSIONS = "infrastructure/permissions.yaml"

#: IAM's action for each call of the code.
ACTIONS = {
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

#: The service, as a signature names it, of each endpoint that the code calls without a client of the SDK.
SIGNED = {"execute-api": "execute-api:ManageConnections"}

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
    "LongWorkerFunction": {
        *DATABASE,
        *READ_FLAGS,
        *POLL,
        "sqs:SendMessage",
        "bedrock:InvokeModelWithResponseStream",
        "geo-places:SearchNearby",
    },
    "WebsocketFunction": {*DATABASE, SIGNED["execute-api"]},
    "PushFunction": {*DATABASE, *POLL, SIGNED["execute-api"]},
    "SweeperFunction": {*DATABASE, *READ_FLAGS, *POLL, "sqs:SendMessage", SIGNED["execute-api"]},
    "MigrateFunction": DATABASE,
    "RotateKeysFunction": ROTATE,
    "RotatePasswordsFunction": ROTATE,
}

#: Parameters of the nested template that are queues and logins.
QUEUES = {"TaskQueue", "TaskDeadLetters", "LongTaskQueue", "LongTaskDeadLetters", "EventQueue"}
LOGINS = {"ApiLogin", "WorkerLogin", "WebsocketLogin", "PushLogin", "SweeperLogin"}


@pytest.fixture(scope="module")
def family() -> dict[str, dict[str, Any]]:
    return templates.family(ROOT / "template.yaml")


@pytest.fixture(scope="module")
def resources(family: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = family["template.yaml"]["Resources"]
    return found


def test_each_function_has_only_the_grants_that_it_uses(family: dict[str, dict[str, Any]]) -> None:
    assert granted(family, when=None) == DOES


def test_with_a_collector_all_may_send_traces(family: dict[str, dict[str, Any]]) -> None:
    traces = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
    assert granted(family, when="HasCollector") == dict.fromkeys(DOES, traces)


def test_with_a_customer_key_each_function_decrypts_its_reads_and_encrypts_its_writes(
    family: dict[str, dict[str, Any]],
) -> None:
    seals = {"sqs:SendMessage", "secretsmanager:PutSecretValue"}
    expected = {
        name: {"kms:Decrypt", *(["kms:GenerateDataKey"] if seals & does else [])} for name, does in DOES.items()
    }
    assert granted(family, when="HasKey") == expected


def test_the_key_is_used_through_the_services_alone(family: dict[str, dict[str, Any]]) -> None:
    for policy in ("Unseal", "SealAndUnseal"):
        document = family[PERMISSIONS]["Resources"][policy]["Properties"]["PolicyDocument"]
        (statement,) = document["Statement"]
        assert statement["Resource"] == {"Ref": "KmsKeyArn"}
        services = statement["Condition"]["StringEquals"]["kms:ViaService"]
        assert [one["Fn::Sub"].split(".")[0] for one in services] == ["secretsmanager", "sqs"]


def test_only_lambda_takes_the_roles(family: dict[str, dict[str, Any]]) -> None:
    for role in roles(family).values():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement == {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }


def test_every_role_may_write_logs_and_those_in_the_vpc_use_its_network(
    family: dict[str, dict[str, Any]], resources: dict[str, Any]
) -> None:
    own = "arn:${AWS::Partition}:iam::aws:policy/service-role/"
    for name, role in roles(family).items():
        outside = "VpcConfig" in resources[name].get("IgnoreGlobals", [])
        execution = "AWSLambdaBasicExecutionRole" if outside else "${Execution}"
        assert role["ManagedPolicyArns"][0] == {"Fn::Sub": own + execution}
    given = resources["Permissions"]["Properties"]["Parameters"]["Execution"]
    assert given == {"Fn::If": ["HasVpc", "AWSLambdaVPCAccessExecutionRole", "AWSLambdaBasicExecutionRole"]}


def test_each_parameter_is_given_the_resource_of_its_name(resources: dict[str, Any]) -> None:
    given = resources["Permissions"]["Properties"]["Parameters"]
    assert {name: given[name] for name in QUEUES} == {name: {"Fn::GetAtt": [name, "Arn"]} for name in QUEUES}
    secrets = {*LOGINS, "JwtSecret"}
    assert {name: given[name] for name in secrets} == {name: {"Fn::GetAtt": [name, "Id"]} for name in secrets}


def test_the_code_calls_only_listed_operations() -> None:
    made = {call for path in (ROOT / "shared").rglob("*.py") for call in _calls(ast.parse(path.read_text()))}
    assert made - {("sqs", "operation")} == set(ACTIONS)


def test_the_code_signs_requests_only_to_listed_services() -> None:
    made = {name for path in (ROOT / "shared").rglob("*.py") for name in _signed(ast.parse(path.read_text()))}
    assert made == set(SIGNED)


def test_only_the_api_signs_and_only_it_reads_the_keys(family: dict[str, dict[str, Any]]) -> None:
    readers = [name for name, role in roles(family).items() if "JwtSecret" in _named(role)]
    assert sorted(readers) == ["ApiFunction", "RotateKeysFunction"]


def test_each_function_reads_its_own_login_and_no_other(
    family: dict[str, dict[str, Any]], resources: dict[str, Any]
) -> None:
    read = {name: LOGINS & _named(role) for name, role in roles(family).items()}
    assert read.pop("MigrateFunction") == read.pop("RotatePasswordsFunction") == LOGINS
    assert read.pop("RotateKeysFunction") == set()
    assert read.pop("LongWorkerFunction") == read["WorkerFunction"]
    assert read == {login.replace("Login", "Function"): {login} for login in LOGINS}
    for login in LOGINS:
        variables = resources[login.replace("Login", "Function")]["Properties"]["Environment"]["Variables"]
        assert variables["DATABASE_SECRET_ARN"] == {"Fn::GetAtt": [login, "Id"]}


def test_the_database_s_owner_is_for_migrations_alone(
    family: dict[str, dict[str, Any]], resources: dict[str, Any]
) -> None:
    """Nobody else knows its secret: not by policy, not by environment."""
    owner = ("LocalDatabaseSecret", "Outputs.MasterSecret", "{'Ref': 'ExistingDatabaseSecretArn'}")
    knowing = {
        name
        for name, one in resources.items()
        if one["Type"] == "AWS::Serverless::Function" and any(secret in str(one) for secret in owner)
    }
    assert knowing == {"MigrateFunction"}
    assert {name for name, role in roles(family).items() if "OwnerSecret" in _named(role)} == {"MigrateFunction"}


def roles(family: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Properties of the role of each function, by the function's logical id."""
    nested = family[PERMISSIONS]
    found = {}
    for name, one in family["template.yaml"]["Resources"].items():
        if one["Type"] == "AWS::Serverless::Function":
            stack, output = one["Properties"]["Role"]["Fn::GetAtt"]
            assert stack == "Permissions"
            arn = nested["Outputs"][output.removeprefix("Outputs.")]["Value"]["Fn::Sub"]
            role = arn.removeprefix("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${").removesuffix("}")
            found[name] = nested["Resources"][role]["Properties"]
    return found


def granted(family: dict[str, dict[str, Any]], when: str | None) -> dict[str, set[str]]:
    """Actions that each function may use: always, or only under the condition."""
    nested = family[PERMISSIONS]["Resources"]
    return {name: {each.rstrip("*") for each in _granted(role, nested, when)} for name, role in roles(family).items()}


def _granted(role: dict[str, Any], nested: dict[str, Any], when: str | None) -> Iterator[str]:
    for managed in role["ManagedPolicyArns"][1:]:
        condition, policy, *_ = managed.get("Fn::If", (None, managed))
        if condition == when:
            for statement in nested[policy["Ref"]]["Properties"]["PolicyDocument"]["Statement"]:
                yield from _listed(statement["Action"])
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            conditions = {one["Fn::If"][0] if "Fn::If" in one else None for one in _listed(statement["Resource"])}
            if when in conditions:
                yield from _listed(statement["Action"])


def _named(role: dict[str, Any]) -> set[str]:
    """The parameters that the policies of a role refer to."""
    return {part["Ref"] for part in everything_in(role["Policies"]) if "Ref" in part}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _signed(tree: ast.Module) -> Iterator[str]:
    """The services of endpoints whose requests the code signs itself."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="SignedEndpoint"), args=[_, ast.Constant(value=str(service))]):
                yield service


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
