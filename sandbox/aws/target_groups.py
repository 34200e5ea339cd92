"""Which target group the tasks of a deployment join, where a service has two that take turns.

With ECS's own blue/green, canary and linear deployments the new tasks join the group that does not serve, which serves once
the traffic has shifted to it: "Amazon ECS blue/green deployments" in the ECS Developer Guide. A rolling deployment stays in the
group that serves. DescribeServices goes on naming the groups as they were given. An UpdateService that names them says with the
first which one serves: so it was observed (hashicorp/terraform-provider-aws#45678, where each release starts in the second).
"""

from ministack.core.concurrency import resource_lock
from ministack.services import alb, ecs

from replace import replace

GRADUAL = ("BLUE_GREEN", "CANARY", "LINEAR")


def advanced(service: dict) -> dict:
    """The alternate target group, the listener rules and ECS's role; empty where the service has none."""
    return next((each["advancedConfiguration"] for each in service.get("loadBalancers") or [] if each.get("advancedConfiguration")), {})


def strategy(service: dict) -> str:
    return (service.get("deploymentConfiguration") or {}).get("strategy") or "ROLLING"


def pair(service: dict) -> list[str]:
    """The target groups, as they were given: two that take turns, or one."""
    balancer = next((each for each in service["loadBalancers"] if each.get("advancedConfiguration")), service["loadBalancers"][0])
    alternate = advanced(service).get("alternateTargetGroupArn")
    return [balancer.get("targetGroupArn", ""), *([alternate] if alternate else [])]


def serving(service: dict) -> str:
    """The group that the last completed deployment is in."""
    groups = pair(service)
    return service["_serving"] if service.get("_serving") in groups else groups[0]


def group_of(service: dict, deployment: dict) -> str:
    """The group that a deployment's tasks are in, decided when it is first asked for."""
    if deployment.get("_group") not in pair(service):
        has_predecessor = any(each is not deployment and each.get("_completed") for each in service["deployments"])
        shifts = strategy(service) in GRADUAL and has_predecessor
        other = next(group for group in pair(service) if group != serving(service))
        deployment["_group"] = other if shifts else serving(service)
    return deployment["_group"]


def group_of_task(service: dict, task: dict) -> str:
    """A task stays where it was registered, also when its deployment is not listed any more."""
    deployment = ecs._deployment_for_task(service, task)
    if task.get("_group") not in pair(service):
        task["_group"] = group_of(service, deployment) if deployment else serving(service)
    return task["_group"]


def install() -> None:
    @replace(ecs, "_sync_service_targets", "cluster_name svc")
    def sync_service_targets(original, cluster_name, svc):
        if not advanced(svc):
            return original(cluster_name, svc)
        port = next(each for each in svc["loadBalancers"] if each.get("advancedConfiguration")).get("containerPort", 80)
        running = [
            task
            for task in list(ecs._tasks.values())
            if task.get("group") == f"service:{svc['serviceName']}"
            and task.get("clusterArn") == svc["clusterArn"]
            and task.get("lastStatus") == "RUNNING"
            and svc["status"] == "ACTIVE"
        ]
        for group in pair(svc):
            with resource_lock("elbv2-targets", group):
                targets = [(address, port) for task in running if group_of_task(svc, task) == group and (address := ecs._task_ip(task))]
                ledger = svc.setdefault("_published_targets", {})
                alb.set_targets_for_group(group, targets, ledger.get(group, ()))
                ledger[group] = [address for address, _ in targets]
        return None
