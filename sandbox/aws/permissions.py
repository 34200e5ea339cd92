"""Asking MiniStack's policy evaluator outside of a signed request: for registry tokens and for the roles of tasks."""

import json

from ministack.core import iam_evaluator as evaluator
from ministack.services import iam

from replace import existing


def check_assumptions() -> None:
    existing(evaluator, "evaluate", "ctx policies limits")
    existing(evaluator, "resolve_principal", "access_key_id account_id credential")
    existing(evaluator, "_gather_role_policies", "role_name account_id")
    existing(evaluator, "_permissions_boundary", "store name account_id")


def role_named(role_arn: str) -> dict | None:
    """The IAM role with this ARN, or None."""
    parts = role_arn.split(":", 5)
    if len(parts) != 6 or not parts[5].startswith("role/"):
        return None
    role = iam._roles.get_scoped(parts[4], None, role_arn.rsplit("/", 1)[-1])
    return role if role is not None and role["Arn"] == role_arn else None


def as_task(role_arn: str, task_id: str) -> "evaluator.PrincipalInfo | str":
    """The principal that ECS becomes by assuming a task's role, or why it cannot."""
    return as_service(role_arn, "ecs-tasks.amazonaws.com", task_id) or (
        f"ECS was unable to assume the role '{role_arn}' that was provided for this task. Please verify that the role "
        "being passed has the proper trust relationship and permissions"
    )


def as_service(role_arn: str, service: str, session: str) -> "evaluator.PrincipalInfo | None":
    """The principal that a service of AWS becomes by assuming a role; None where the role is not there or trusts another."""
    role = role_named(role_arn)
    trusted = role is not None and any(
        statement.get("Effect") == "Allow"
        and "sts:AssumeRole" in _listed(statement.get("Action"))
        and service in _listed((statement.get("Principal") or {}).get("Service"))
        for statement in _statements(role["AssumeRolePolicyDocument"])
    )
    if not trusted:
        return None
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    return evaluator.PrincipalInfo(
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        type="AssumedRole",
        account=account,
        policies=evaluator._gather_role_policies(name, account),
        limits=evaluator._permissions_boundary(iam._roles, name, account),
    )


def permits(principal: "evaluator.PrincipalInfo", action: str, resource: str, region: str) -> bool:
    """Whether a principal's policies allow the action; the account's root, which has none, may do everything."""
    if principal.policies is None:
        return True
    context = evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=action,
        resource_arn=resource,
        region=region,
        principal_keys=principal.keys,
    )
    return evaluator.evaluate(context, principal.policies, *principal.limits).decision == "Allow"


def denial(principal_arn: str, action: str, resource: str) -> str:
    """The message of AWS for a call that no policy allows."""
    return (
        f"User: {principal_arn} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


def _statements(document) -> list:
    parsed = json.loads(document) if isinstance(document, str) else document
    statements = parsed.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def _listed(value) -> list:
    return value if isinstance(value, list) else [value]
