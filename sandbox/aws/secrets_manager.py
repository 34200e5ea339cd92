"""The secrets of containers: read with the task's execution role, in the version that the task definition names.

MiniStack reads them as nobody and always takes the current version; and it gives a secret without a value an empty
version, and forgets at once the versions that no label is on any more, which AWS keeps for a day at least.
"""

import json

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs, secretsmanager, ssm

from replace import existing, replace

_FAILED = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "


def needed(containers: list[dict]) -> list[tuple[str, str, str]]:
    """What the execution role must be allowed to do: action, resource, and what ECS says when it is not."""
    checks = []
    for reference in [secret["valueFrom"] for each in containers for secret in each.get("secrets") or []]:
        if _is_secret(reference):
            arn = _secret_arn(reference)
            _, found = secretsmanager._resolve(arn, use_arn_scope=True)
            failure = f"{_FAILED}unable to retrieve secret from asm: failed to fetch secret {arn} from secrets manager"
            checks.append(("secretsmanager:GetSecretValue", found["ARN"] if found else arn, failure))
        else:
            failure = f"{_FAILED}unable to retrieve secrets from ssm"
            checks.append(("ssm:GetParameters", _parameter_arn(reference), failure))
    return checks


def problem(definition: dict) -> str | None:
    """What ECS refuses in the variables of a task definition that is being registered."""
    for container in definition.get("containerDefinitions") or []:
        secrets = [each.get("name") for each in container.get("secrets") or []]
        if secrets and not definition.get("executionRoleArn"):
            return "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
        names = [*secrets, *(each.get("name") for each in container.get("environment") or [])]
        for name in secrets:
            if names.count(name) > 1:
                return (
                    "The secret name must be unique and not shared with any new or existing environment variables set on "
                    f"the container, such as '{name}'."
                )
    return None


def _is_secret(reference: str) -> bool:
    return reference.split(":")[2:3] == ["secretsmanager"]


def _secret_arn(reference: str) -> str:
    return ":".join(reference.split(":")[:7])


def _parameter_arn(reference: str) -> str:
    if reference.startswith("arn:"):
        return reference
    return f"arn:aws:ssm:{get_region()}:{get_account_id()}:parameter/{reference.lstrip('/')}"


def _value(reference: str) -> str | None:
    """`ARN[:json key[:label[:version]]]`, each of the three may be empty; or the name or ARN of an SSM parameter."""
    if not _is_secret(reference):
        return ssm.resolve_parameter_value(reference, decrypt=True)
    key, label, version = [*reference.split(":")[7:], "", "", ""][:3]
    value = secretsmanager.resolve_secret_string(_secret_arn(reference), label or "AWSCURRENT", version or None)
    if value is None or not key:
        return value
    try:
        return str(json.loads(value)[key])
    except (ValueError, KeyError, TypeError):
        return None


def install() -> None:
    existing(secretsmanager, "_resolve", "secret_id use_arn_scope")
    existing(secretsmanager, "resolve_secret_string", "secret_id version_stage version_id")
    existing(ssm, "resolve_parameter_value", "name_or_arn version decrypt")

    @replace(ecs, "_resolve_container_secrets", "cdef")
    def resolve_container_secrets(original, cdef):
        values = {}
        for secret in cdef.get("secrets") or []:
            values[secret["name"]] = value = _value(secret["valueFrom"])
            if value is None:
                # Never the value, nor what is beside it in its JSON.
                raise ecs._SecretResolutionError(f"ResourceNotFoundException: there is no value at {secret['valueFrom']}")
        return values

    @replace(secretsmanager, "_apply_current_promotion", "secret new_vid")
    def apply_current_promotion(original, secret, new_vid):
        before = dict(secret["Versions"])
        original(secret, new_vid)
        secret["Versions"] = {**before, **secret["Versions"]}

    @replace(secretsmanager, "_create_secret", "data")
    def create_secret(original, data):
        response = original(data)
        _, secret = secretsmanager._resolve(data.get("Name"))
        if response[0] == 200 and secret and data.get("SecretString") is None and data.get("SecretBinary") is None:
            secret["Versions"] = {}
        return response
