"""ECS deployments that fail when an alarm is raised, and go on being watched after their tasks are healthy: the bake time.

After "How CloudWatch alarms detect Amazon ECS deployment failures" in the ECS Developer Guide and AWS's announcement
"Automate rollbacks for Amazon ECS rolling deployments with CloudWatch alarms":

- An alarm of the service that goes into ALARM while a deployment is in progress fails it, and with `rollback` the last
  completed deployment takes its place. One that is in ALARM when a deployment starts is ignored for all of that deployment,
  so that a release that mends what is broken is not taken back for it.
- Once the new tasks are healthy and the old ones have stopped, the deployment stays IN_PROGRESS for the bake time, which AWS
  works out from the alarms and does not tell. Here it is what the longest of them looks back on and one minute more, so that
  it sees what happens in the first of its minutes.
- AWS does not document whether the old deployment is listed in that time. Here it is not, which is harder on whoever takes a
  service with a single deployment and all its tasks for one that is done: ECS can still go back.
- A deployment with nothing to go back to, which is a service's first one, does not bake here.
- An alarm that does not exist is refused here; AWS does not say what it does.

MiniStack keeps the setting and looks at no alarm.
"""

import threading
import time

from ministack.core.concurrency import resource_lock, spawn_background
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudwatch, ecs

import alarms
import metrics
from deployments import add_event, bring_back
from replace import existing, replace

_lock = threading.Lock()


def _alarm(name: str) -> dict | None:
    return cloudwatch._alarms.get(name)


def _problem(data: dict):
    """The refusal of a setting that names no alarm, or one that is not there."""
    setting = (data.get("deploymentConfiguration") or {}).get("alarms")
    if not setting:
        return None
    names = setting.get("alarmNames") or []
    if setting.get("enable") and not names:
        return _refusal("Deployment alarms are enabled, and no alarm names are given.")
    missing = [name for name in names if _alarm(name) is None]
    return _refusal(f"The deployment alarms {', '.join(missing)} do not exist.") if missing else None


def _refusal(message: str):
    return ecs.error_response_json("InvalidParameterException", message, 400)


def _setting(service: dict) -> dict:
    setting = (service.get("deploymentConfiguration") or {}).get("alarms") or {}
    return setting if setting.get("enable") else {}


def _watch(service: dict | None, before: str | None) -> None:
    """Has the alarms watched by a deployment that has just started, which is another than before."""
    primary = ecs._primary_deployment(service) if service else None
    if primary and primary["id"] != before:
        names = _setting(service).get("alarmNames") or []
        primary["_watched"] = [name for name in names if (_alarm(name) or {}).get("StateValue") != "ALARM"]


def previous_of(service: dict, deployment: dict) -> dict | None:
    """What a deployment would be rolled back to."""
    others = [each for each in service["deployments"] if each is not deployment]
    return next((each for each in others if each.get("rolloutState") == "COMPLETED"), None)


def _is_over(deployment: dict) -> bool:
    """Whether nothing is left of a deployment but that ECS can go back to it."""
    return (deployment["status"], deployment["rolloutState"], deployment["desiredCount"]) == ("ACTIVE", "COMPLETED", 0)


def _tasks(service: dict) -> list[dict]:
    group = f"service:{service['serviceName']}"
    return [
        task
        for task in list(ecs._tasks.values())
        if task.get("group") == group
        and task.get("clusterArn") == service["clusterArn"]
        and task.get("lastStatus") in ecs._PRE_STOP_STATUSES
    ]


def is_healthy(service: dict, primary: dict) -> bool:
    own = [task for task in _tasks(service) if task.get("_deployment_id") == primary["id"]]
    ready = [task for task in own if task.get("lastStatus") == "RUNNING" and task.get("_startup_stable")]
    return len(ready) >= service["desiredCount"]


def _bake(cluster: str, key: str, service: dict, primary: dict) -> None:
    """Stops the old tasks, watches the new ones alone, and completes the deployment if nothing has failed it."""
    for task in _tasks(service):
        if task.get("_deployment_id") != primary["id"]:
            reason = f"Scaling activity initiated by deployment {primary['id']}"
            ecs._stop_task({"task": task["taskArn"], "cluster": cluster, "reason": reason})
    previous = previous_of(service, primary)
    if previous:
        previous["desiredCount"] = 0
    ecs._refresh_service_state(cluster, f"service:{service['serviceName']}")
    known = [alarms.minutes(alarm) for name in primary["_watched"] if (alarm := _alarm(name))]
    time.sleep((max(known, default=0) + 1) * metrics.MINUTE)
    primary["_baked"] = True
    ecs._complete_service_deployment(cluster, key, primary["id"])


