"""Rules that keep template.yaml deployable on both targets and readable; AWS itself is not asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from orchestrator.engine.agents import LONGEST_TIMEOUTS, WORKER_TIMEOUTS, Agents
from orchestrator.engine.execution.fit import CLOSING_TIME
from orchestrator.settings import Settings
from tools.local_stack import templates
from tools.virtualenvs import ROOT

Resource = dict[str, Any]

#: Lines of template.yaml, and of each template nested in it.
LONGEST, LONGEST_NESTED = 700, 325

#: Only these may act on any resource: traces belong to nothing that has an ARN.
WILDCARDS = {"infrastructure/permissions.yaml SendTraces"}

#: With their batches, which are the same actions for IAM and others for MiniStack.
BATCHES = {"sqs:SendMessage*", "sqs:DeleteMessage*", "sqs:ChangeMessageVisibility*"}

#: Resource types that MiniStack refuses unless their condition is false.
MISSING_LOCALLY = (
    "AWS::ApiGatewayV2::Deployment",
    "AWS::ApiGatewayV2::VpcLink",
    "AWS::ApplicationAutoScaling::",
    "AWS::Budgets::",
    "AWS::Chatbot::",
    "AWS::CloudWatch::AnomalyDetector",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CodeDeploy::",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::Logs::QueryDefinition",
    "AWS::RDS::DBProxy",
    "AWS::RDS::EventSubscription",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::Synthetics::",
    "AWS::WAFv2::",
    "AWS::XRay::",
)

#: Conditions that can only be true on AWS.
AWS_ONLY = {"IsAws", "CreatesDatabase", "HasWebAcl", "HasFront", "HasPages", "HasFrontSecret"}

#: Set by Lambda itself.
BY_LAMBDA = {"AWS_LAMBDA_FUNCTION_VERSION"}
#: Variables read by libraries or nobody, not by our settings.
LIBRARY_VARIABLES = {"AWS_ENDPOINT_URL", "CONFIGURATION", "POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return templates.read(ROOT / "template.yaml")


@pytest.fixture(scope="module")
def family() -> dict[str, dict[str, Any]]:
    return templates.family(ROOT / "template.yaml")


@pytest.fixture(scope="module")
def everywhere(family: dict[str, dict[str, Any]]) -> dict[str, Resource]:
    """The resources of all templates."""
    return {f"{file} {name}": one for file, each in family.items() for name, one in each["Resources"].items()}


@pytest.fixture(scope="module")
def resources(template: dict[str, Any]) -> dict[str, Resource]:
    found: dict[str, Resource] = template["Resources"]
    return found


def of_type(resources: dict[str, Resource], kind: str) -> dict[str, Any]:
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == kind}


def functions(resources: dict[str, Resource]) -> dict[str, Any]:
    return of_type(resources, "AWS::Serverless::Function")


def everything_in(value: object) -> Iterator[dict[str, Any]]:
    """Every mapping inside a piece of the template, outermost first."""
    if isinstance(value, dict):
        yield value
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inside:
        yield from everything_in(part)


def test_stays_readable(family: dict[str, dict[str, Any]]) -> None:
    lines = {file: len((ROOT / file).read_text().splitlines()) for file in family}
    assert lines.pop("template.yaml") <= LONGEST
    assert max(lines.values()) <= LONGEST_NESTED


def test_each_function_folder_is_deployed_and_back(resources: dict[str, Resource]) -> None:
    """The worker's folder is deployed twice: once for each lane."""
    deployed = sorted(one["CodeUri"] for one in functions(resources).values())
    folders = [f"functions/{entry.parent.name}" for entry in ROOT.glob("functions/*/app.py")]
    assert deployed == sorted([*folders, "functions/worker"])


def test_functions_declare_only_their_differences(template: dict[str, Any], resources: dict[str, Resource]) -> None:
    shared = template["Globals"]["Function"]
    repeated = [
        (name, key)
        for name, one in functions(resources).items()
        for key, value in one.items()
        if shared.get(key) == value
    ]
    assert repeated == []


def test_a_new_layer_is_a_new_version(resources: dict[str, Resource]) -> None:
    assert all(one["AutoPublishAliasAllProperties"] is True for one in functions(resources).values())
    assert all(
        one["PublishLambdaVersion"] is True for one in of_type(resources, "AWS::Serverless::LayerVersion").values()
    )


def test_a_collector_is_a_layer_beside_the_functions(template: dict[str, Any]) -> None:
    shared = template["Globals"]["Function"]
    assert shared["Layers"][-1] == {"Fn::If": ["HasCollector", {"Ref": "CollectorLayerArn"}, {"Ref": "AWS::NoValue"}]}
    given, otherwise = shared["Environment"]["Variables"]["OTLP_ENDPOINT"]["Fn::If"][1:]
    assert given == {"Ref": "OtlpEndpoint"}
    assert otherwise == {"Fn::If": ["HasCollector", "http://localhost:4318", ""]}
    assert Settings.from_env({"OTLP_ENDPOINT": "http://localhost:4318"}).otlp_endpoint


def test_every_agent_can_start_and_end_within_an_invocation(
    template: dict[str, Any], resources: dict[str, Resource]
) -> None:
    """One that could not would be given back for ever."""
    timeouts = {
        "quick": functions(resources)["WorkerFunction"]["Timeout"],
        "long": template["Parameters"]["LongTimeout"]["Default"],
    }
    assert timeouts == WORKER_TIMEOUTS
    assert {lane: seconds - 2 * CLOSING_TIME for lane, seconds in timeouts.items()} == LONGEST_TIMEOUTS
    late = [each.type for each in Agents("playmate.agents").all() if each.timeout > LONGEST_TIMEOUTS[each.lane]]
    assert late == []


