"""Tasks spread over the zones of their subnets, as "Task placement for Fargate" in the ECS Developer Guide has it.

MiniStack puts each task into the first subnet, and says zone a of all.
"""

import json
from collections import Counter

from ministack.services import ec2, ecs

from replace import replace


def _place(task: dict, subnets: list[str]) -> None:
    """Puts a task where the fewest of its group are."""
    others = [each for each in ecs._tasks.values() if each.get("group") == task.get("group") and each is not task]
    taken = Counter(each.get("_subnet") for each in others if each["lastStatus"] != "STOPPED")
    task["_subnet"] = min(subnets, key=lambda each: taken[each])
    task["availabilityZone"] = ec2._subnets[task["_subnet"]]["AvailabilityZone"]


def install() -> None:
    @replace(ecs, "_run_task", "data")
    def run_task(original, data):
        response = original(data)
        network = (data.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
        subnets = [each for each in network.get("subnets") or [] if each in ec2._subnets]
        for task in json.loads(response[2]).get("tasks", []) if subnets else []:
            _place(ecs._tasks[task["taskArn"]], subnets)
        return response