def _fail(cluster: str, key: str, service: dict, alarm: str) -> None:
    """Fails the deployment in progress, if it watches this alarm."""
    primary = ecs._primary_deployment(service)
    if primary and alarm in primary.get("_watched", []):
        primary["_alarm"] = alarm
        rollback = bool(_setting(service).get("rollback"))
        take_back(cluster, key, service, primary, f"alarm detected: {alarm}.", rollback)


def take_back(cluster: str, key: str, service: dict, primary: dict, why: str, rollback: bool = True) -> None:
    """Fails a deployment that is in progress; the last completed one takes its place, where that is wanted and there is one."""
    with resource_lock("ecs-service", key):
        if primary is not ecs._primary_deployment(service) or primary["rolloutState"] != "IN_PROGRESS":
            return
        primary.update(
            rolloutState="FAILED",
            rolloutStateReason=f"ECS deployment failed: {why}",
            desiredCount=0,
            updatedAt=ecs._iso(),
        )
        add_event(service, f"(deployment {primary['id']}) deployment failed: {why.split(':')[0].rstrip('.')}.")
        previous = previous_of(service, primary) if rollback else None
        if previous:
            primary["status"] = "ACTIVE"
            previous.update(
                status="PRIMARY",
                desiredCount=service["desiredCount"],
                rolloutState="IN_PROGRESS",
                rolloutStateReason=f"ECS deployment rollback in progress: rolling back to deployment {previous['id']}.",
                updatedAt=ecs._iso(),
                _watched=[],  # the failed one is the reason for the alarm
            )
            service["taskDefinition"] = previous["taskDefinition"]
            bring_back(service)
            add_event(service, f"rolling back to deployment {previous['id']}.")
    ecs._reconcile_service_tasks(cluster, key)
    ecs._schedule_service_deployment_completion(cluster, key, get_account_id(), get_region())


def _raised(alarm: str) -> None:
    scope = (get_account_id(), get_region())
    for (account, region, key), service in ecs._services.all_items():
        if (account, region) == scope and service.get("status") == "ACTIVE":
            with request_scope(account, region):
                _fail(key.split("/", 1)[0], key, service, alarm)


def _key(data: dict) -> str:
    name = data.get("serviceName") or ecs._resolve_service_ref(data.get("service", ""))[0]
    return f"{ecs._resolve_cluster_name(data.get('cluster', 'default'))}/{name}"


def install() -> None:
    existing(ecs, "_primary_deployment", "svc")
    existing(ecs, "_stop_task", "data")
    existing(ecs, "_resolve_service_ref", "ref")
    existing(ecs, "_schedule_service_deployment_completion", "cluster_name svc_key account_id region healthy_task")

    @replace(ecs, "_sanitize", "obj")
    def sanitize(original, obj):
        if isinstance(obj, dict) and "deployments" in obj:
            obj = {**obj, "deployments": [each for each in obj["deployments"] if not _is_over(each)]}
        return original(obj)

    @replace(ecs, "_create_service", "data")
    def create_service(original, data):
        response = _problem(data) or original(data)
        if response[0] == 200:
            _watch(ecs._services.get(_key(data)), None)
        return response

    @replace(ecs, "_update_service", "data")
    def update_service(original, data):
        problem = _problem(data)
        if problem or ecs._resolve_service_ref(data.get("service", "")) is None:
            return problem or original(data)
        before = ecs._primary_deployment(ecs._services.get(_key(data)) or {})
        response = original(data)
        _watch(ecs._services.get(_key(data)), before["id"] if before else None)
        return response

    @replace(ecs, "_complete_service_deployment", "cluster_name svc_key expected_deployment_id")
    def complete_service_deployment(original, cluster_name, svc_key, expected_deployment_id=None):
        service = ecs._services.get(svc_key)
        primary = ecs._primary_deployment(service) if service else None
        bakes = primary and primary["rolloutState"] == "IN_PROGRESS" and primary.get("_watched")
        if not bakes or primary.get("_baked") or not previous_of(service, primary):
            original(cluster_name, svc_key, expected_deployment_id)
            return
        with _lock:
            begins = not primary.get("_baking") and is_healthy(service, primary)
            primary["_baking"] = bool(primary.get("_baking") or begins)
        if begins:
            name = f"bake-{svc_key.rsplit('/', 1)[-1]}"
            spawn_background(_bake, cluster_name, svc_key, service, primary, thread_name=name)

    @replace(cloudwatch, "_record_history", "alarm_name old_state new_state reason alarm_type reason_data")
    def record_history(original, alarm_name, old_state, new_state, *rest, **details):
        original(alarm_name, old_state, new_state, *rest, **details)
        if new_state == "ALARM" and old_state != "ALARM":
            spawn_background(_raised, alarm_name, thread_name=f"alarm-{alarm_name}")
