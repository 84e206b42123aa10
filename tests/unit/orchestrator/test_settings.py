from __future__ import annotations

import pytest

from orchestrator.settings import Settings, SettingsError


def test_an_empty_environment_is_a_local_one() -> None:
    settings = Settings.from_env({})
    assert settings.environment == "local"
    assert not settings.secure_cookies


def test_every_fault_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(
            {
                "ENVIRONMENT": "production",
                "DATABASE_PORT": "port",
                "DATABASE_LOGINS": "api",
                "TASK_QUEUE_URL": "queue",
                "WEBSOCKET_URL": "https://x",
                "ALLOWED_ORIGINS": "https://ok.example,*",
                "AGENT_LOG_LEVEL": "loud",
                "OIDC_ISSUER": "id.example",
            }
        )
    named = {fault.split()[0] for fault in caught.value.faults}
    assert named == {
        "ENVIRONMENT",
        "DATABASE_PORT",
        "DATABASE_LOGINS",
        "TASK_QUEUE_URL",
        "WEBSOCKET_URL",
        "ALLOWED_ORIGINS",
        "AGENT_LOG_LEVEL",
        "OIDC_ISSUER",
    }


def test_values_are_read_as_their_types() -> None:
    settings = Settings.from_env(
        {
            "ENVIRONMENT": "prod",
            "DATABASE_PORT": "5433",
            "DATABASE_NAME": "",
            "DATABASE_DIRECT": "true",
            "ALLOWED_ORIGINS": "https://a.example, https://b.example/",
            "AGENT_LOG_LEVEL": "debug",
        }
    )
    assert settings.database_port == 5433
    assert settings.database_direct
    assert settings.allowed_origins == ("https://a.example", "https://b.example")
    assert settings.agent_log_level == "DEBUG"
    assert settings.secure_cookies


def test_a_missing_variable_of_a_function_is_named() -> None:
    settings = Settings.from_env({"TASK_QUEUE_URL": "https://queue"})
    settings.require("task_queue_url")
    with pytest.raises(SettingsError) as caught:
        settings.require("task_queue_url", "database_secret_arn", "jwt_secret_arn")
    assert [fault.split()[0] for fault in caught.value.faults] == ["DATABASE_SECRET_ARN", "JWT_SECRET_ARN"]


def test_the_issuer_s_keys_are_read_over_https() -> None:
    issuer = {"OIDC_ISSUER": "http://id.example"}
    assert Settings.from_env(issuer).oidc_issuer == "http://id.example"
    with pytest.raises(SettingsError, match="OIDC_ISSUER"):
        Settings.from_env({**issuer, "ENVIRONMENT": "prod"})


def test_logins_are_read_by_their_part() -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:1:secret:a=b"
    settings = Settings.from_env({"DATABASE_LOGINS": f"api={arn}, worker=w"})
    assert settings.database_logins == {"api": arn, "worker": "w"}
    assert Settings.from_env({}).database_logins == {}


@pytest.mark.parametrize("wrong", ["api=", "operator=x", "=x", "api=x,api=y", "api=x,,worker=y"])
def test_logins_of_nobody_we_know_are_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_LOGINS"):
        Settings.from_env({"DATABASE_LOGINS": wrong})


@pytest.mark.parametrize(
    ("given", "version"),
    [
        ({}, "dev"),
        ({"AWS_LAMBDA_FUNCTION_VERSION": "17"}, "17"),
        ({"AWS_LAMBDA_FUNCTION_VERSION": "$LATEST"}, "latest"),
        ({"AWS_LAMBDA_FUNCTION_VERSION": "17", "SERVICE_VERSION": "1.4.0"}, "1.4.0"),
    ],
)
def test_the_version_is_the_deploy_s_or_the_function_s(given: dict[str, str], version: str) -> None:
    assert Settings.from_env(given).version == version
