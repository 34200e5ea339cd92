"""Application Auto Scaling for ECS services, which MiniStack does not have.

Targets and policies are kept and checked as AWS does; nothing is ever scaled by a metric. A registration moves the
service's desired count into its bounds, as on AWS.
"""

import asyncio
import json
import sys
import time

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.concurrency import spawn_background
from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
)
from ministack.services import ecs

from replace import existing

NAME = "application-autoscaling"
DIMENSION = "ecs:service:DesiredCount"

targets = AccountRegionScopedDict()  # resource id -> target
_policies = AccountRegionScopedDict()  # resource id + policy name -> policy
_tags = AccountRegionScopedDict()  # target ARN -> {key: value}
_pending = AccountRegionScopedDict()  # resource ids of targets that are being changed
_CHANGE = 0.1  # seconds


class Refused(Exception):
    """The error code of AWS, and its message."""


def _service(resource_id: str) -> dict:
    parts = resource_id.split("/")
    service = ecs._services.get("/".join(parts[1:])) if len(parts) == 3 and parts[0] == "service" else None
    if service is None or service["status"] != "ACTIVE":
        raise Refused("ValidationException", f"ECS service doesn't exist: {resource_id}")
    return service


def required(data: dict, *names: str) -> None:
    for name in names:
        if data.get(name) in (None, ""):
            raise Refused("ValidationException", f"1 validation error detected: {name} must not be null")
    if "ServiceNamespace" in data and data["ServiceNamespace"] != "ecs":
        raise Refused("ValidationException", f"Unsupported service namespace {data['ServiceNamespace']}: only ecs")
    if data.get("ScalableDimension", DIMENSION) != DIMENSION:
        raise Refused("ValidationException", f"Unsupported scalable dimension {data['ScalableDimension']}")


def no_target(data: dict) -> Refused:
    described = f"service namespace: ecs, resource ID: {data.get('ResourceId')}, scalable dimension: {DIMENSION}"
    return Refused("ObjectNotFoundException", f"No scalable target registered for {described}")


