"""ECS Exec's refusals. MiniStack hands out a session for any running task; nobody is at the other end of it, here or there.

"ECS Exec" in the ECS Developer Guide: the task must have been started with execute command enabled, on a root file system that its
agent can write to, and the agent opens its channels with the task's role. The shell itself is not emulated: `docker exec` opens one.
"""

from ministack.core.responses import get_region
from ministack.services import ecs

from permissions import as_task, permits
from replace import existing, replace

_CHANNELS = [
    f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")
]  # fmt: skip


def _agent_runs(task: dict) -> bool:
    """Whether a task's agent could start, and open its channels."""
    definition = ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
    if any(each.get("readonlyRootFilesystem") for each in definition.get("containerDefinitions", [])):
        return False
    role = definition.get("taskRoleArn")
    principal = as_task(role, task["taskArn"].rsplit("/", 1)[-1]) if role else "no role"
    return not isinstance(principal, str) and all(permits(principal, each, "*", get_region()) for each in _CHANNELS)


def install() -> None:
    existing(ecs, "_resolve_task", "ref cluster_name")

    @replace(ecs, "_execute_command", "data")
    def execute_command(original, data):
        task = ecs._resolve_task(data.get("task", ""), ecs._resolve_cluster_name(data.get("cluster", "default")))
        if task and not (task.get("enableExecuteCommand") and _agent_runs(task)):
            message = (
                "The execute command failed because execute command was not enabled when the task was run or the execute "
                "command agent isn't running. Wait and try again or run a new task with execute command enabled and try again."
            )
            return ecs.error_response_json("InvalidParameterException", message, 400)
        return original(data)
