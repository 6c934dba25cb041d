"""The table of sessions in DynamoDB, and its creation."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import typing as t
from urllib.parse import SplitResult, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, NoRegionError

from ...config.urls import LOOPBACK
from .bad_settings import BadSetting, no_answer

KEY = "SESSION_DYNAMODB"
_FORMS = (
    "must be a region such as eu-central-1, the URL of an endpoint, or a resource of "
    "boto3"
)
DENIED = {"AccessDeniedException", "AccessDenied", "UnknownOperationException"}


def code_of(error: ClientError) -> str:
    """Return the code of an error of DynamoDB."""
    return str(error.response.get("Error", {}).get("Code"))


def problem_of(setting: t.Any, error: Exception) -> BadSetting:
    """Return the error for a setting whose table cannot be used."""
    if isinstance(error, NoRegionError):
        return BadSetting(KEY, _FORMS)
    where = setting if isinstance(setting, str) else "DynamoDB"
    if urlsplit(where).password:
        where = urlsplit(where).hostname or "DynamoDB"
    problem = no_answer(KEY, where, error)
    if isinstance(error, ClientError):
        problem.remedy = f"is refused by DynamoDB: {code_of(error)}"
    elif "Credentials" in type(error).__name__:
        problem.remedy = "needs credentials: set AWS_ACCESS_KEY_ID and its secret"
    return problem


def resource_of(setting: t.Any, limit: float) -> t.Any:
    """Return a resource of boto3 with a limit in seconds for each call."""
    if setting is not None and not isinstance(setting, str):
        if not hasattr(setting, "Table"):
            raise BadSetting(KEY, _FORMS)
        return setting
    times = Config(
        connect_timeout=limit / 4,
        read_timeout=limit / 4,
        retries={"total_max_attempts": 1},
    )
    return boto3.resource("dynamodb", config=times, **_place((setting or "").strip()))


def _parts(url: str) -> SplitResult:
    """Return the parts of an endpoint's URL."""
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        # The message of this error may show the password.
        pass
    raise BadSetting(KEY, _FORMS)


def _place(setting: str) -> dict[str, t.Any]:
    if not setting:
        return {}
    if re.fullmatch("[a-z]{2}(-[a-z]+)+-[0-9]", setting):
        return {"region_name": setting}
    parts = _parts(setting)
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    place = {"endpoint_url": setting, "region_name": region or "us-east-1"}
    if parts.hostname in LOOPBACK and not _has_credentials():
        # DynamoDB local checks no credentials, but boto3 requires some.
        place |= {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return place


def _has_credentials() -> bool:
    return any(os.environ.get(key) for key in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"))


def prepare(logger: logging.Logger, client: t.Any, name: str) -> None:
    """Make the table if it is not there, and let its items expire."""
    try:
        client.describe_table(TableName=name)
    except client.exceptions.ResourceNotFoundException:
        _make_table(client, name)
    try:
        _enable_expiry(client, name)
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        logger.warning(
            "The table '%s' may not be looked at, to see whether items expire. Enable "
            "TTL for its attribute 'expiration'.",
            name,
        )


def _make_table(client: t.Any, name: str) -> None:
    # Another process may have made the table meanwhile.
    with contextlib.suppress(client.exceptions.ResourceInUseException):
        client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    client.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def _enable_expiry(client: t.Any, name: str) -> None:
    found = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if found.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}:
        return
    try:
        client.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiration"},
        )
    except ClientError as error:
        # A ValidationException says that another process has enabled the expiry
        # already.
        if code_of(error) != "ValidationException":
            raise
