"""Application Auto Scaling's scheduled actions: other bounds of a scalable target from set times on."""

import time

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, new_uuid, request_scope
from ministack.services import ecs

import autoscaling
import hours

_actions = AccountRegionScopedDict()  # resource id + scheduled action's name -> scheduled action


def _put_action(data: dict) -> dict:
    autoscaling.required(data, "ScheduledActionName", "ServiceNamespace", "ResourceId", "ScalableDimension")
    if data["ResourceId"] not in autoscaling.targets:
        raise autoscaling.no_target(data)
    key = f"{data['ResourceId']}|{data['ScheduledActionName']}"
    known = _actions.get(key)
    if known is None:
        autoscaling.required(data, "Schedule")
    arn = (
        f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scheduledAction:{new_uuid()}:"
        f"resource/ecs/{data['ResourceId']}:scheduledActionName/{data['ScheduledActionName']}"
    )
    action = {"ScheduledActionARN": arn, "CreationTime": time.time(), "Timezone": "UTC", **(known or {}), **data}
    if refused := hours.problem(action["Schedule"], action["Timezone"]):
        raise autoscaling.Refused("ValidationException", refused)
    _actions[key] = action
    return {}


def _describe_actions(data: dict) -> dict:
    autoscaling.required(data, "ServiceNamespace")
    names, resource = data.get("ScheduledActionNames"), data.get("ResourceId")
    found = [action for action in _actions.values() if resource in (None, action["ResourceId"])]
    return {"ScheduledActions": [each for each in found if not names or each["ScheduledActionName"] in names]}


def _delete_action(data: dict) -> dict:
    autoscaling.required(data, "ScheduledActionName", "ServiceNamespace", "ResourceId", "ScalableDimension")
    if _actions.pop(f"{data['ResourceId']}|{data['ScheduledActionName']}", None) is None:
        raise autoscaling.Refused("ObjectNotFoundException", f"No scheduled action found for: {data['ScheduledActionName']}")
    return {}


def _tick(minute: int) -> None:
    """Changes the bounds of the targets whose hour has come."""
    for (account, region, _), action in _actions.all_items():
        made = hours.minute_of(action["CreationTime"])
        if hours.due(action["Schedule"], action["Timezone"], minute, made):
            same = {name: action[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
            with request_scope(account, region):
                autoscaling.register({**same, **action.get("ScalableTargetAction", {})})


def _deregister(data: dict) -> dict:
    """A target's scheduled actions go with it."""
    answer = autoscaling.deregister(data)
    for key in [key for key, action in _actions.items() if action["ResourceId"] == data["ResourceId"]]:
        del _actions[key]
    return answer


def install() -> None:
    autoscaling.ACTIONS.update(
        PutScheduledAction=_put_action,
        DescribeScheduledActions=_describe_actions,
        DeleteScheduledAction=_delete_action,
        DeregisterScalableTarget=_deregister,
    )
    hours.each_minute(_tick, "scheduled-actions", ecs.logger)
