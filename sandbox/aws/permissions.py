"""Asking MiniStack's policy evaluator outside of a signed request: for registry tokens and for the roles of AWS's own services."""

import json

from ministack.core import iam_evaluator as evaluator
from ministack.services import iam

from replace import existing


def check_assumptions() -> None:
    existing(evaluator, "evaluate", "ctx policies limits")
    existing(evaluator, "evaluate_resource_policy", "doc ctx service named_only direct_only")
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
    account = role_arn.split(":")[4] if role_arn.count(":") >= 5 else ""
    return as_service(role_arn, "ecs-tasks.amazonaws.com", task_id, {"aws:sourceaccount": account}) or (
        f"ECS was unable to assume the role '{role_arn}' that was provided for this task. Please verify that the role "
        "being passed has the proper trust relationship and permissions"
    )


def as_service(role_arn: str, service: str, session: str, source: dict[str, str]) -> "evaluator.PrincipalInfo | None":
    """The principal that a service of AWS's becomes by assuming a role, for what `source` names; None where it may not."""
    role = role_named(role_arn)
    if role is None:
        return None
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    # A trust is a policy of the role itself, and names it nowhere.
    trust = {"Statement": [{**each, "Resource": "*"} for each in _statements(role["AssumeRolePolicyDocument"])]}
    context = evaluator.EvalContext("*", "Service", "", "sts:AssumeRole", role_arn, "", service_context=source)
    if evaluator.evaluate_resource_policy(trust, context, service=service).decision != "Allow":
        return None
    return evaluator.PrincipalInfo(
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        type="AssumedRole",
        account=account,
        policies=evaluator._gather_role_policies(name, account),
        limits=evaluator._permissions_boundary(iam._roles, name, account),
    )


def permits(principal: "evaluator.PrincipalInfo", action: str, resource: str, region: str, keys: dict | None = None) -> bool:
    """Whether a principal's policies allow the action, with these condition keys; the account's root, which has none, may do everything."""
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
        service_context={name.lower(): value for name, value in (keys or {}).items()},
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