def register(data: dict) -> dict:
    required(data, "ServiceNamespace", "ResourceId", "ScalableDimension")
    service = _service(data["ResourceId"])
    known = targets.get(data["ResourceId"])
    if known is None:
        required(data, "MinCapacity", "MaxCapacity")
    target = known or {
        "ServiceNamespace": "ecs",
        "ResourceId": data["ResourceId"],
        "ScalableDimension": DIMENSION,
        "ScalableTargetARN": f"arn:aws:{NAME}:{get_region()}:{get_account_id()}:scalable-target/{new_uuid()}",
        "RoleARN": f"arn:aws:iam::{get_account_id()}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
        "CreationTime": time.time(),
        "SuspendedState": {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        },
    }
    changed = {**target, **{name: data[name] for name in ("MinCapacity", "MaxCapacity", "RoleARN") if name in data}}
    changed["SuspendedState"] = {**target["SuspendedState"], **data.get("SuspendedState", {})}
    if not 0 <= changed["MinCapacity"] <= changed["MaxCapacity"]:
        raise Refused("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    targets[data["ResourceId"]] = changed
    if data.get("Tags") and known is None:
        _tags[changed["ScalableTargetARN"]] = dict(data["Tags"])
    _move_into_bounds(service, changed)
    return {"ScalableTargetARN": changed["ScalableTargetARN"]}


def _move_into_bounds(service: dict, target: dict) -> None:
    wanted = min(max(service["desiredCount"], target["MinCapacity"]), target["MaxCapacity"])
    if wanted != service["desiredCount"]:
        change = {"cluster": service["clusterArn"], "service": service["serviceArn"], "desiredCount": wanted}
        spawn_background(ecs._update_service, change, thread_name="scale")


def _describe_targets(data: dict) -> dict:
    required(data, "ServiceNamespace")
    wanted = data.get("ResourceIds") or list(targets.keys())
    return {"ScalableTargets": [target for name in wanted if (target := targets.get(name))]}


def deregister(data: dict) -> dict:
    required(data, "ServiceNamespace", "ResourceId", "ScalableDimension")
    target = targets.pop(data["ResourceId"], None)
    if target is None:
        raise no_target(data)
    _tags.pop(target["ScalableTargetARN"], None)
    for key in [key for key, policy in _policies.items() if policy["ResourceId"] == data["ResourceId"]]:
        del _policies[key]
    return {}


def _put_policy(data: dict) -> dict:
    required(data, "PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension")
    if data["ResourceId"] not in targets:
        raise no_target(data)
    key = f"{data['ResourceId']}|{data['PolicyName']}"
    known = _policies.get(key)
    kind = data.get("PolicyType") or (known or {}).get("PolicyType") or "StepScaling"
    settings = {
        "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
        "StepScaling": "StepScalingPolicyConfiguration",
    }.get(kind)
    if settings is None or not data.get(settings):
        raise Refused("ValidationException", f"{kind} needs its configuration: {settings}")
    arn = (
        f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{new_uuid()}:"
        f"resource/ecs/{data['ResourceId']}:policyName/{data['PolicyName']}"
    )
    policy = {
        "PolicyARN": known["PolicyARN"] if known else arn,
        "PolicyName": data["PolicyName"],
        "ServiceNamespace": "ecs",
        "ResourceId": data["ResourceId"],
        "ScalableDimension": DIMENSION,
        "PolicyType": kind,
        settings: data[settings],
        "CreationTime": known["CreationTime"] if known else time.time(),
        "Alarms": [],
    }
    _policies[key] = policy
    return {"PolicyARN": policy["PolicyARN"], "Alarms": []}


def _describe_policies(data: dict) -> dict:
    required(data, "ServiceNamespace")
    names, resource = data.get("PolicyNames"), data.get("ResourceId")
    found = [policy for policy in _policies.values() if resource in (None, policy["ResourceId"])]
    return {"ScalingPolicies": [policy for policy in found if not names or policy["PolicyName"] in names]}


def _delete_policy(data: dict) -> dict:
    required(data, "PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension")
    if _policies.pop(f"{data['ResourceId']}|{data['PolicyName']}", None) is None:
        raise Refused("ObjectNotFoundException", f"No scaling policy found for policy name: {data['PolicyName']}")
    return {}


def _tagged(data: dict) -> str:
    arn = data.get("ResourceARN", "")
    if arn not in [target["ScalableTargetARN"] for target in targets.values()]:
        raise Refused("ResourceNotFoundException", f"The resource {arn} was not found")
    return arn


def _tag(data: dict) -> dict:
    arn = _tagged(data)
    _tags[arn] = {**_tags.get(arn, {}), **data.get("Tags", {})}
    return {}


def _untag(data: dict) -> dict:
    arn = _tagged(data)
    _tags[arn] = {key: value for key, value in _tags.get(arn, {}).items() if key not in data.get("TagKeys", [])}
    return {}


def _list_tags(data: dict) -> dict:
    return {"Tags": _tags.get(_tagged(data), {})}


ACTIONS = {
    "RegisterScalableTarget": register,
    "DescribeScalableTargets": _describe_targets,
    "DeregisterScalableTarget": deregister,
    "PutScalingPolicy": _put_policy,
    "DescribeScalingPolicies": _describe_policies,
    "DeleteScalingPolicy": _delete_policy,
    "TagResource": _tag,
    "UntagResource": _untag,
    "ListTagsForResource": _list_tags,
}


async def handle_request(method, path, headers, body, query_params):
    """Called by MiniStack's dispatcher, after authorization."""
    action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if action not in ACTIONS:
        return error_response_json("UnknownOperationException", f"The sandbox does not know {NAME}:{action}", 400)
    data = json.loads(body or b"{}")
    try:
        if action.startswith(("Register", "Deregister", "Put", "Delete")):
            await _alone(data.get("ResourceId"))
        return json_response(ACTIONS[action](data))
    except Refused as refused:
        return error_response_json(*refused.args, 400)


async def _alone(resource_id: str) -> None:
    """Takes its time, as a change does on AWS, and refuses another one of the same target meanwhile: ConcurrentUpdateException in
    the API Reference; the sentence is that of hashicorp/terraform#14258."""
    if resource_id in _pending:
        raise Refused("ConcurrentUpdateException", "You already have a pending update to an Auto Scaling resource.")
    _pending[resource_id] = True
    try:
        await asyncio.sleep(_CHANGE)
    finally:
        _pending.pop(resource_id, None)


def reset() -> None:
    """Called by MiniStack's reset."""
    for store in (targets, _policies, _tags, _pending):
        store.clear()


def install() -> None:
    existing(app, "_lazy_handler", "module_name")
    existing(ecs, "_update_service", "data")
    module = "application_autoscaling"
    app._loaded_modules[module] = sys.modules[__name__]
    app.SERVICE_REGISTRY[NAME] = {"module": module}
    app.SERVICE_HANDLERS[NAME] = app._lazy_handler(module)
    router.SERVICE_PATTERNS[NAME] = {"target_prefixes": ["AnyScaleFrontendService"], "credential_scope": NAME}
    iam_actions.SERVICE_TO_IAM_NAMESPACE[NAME] = NAME
