"""IAM enforcement as AWS does it: the right resource, every action that a call implies, and nothing by default."""

import json
import os
import re
from contextvars import ContextVar
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.services import ec2 as ec2_service
from ministack.services import ecs as ecs_service
from ministack.services import iam as iam_service

import cloudwatch_protocol
import permissions
import record
import resources
from replace import existing, replace
from resources import Call, Check

# Their requests name the action in a header; a query parameter must not be able to name another one.
_JSON_SERVICES = {
    "acm", "ecs", "ecr", "logs", "secretsmanager", "ssm", "application-autoscaling", "events", "kms", "sqs", "wafv2",
}  # fmt: skip
# Containers read their metadata without credentials.
_UNSIGNED_SERVICES = {"ecs-metadata", "imds"}
_WITHOUT_CREDENTIALS = {"sts:AssumeRoleWithWebIdentity"}

_checks: ContextVar[list[Check]] = ContextVar("sandbox_checks", default=[])
_refused: ContextVar[Check | None] = ContextVar("sandbox_refused", default=None)


def checks_for(service: str, action: str, args: dict, known: str, region: str, account: str) -> list[Check]:
    """All that a call needs; `known` is the resource that MiniStack found, for services that it gets right."""
    call = Call(service, action, args, region, account)
    if service == "ecs":
        return resources.ecs(call, lambda name: ecs_service._task_defs.get(ecs_service._resolve_td_key(name)))
    if service == "ecr":
        return resources.ecr(call)
    if service == "logs":
        return resources.logs(call, known)
    if service == "ec2":
        return resources.ec2(call, known, _tags_of, _owner_of)
    if service == "elasticloadbalancing":
        return resources.elasticloadbalancing(call, known)
    if service == "iam":
        return resources.iam(call, known, iam_service._roles.get)
    if service == "application-autoscaling":
        return resources.autoscaling(call)
    if service == "secretsmanager":
        return resources.secretsmanager(call, known)
    if service == "sns":
        return resources.sns(call, known)
    if service == "events":
        return resources.events(call)
    if service == "scheduler":
        return resources.scheduler(call, known)
    if service == "sqs":
        return resources.sqs(call, known)
    if service == "ssm":
        return resources.ssm(call, known)
    if service == "acm":
        return resources.acm(call, known)
    if service == "monitoring":
        return resources.cloudwatch(call)
    if service == "wafv2":
        return resources.wafv2(call, known)
    if service == "route53":
        return resources.route53(call, known)
    return [Check(action, known)]


def _tags_of(ec2_id: str) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in ec2_service._tags.get(ec2_id) or []}


def _owner_of(association: str) -> str:
    for table in ec2_service._route_tables.values():
        if any(each["RouteTableAssociationId"] == association for each in table["Associations"]):
            return table["RouteTableId"]
    for allocation, address in ec2_service._addresses.items():
        if address.get("AssociationId") == association:
            return allocation
    return association


def _arguments(service: str, headers: dict, body: bytes, query: dict) -> dict:
    if service == "monitoring" and (arguments := cloudwatch_protocol.arguments(headers, body)) is not None:
        return arguments
    if service == "route53":
        return resources.record_changes(body)
    given = {name: value[0] if isinstance(value, list) and value else value for name, value in query.items()}
    if service in _JSON_SERVICES or service == "scheduler":  # which has arguments in its address, too
        try:
            decoded = json.loads(body or b"{}")
        except ValueError:
            return {}
        return {**(given if service == "scheduler" else {}), **decoded} if isinstance(decoded, dict) else {}
    return given


