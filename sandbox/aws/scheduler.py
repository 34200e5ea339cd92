"""EventBridge Scheduler: schedules that start ECS tasks, each at its hour, with its role's rights.

MiniStack reads no time zones, knows ECS as no target, and delivers as nobody. Here, as "EventBridge Scheduler" in its User Guide has it,
the role must let the scheduler be it for the schedule's group, and may do what RunTask takes; what fails is tried again until it is too
old or was tried too often, and then sent to the dead-letter queue, which the role must be allowed to. AWS waits longer between two tries
each time; here each waits for the next minute.
"""

import json
import threading
import time

from ministack.core.responses import get_account_id, get_region, new_uuid, request_scope
from ministack.services import ecs, scheduler, sqs

import hours
from permissions import as_service, denial, permits
from replace import existing, replace
from resources import Call, ecs as checks_of

_PRINCIPAL = "scheduler.amazonaws.com"
_CANNOT_ASSUME = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


class Failed(Exception):
    """The error code of a service, and its message."""


def _principal(schedule: dict):
    group = scheduler._group_arn(schedule["GroupName"])
    source = {"aws:sourcearn": group, "aws:sourceaccount": get_account_id()}
    return as_service(schedule["Target"]["RoleArn"], _PRINCIPAL, schedule["Name"], source)


def _request(schedule: dict) -> dict:
    """The call of RunTask that a templated target stands for."""
    target = schedule["Target"]
    parameters = target["EcsParameters"]
    vpc = (parameters.get("NetworkConfiguration") or {}).get("awsvpcConfiguration") or {}
    definition = ecs._task_defs.get(ecs._resolve_td_key(parameters["TaskDefinitionArn"])) or {}
    named = ("CapacityProviderStrategy", "LaunchType", "PlatformVersion", "Group", "EnableExecuteCommand", "PropagateTags")
    return {
        **{_lower(name): parameters[name] for name in named if parameters.get(name) is not None},
        "networkConfiguration": {"awsvpcConfiguration": {_lower(name): value for name, value in vpc.items()}},
        "cluster": target["Arn"],
        "taskDefinition": parameters["TaskDefinitionArn"],
        "count": parameters.get("TaskCount", 1),
        "overrides": json.loads(target.get("Input") or "{}"),
        "startedBy": f"chronos-schedule/{schedule['Name']}"[:36],
        "tags": ecs._tags.get(definition.get("taskDefinitionArn"), []) if parameters.get("PropagateTags") else [],
    }


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def _start(schedule: dict, request: dict) -> None:
    """:raises Failed: when the role may not, or ECS does not."""
    principal = _principal(schedule)
    if principal is None:
        raise Failed("AccessDeniedException", _CANNOT_ASSUME)
    call = Call("ecs", "RunTask", request, get_region(), get_account_id())
    for check in checks_of(call, lambda name: ecs._task_defs.get(ecs._resolve_td_key(name))):
        if not permits(principal, check.action, check.resource, get_region(), check.context):
            raise Failed("AccessDeniedException", denial(principal.arn, check.action, check.resource))
    if (ecs._clusters.get(ecs._resolve_cluster_name(request["cluster"])) or {}).get("status") != "ACTIVE":
        raise Failed("ClusterNotFoundException", "Cluster not found.")
    status, _, body = ecs._run_task(request)
    answer = json.loads(body)
    if status != 200:
        raise Failed(answer.get("__type", "ClientException"), answer.get("message", ""))


def _keep(schedule: dict, request: dict, failed: Failed, tries: int, minute: int) -> None:
    """Sends what could not be started to the dead-letter queue."""
    arn = (schedule["Target"].get("DeadLetterConfig") or {}).get("Arn")
    principal, queue = _principal(schedule), sqs._queue_by_arn(arn) if arn else None
    if queue is None or principal is None or not permits(principal, "sqs:SendMessage", arn, get_region()):
        scheduler.logger.warning("%s: there is no queue for this that its role may send to", schedule["Arn"])
        return
    code, message = failed.args
    attributes = {
        "ERROR_CODE": code,
        "ERROR_MESSAGE": message,
        "EXECUTION_ID": new_uuid(),
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": str(tries),
        "SCHEDULED_TIME": hours.text_of(minute),
        "SCHEDULE_ARN": schedule["Arn"],
        "TARGET_ARN": schedule["Target"]["Arn"],
    }
    named = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    entry = {"QueueUrl": queue["url"], "MessageBody": json.dumps(request), "MessageAttributes": named}
    sqs._act_send_message(entry, queue["url"])


def _run(account: str, region: str, schedule: dict, minute: int) -> None:
    policy = schedule["Target"].get("RetryPolicy") or {}
    oldest = policy.get("MaximumEventAgeInSeconds", 86_400) / 60
    with request_scope(account, region):
        for tries in range(policy.get("MaximumRetryAttempts", 185) + 1):
            request = _request(schedule)
            try:
                return _start(schedule, request)
            except Failed as failed:
                last = failed
            if hours.minute_of(time.time()) - minute >= oldest:
                break
            time.sleep(hours.MINUTE)
        scheduler.logger.warning("%s: %s", schedule["Arn"], ": ".join(last.args))
        _keep(schedule, request, last, tries, minute)


def _tick(minute: int) -> None:
    for (account, region, _), schedule in scheduler._schedules.all_items():
        made = hours.minute_of(schedule["CreationDate"])
        named = (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"])
        if schedule["State"] == "ENABLED" and hours.due(*named, minute, made):
            threading.Thread(target=_run, args=(account, region, schedule, minute), daemon=True).start()


def _problem(name: str, body: dict) -> str | None:
    """What AWS refuses in a schedule, and what it would know and this emulator does not."""
    target = body.get("Target") or {}
    if not str(target.get("Arn", "")).startswith("arn:aws:ecs:") or not target.get("EcsParameters"):
        return "The emulator knows no other target than an ECS cluster, with EcsParameters"
    if (body.get("FlexibleTimeWindow") or {}).get("Mode") != "OFF":
        return "The emulator knows no flexible time window"
    schedule = {"Name": name, "GroupName": body.get("GroupName", "default"), "Target": target}
    expression, zone = body.get("ScheduleExpression", ""), body.get("ScheduleExpressionTimezone", "UTC")
    return hours.problem(expression, zone) or (None if _principal(schedule) else _CANNOT_ASSUME)


def install() -> None:
    existing(scheduler, "_group_arn", "name")
    existing(ecs, "_run_task", "data")
    existing(sqs, "_queue_by_arn", "arn")
    existing(sqs, "_act_send_message", "data qurl")
    for function in ("_create_schedule", "_update_schedule"):

        @replace(scheduler, function, "name body")
        def checked(original, name, body):
            refused = _problem(name, body)
            return scheduler._error(400, "ValidationException", refused) if refused else original(name, body)

    @replace(scheduler, "start_scheduler", "")
    def start_scheduler(original):
        hours.each_minute(_tick, "scheduler", scheduler.logger)
