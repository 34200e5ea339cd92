"""Tasks spread over the zones of their subnets, as "Task placement for Fargate" in the ECS Developer Guide has it, as far as there is room.

MiniStack puts each task into the first subnet, says zone a of all, and has room for any number. Here an account has the vCPUs that a
new one has in a region: "Fargate On-Demand vCPU resource count" in "Amazon ECS endpoints and quotas" of the AWS General Reference.
"""

import json
import time
from collections import Counter

from ministack.core.concurrency import spawn_background
from ministack.services import ec2, ecs

from containers import RETRY_AFTER
from deployments import add_event, named
from events import report_action
from replace import existing, replace

_QUOTA = 6 * 1024  # CPU units

# AWS's sentence, as those cite it who met it.
_NO_ROOM = "You've reached the limit on the number of vCPUs you can run concurrently"


def _place(task: dict, subnets: list[str]) -> None:
    """Puts a task where the fewest of its group are."""
    others = [each for each in ecs._tasks.values() if each.get("group") == task.get("group") and each is not task]
    taken = Counter(each.get("_subnet") for each in others if each["lastStatus"] != "STOPPED")
    task["_subnet"] = min(subnets, key=lambda each: taken[each])
    task["availabilityZone"] = ec2._subnets[task["_subnet"]]["AvailabilityZone"]


def _room(data: dict) -> int:
    """How many more tasks of a definition there is room for."""
    definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", ""))) or {}
    used = sum(int(each["cpu"]) for each in ecs._tasks.values() if each["lastStatus"] != "STOPPED")
    return max(0, _QUOTA - used) // int(definition.get("cpu", 256))


def _try_again(cluster: str, service: dict, task: dict) -> None:
    """Counts a task that was not placed as one that has failed, for the circuit breaker, and has the service try again."""
    time.sleep(RETRY_AFTER)
    service["_waits_for_room"] = False
    if (ecs._primary_deployment(service) or {}).get("rolloutState") == "IN_PROGRESS":
        ecs._record_service_task_failure(task)
    else:
        ecs._reconcile_service_tasks(cluster, f"{cluster}/{service['serviceName']}")


def _not_placed(data: dict) -> None:
    """What ECS does for a service that a task cannot be placed of: its event, EventBridge's, and another try."""
    service = named(data["cluster"], data["group"].removeprefix("service:"))
    if service is None or service.get("_waits_for_room"):
        return
    service["_waits_for_room"] = True
    more = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
    add_event(service, f"was unable to place a task. Reason: {_NO_ROOM}. {more}")
    report_action(service, "ERROR", "SERVICE_TASK_PLACEMENT_FAILURE", reason="RESOURCE:FARGATE")
    # What counts failures asks this of a task; there is none.
    task = {
        **{"taskArn": "a task", "stoppedReason": _NO_ROOM, "clusterArn": service["clusterArn"], "group": data["group"]},
        "_deployment_id": data.get("_deploymentId"),
    }
    cluster = ecs._resolve_cluster_name(data["cluster"])
    spawn_background(_try_again, cluster, service, task, thread_name=f"placement-{service['serviceName']}")


def install() -> None:
    existing(ecs, "_reconcile_service_tasks", "cluster_name svc_key")
    existing(ecs, "_record_service_task_failure", "task digest_resolution_failed")

    @replace(ecs, "_run_task", "data")
    def run_task(original, data):
        wanted = int(data.get("count") or 1)
        placed = min(wanted, _room(data))
        of_service = str(data.get("group", "")).startswith("service:")
        if placed < wanted and of_service:
            _not_placed(data)
        response = original({**data, "count": placed})
        status, headers, body = response
        answer = json.loads(body)
        network = (data.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
        subnets = [each for each in network.get("subnets") or [] if each in ec2._subnets]
        for task in answer.get("tasks", []) if subnets else []:
            _place(ecs._tasks[task["taskArn"]], subnets)
        if placed == wanted or status != 200:
            return response
        answer["failures"] += [{"reason": _NO_ROOM}] * (wanted - placed)
        return status, headers, json.dumps(answer).encode()
