"""The port on which a task is a target: that of the service revision which started it, whatever the service says by now."""

from ministack.services import ecs


def port_of(task: dict, group_arn: str, present: int) -> int:
    """`present`: the service's, which is the task's own when it is first asked for."""
    return task.setdefault("_target_ports", {}).setdefault(group_arn, present)


def with_own_ports(group_arn: str, targets: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Targets as (address, the service's present port), each with its task's own port instead."""
    running = {ecs._task_ip(task): task for task in ecs._tasks.values() if task.get("lastStatus") == "RUNNING"}
    return [
        (address, port_of(running[address], group_arn, port) if address in running else port) for address, port in targets
    ]