def test_each_lane_has_a_queue_a_worker_and_bounds_of_its_own(resources: dict[str, Resource]) -> None:
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping")
    quick, long = mappings["WorkerMapping"], mappings["LongWorkerMapping"]
    assert quick["EventSourceArn"] != long["EventSourceArn"]
    assert quick["FunctionName"] != long["FunctionName"]
    assert long["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "LongConcurrency"}}
    assert long["BatchSize"] == {"Ref": "LongSlots"}
    worker = functions(resources)["LongWorkerFunction"]
    assert (worker["Timeout"], worker["MemorySize"]) == ({"Ref": "LongTimeout"}, {"Ref": "LongMemory"})
    assert worker["Environment"]["Variables"]["SLOTS"] == {"Ref": "LongSlots"}
    assert "LANE" not in functions(resources)["WorkerFunction"]["Environment"]["Variables"]


def test_queues_keep_failed_messages(resources: dict[str, Resource]) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    targets = [
        one["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for one in queues.values()
        if "RedrivePolicy" in one
    ]
    assert set(queues) - set(targets) == {"TaskQueue", "LongTaskQueue", "EventQueue"}
    assert len(set(targets)) == 3
    for name in targets:
        assert queues[name]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert all(one["SqsManagedSseEnabled"] == {"Fn::If": ["HasKey", False, True]} for one in queues.values())


def test_queues_refuse_plain_http(resources: dict[str, Resource]) -> None:
    (policy,) = of_type(resources, "AWS::SQS::QueuePolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    queues = set(of_type(resources, "AWS::SQS::Queue"))
    assert {queue["Ref"] for queue in policy["Queues"]} == queues
    assert {arn["Fn::GetAtt"][0] for arn in statement["Resource"]} == queues
    assert statement["Effect"] == "Deny"


def test_a_message_stays_hidden_while_its_consumer_may_still_work(
    template: dict[str, Any], resources: dict[str, Resource]
) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    for mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").values():
        queue = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]
        consumer = functions(resources)[mapping["FunctionName"]["Ref"].removesuffix(".Alias")]
        timeout = consumer.get("Timeout", template["Globals"]["Function"]["Timeout"])
        timeout = template["Parameters"][timeout["Ref"]]["MaxValue"] if isinstance(timeout, dict) else timeout
        assert queue["VisibilityTimeout"] >= 6 * timeout + mapping["MaximumBatchingWindowInSeconds"]


def test_batches_report_their_failures_one_by_one(resources: dict[str, Resource]) -> None:
    mappings = of_type(resources, "AWS::Lambda::EventSourceMapping").values()
    assert all(one["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for one in mappings)
    assert len(mappings) == 3


def test_every_variable_is_a_setting_and_back(template: dict[str, Any], resources: dict[str, Resource]) -> None:
    given = set(template["Globals"]["Function"]["Environment"]["Variables"])
    for one in functions(resources).values():
        given |= set(one.get("Environment", {}).get("Variables", {}))
    assert given - LIBRARY_VARIABLES == {field.name.upper() for field in fields(Settings)} - BY_LAMBDA


def test_policies_name_their_actions_and_resources(everywhere: dict[str, Resource]) -> None:
    loose = [
        (name, statement)
        for name, one in everywhere.items()
        if one["Type"] != "AWS::SQS::QueuePolicy"
        for statement in everything_in(one)
        if statement.get("Effect") == "Allow"
        and any(resource == "*" for resource in _listed(statement.get("Resource")))
        and name not in WILDCARDS
    ]
    assert loose == []


def test_actions_are_named_one_by_one(everywhere: dict[str, Resource]) -> None:
    loose = [
        action
        for one in everywhere.values()
        for statement in everything_in(one)
        if statement.get("Effect") == "Allow"
        for action in _listed(statement.get("Action"))
        if "*" in action and action not in BATCHES
    ]
    assert loose == []


def test_resources_that_the_emulator_lacks_are_for_aws_alone(family: dict[str, dict[str, Any]]) -> None:
    local = ["template.yaml"]
    exposed: list[str] = []
    for file in local:  # which grows by the nested templates that the emulator deploys too
        for name, one in family[file]["Resources"].items():
            if one.get("Condition") not in AWS_ONLY:
                exposed += [name] if one["Type"].startswith(MISSING_LOCALLY) else []
                local += [one["Properties"]["TemplateURL"]] if one["Type"] == "AWS::CloudFormation::Stack" else []
    assert exposed == []
    assert local == ["template.yaml", "infrastructure/permissions.yaml"]


def test_every_integration_may_be_invoked(resources: dict[str, Resource]) -> None:
    permitted = {one["FunctionName"]["Ref"] for one in of_type(resources, "AWS::Lambda::Permission").values()}
    integrations = of_type(resources, "AWS::ApiGatewayV2::Integration").values()
    assert {one["IntegrationUri"]["Ref"] for one in integrations} <= permitted


def test_logs_end_some_day(template: dict[str, Any], resources: dict[str, Resource]) -> None:
    assert all("RetentionInDays" in one for one in of_type(resources, "AWS::Logs::LogGroup").values())
    logging = template["Globals"]["Function"]["LoggingConfig"]
    assert (logging["LogGroup"], logging["LogFormat"]) == ({"Ref": "Logs"}, "JSON")


def test_nothing_has_a_name_of_its_own(everywhere: dict[str, Resource]) -> None:
    """Two stacks must be able to stand side by side in one account."""
    physical = ("FunctionName", "QueueName", "LogGroupName", "RoleName", "DBInstanceIdentifier", "LayerName")
    named = [
        (name, key)
        for name, one in everywhere.items()
        for key in physical
        if isinstance(one.get("Properties", {}).get(key), str)
    ]
    assert named == []


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
