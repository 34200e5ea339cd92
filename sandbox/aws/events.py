"""EventBridge: what a rule may deliver, as which role, and what ECS reports to it.

MiniStack matches patterns and fills in input transformers as AWS does, delivers as nobody, and deletes a rule that has targets.
Here a target gets an event only when its role lets EventBridge do that for this rule; without a role, when the target's own policy
does ("Using resource-based policies for Amazon EventBridge" in the EventBridge User Guide).

ECS reports nothing there in MiniStack. Here it does, with the members and sentences of "Amazon ECS events" in the ECS Developer
Guide, as far as something in the emulator can lead to them: deployments that begin, end, fail and are taken back, tasks that
stop or find no room, and services whose tasks fail again and again.
"""

import json
import threading

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs, eventbridge, sns

from deployments import add_event, service_of
from permissions import as_service, permits
from replace import existing, refuse, replace

_PRINCIPAL = "events.amazonaws.com"

# What ECS reports of a deployment by its state; of other states it reports nothing.
_DEPLOYMENT_EVENTS = {
    "IN_PROGRESS": ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS"),
    "COMPLETED": ("INFO", "SERVICE_DEPLOYMENT_COMPLETED"),
    "FAILED": ("ERROR", "SERVICE_DEPLOYMENT_FAILED"),
}
_BREAKER = "ECS deployment circuit breaker:"

_lock = threading.Lock()


def _may_deliver(target: dict, rule: dict) -> bool:
    """Whether EventBridge may publish to the topic that is the target of a rule; it delivers to nothing else here."""
    arn, role = target.get("Arn", ""), target.get("RoleArn")
    source = {"aws:sourcearn": rule["Arn"], "aws:sourceaccount": get_account_id()}
    if not role:
        return sns.topic_policy_allows(arn, _PRINCIPAL, *source.values())
    principal = as_service(role, _PRINCIPAL, rule["Name"], source)
    return principal is not None and permits(principal, "sns:Publish", arn, get_region())


def _targeted(data: dict) -> tuple[str, str] | None:
    key = eventbridge._rule_key(data.get("Name", ""), data.get("EventBusName", "default"))
    return ("ValidationException", "Rule can't be deleted since it has targets.") if eventbridge._targets.get(key) else None


def _report(detail_type: str, resource: str, detail: dict) -> None:
    entry = {"Source": "aws.ecs", "DetailType": detail_type, "Resources": [resource], "Detail": json.dumps(detail)}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _reason(deployment: dict) -> str:
    """Why a deployment is in its state, in AWS's words where MiniStack has its own."""
    said = deployment["rolloutStateReason"]
    if said.startswith("ECS deployment circuit breaker was triggered"):
        return f"{_BREAKER} tasks failed to start."
    if said == "ECS deployment rollback in progress.":
        return f"{_BREAKER} rolling back to deploymentId {deployment['id']}."
    return f"ECS deployment {deployment['id']} completed." if said == "ECS deployment completed." else said


def _report_deployments(svc_key: str) -> None:
    """Reports each state that a deployment has come to since the last time, failures first: a rollback follows from one."""
    service = ecs._services.get(svc_key)
    if not service:
        return
    with _lock:
        changed = [each for each in service["deployments"] if each["rolloutState"] != each.get("_reported")]
        for each in changed:
            each.update(rolloutStateReason=_reason(each), _reported=each["rolloutState"])
        details = [
            {
                "eventType": _DEPLOYMENT_EVENTS[each["rolloutState"]][0],
                "eventName": _DEPLOYMENT_EVENTS[each["rolloutState"]][1],
                "deploymentId": each["id"],
                "updatedAt": each["updatedAt"],
                "reason": each["rolloutStateReason"],
            }
            for each in sorted(changed, key=lambda each: each["rolloutState"] != "FAILED")
            if each["rolloutState"] in _DEPLOYMENT_EVENTS
        ]
    for detail in details:
        _report("ECS Deployment State Change", service["serviceArn"], detail)


def report_action(service: dict, kind: str, name: str, **more: str) -> None:
    """Reports what ECS does with a service, beside its deployments: "Amazon ECS service action events"."""
    detail = {"eventType": kind, "eventName": name, "clusterArn": service["clusterArn"], "createdAt": ecs._iso(), **more}
    _report("ECS Service Action", service["serviceArn"], detail)


def _count_failure(service: dict) -> None:
    """Reports every third task in a row that fails while nothing is rolled out; how many AWS waits for it does not tell."""
    service["_failures"] = service.get("_failures", 0) + 1
    if service["_failures"] % 3 == 0:
        add_event(service, "is unable to consistently start tasks successfully.")
        report_action(service, "WARN", "SERVICE_TASK_START_IMPAIRED")


def install() -> None:
    existing(eventbridge, "_put_events", "data allow_aws_source")
    existing(eventbridge, "_rule_key", "rule_name bus_name")
    existing(sns, "topic_policy_allows", "topic_arn service source_arn source_account")
    refuse(eventbridge, "_delete_rule", "data", _targeted, eventbridge.error_response_json)

    @replace(eventbridge, "_invoke_target", "target event rule view")
    def invoke_target(original, target, event, rule, view=None):
        if _may_deliver(target, rule):
            original(target, event, rule, view)
        else:
            eventbridge.logger.warning("EventBridge may not deliver to %s for %s", target.get("Arn"), rule["Arn"])

    @replace(ecs, "_mark_task_stopped", "task_arn task reason stop_code exit_code")
    def mark_task_stopped(original, task_arn, task, *how, **more):
        stopped = original(task_arn, task, *how, **more)
        if stopped:
            _report("ECS Task State Change", task_arn, ecs._sanitize(task))
        return stopped

    @replace(ecs, "_record_service_task_failure", "task digest_resolution_failed")
    def record_service_task_failure(original, task, digest_resolution_failed=False):
        service = service_of(task)
        primary = ecs._primary_deployment(service) if service else None
        if primary and primary["rolloutState"] == "COMPLETED":
            _count_failure(service)
        original(task, digest_resolution_failed)

    @replace(ecs, "_record_service_task_healthy", "svc_key task")
    def record_service_task_healthy(original, svc_key, task):
        original(svc_key, task)
        if task.get("_startup_stable") and svc_key in ecs._services:
            ecs._services[svc_key]["_failures"] = 0

    @replace(ecs, "_refresh_service_state", "cluster_name group")
    def refresh_service_state(original, cluster_name, group):
        original(cluster_name, group)
        _report_deployments(f"{cluster_name}/{(group or '').removeprefix('service:')}")

    @replace(ecs, "_reconcile_service_tasks", "cluster_name svc_key")
    def reconcile_service_tasks(original, cluster_name, svc_key):
        _report_deployments(svc_key)
        original(cluster_name, svc_key)

    @replace(ecs, "_complete_service_deployment", "cluster_name svc_key expected_deployment_id")
    def complete_service_deployment(original, cluster_name, svc_key, expected_deployment_id=None):
        original(cluster_name, svc_key, expected_deployment_id)
        _report_deployments(svc_key)