def install() -> None:
    permissions.check_assumptions()
    # On AWS everybody calls over TLS, its own services included; here nobody does, and policies that ask for it would let nobody in.
    iam_evaluator._request_origin = ContextVar("sandbox_origin", default=("127.0.0.1", True))

    @replace(app, "pin_request_origin", "source_ip secure_transport")
    def pin_request_origin(original, source_ip, secure_transport):
        original(source_ip, True)

    existing(ecs_service, "_resolve_td_key", "ref")
    account = os.environ["MINISTACK_ACCOUNT_ID"]

    @replace(iam_actions, "extract_iam_action", "service method path headers body query_params")
    def extract_iam_action(original, service, method, path, headers, body, query_params):
        if service in _UNSIGNED_SERVICES:
            return original(service, method, path, headers, body, query_params)
        namespace = iam_actions.SERVICE_TO_IAM_NAMESPACE.get(service, service)
        if service in _JSON_SERVICES:
            return f"{namespace}:{headers.get('x-amz-target', '').rsplit('.', 1)[-1] or 'Unknown'}"
        if service == "monitoring" and (operation := cloudwatch_protocol.action(headers, path)):
            return f"{namespace}:{operation}"
        # MiniStack lets a request pass whose action it cannot tell; an action that no policy names is refused.
        return original(service, method, path, headers, body, query_params) or f"{namespace}:Unknown"

    @replace(iam_actions, "extract_resource_arn", "service method path headers body query_params region account_id")
    def extract_resource_arn(original, service, method, path, headers, body, query_params, region, account_id):
        known = "*"
        if service != "monitoring":  # in whose arguments MiniStack looks for JSON, and breaks on CBOR
            known = original(service, method, path, headers, body, query_params, region, account_id)
        if service == "route53" and (change := re.search(r"/change/([^/]+)$", path)):
            known = f"arn:aws:route53:::change/{change[1]}"
        if service == "scheduler" and path.startswith("/tags/"):
            known = unquote(path.removeprefix("/tags/"))
        action = iam_actions.extract_iam_action(service, method, path, headers, body, query_params) or ""
        args = _arguments(service, headers, body, query_params)
        needed = checks_for(service, action.split(":", 1)[-1], args, known, region, account_id)
        _checks.set(needed)
        return needed[0].resource

    @replace(iam_actions, "s3_additional_checks", "method path headers body query_params")
    def s3_additional_checks(original, method, path, headers, body, query_params):
        # DeleteObjects in the S3 API Reference: a version that is named takes a right of its own, and "null" is one. MiniStack asks
        # for it but for the first of a list.
        checks = original(method, path, headers, body, query_params)
        if method == "POST" and "delete" in query_params:
            first = iam_actions._s3_batch_delete_targets(path.strip("/").split("/")[0], body)[:1]
            checks += [("s3:DeleteObjectVersion", resource) for resource, version in first if version]
        return checks

    @replace(iam_evaluator, "enforce", "access_key_id iam_action service region resource_arn service_context")
    def enforce(original, access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        if not access_key_id and iam_action not in _WITHOUT_CREDENTIALS:
            return iam_evaluator.AuthError("MissingAuthenticationToken", "Missing Authentication Token")
        needed = _checks.get()
        _checks.set([])
        if not needed or needed[0][:2] != (iam_action, resource_arn):
            needed = [Check(iam_action, resource_arn)]
        for check in needed:
            context = {**(service_context or {}), **check.context}
            record.check(access_key_id, check.action, check.resource, context)
            denied = original(access_key_id, check.action, service, region, check.resource, context)
            if denied:
                _refused.set(check)
                return denied
        return None

    @replace(
        iam_actions,
        "access_denied_response",
        "service action principal_arn request_id error_code message headers resource_arn explicit_deny resource_policy_arn",
    )
    def access_denied_response(original, service, action, principal_arn, request_id, **details):
        check = _refused.get()
        if check and not details.get("error_code") and not details.get("resource_policy_arn"):
            explicit = bool(details.get("explicit_deny"))
            message = iam_actions.identity_denial_message(check.action, principal_arn, check.resource, explicit)
            action, details = check.action, {**details, "message": message, "resource_arn": check.resource}
        return original(service, action, principal_arn, request_id, **details)

    @replace(iam_evaluator, "is_root_access_key", "access_key_id")
    def is_root_access_key(original, access_key_id):
        # MiniStack also takes the key `test`, and any other account's number, for an account's root. A request
        # without a key stays one: it is let pass above for the one call that needs none.
        return access_key_id in (account, "")
