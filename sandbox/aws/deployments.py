"""ECS service deployments that wait for the load balancer.

MiniStack calls a deployment complete when its containers have run for a second: a task that never becomes healthy is
a success, and the first deployment of a service is one from the start. Here a task counts once every target group of
the service finds it healthy; one that is found unhealthy after the grace period is stopped and counts as failed, so
that the circuit breaker sees it; and an old task is stopped only after its last request was answered.
"""

import threading
import time

from ministack.core.concurrency import spawn_background
from ministack.core.responses import request_scope
from ministack.services import alb, ecs

import health
from health import SPEED
from replace import existing, replace
from target_groups import advanced, group_of, group_of_task, pair
from task_ports import port_of

_busy: set[str] = set()

# Of UpdateService's parameters those that its reference says trigger a new service deployment, beside the task definition.
_TRIGGERS = ("loadBalancers", "networkConfiguration", "platformVersion", "serviceRegistries")

# What a service revision has beside the task definition ("ServiceRevision" in the API reference): a rollback brings it back as well.
_REVISED = ("capacityProviderStrategy", "launchType", "loadBalancers", "networkConfiguration")


def _targets(service: dict, task: dict) -> list[tuple[str, str, int]]:
    """Where the task must be healthy: target group, address and port."""
    address = ecs._task_ip(task)
    groups = [each for each in service.get("loadBalancers") or [] if each.get("targetGroupArn")]
    arns = [(group_of_task(service, task) if advanced(service) else each["targetGroupArn"], each) for each in groups]
    return [(arn, str(address), port_of(task, arn, int(each.get("containerPort", 80)))) for arn, each in arns]


def _states(service: dict, task: dict) -> list[str]:
    return [health.state_of(*target) for target in _targets(service, task)]


def _running(service: dict) -> list[dict]:
    group, cluster = f"service:{service['serviceName']}", service.get("clusterArn")
    return [
        task
        for task in ecs._tasks.values()
        if task.get("group") == group and task.get("clusterArn") == cluster and task.get("lastStatus") == "RUNNING"
    ]


def _within_grace(service: dict, task: dict) -> bool:
    since = task.setdefault("_running_since", time.monotonic())
    return time.monotonic() - since < float(service.get("healthCheckGracePeriodSeconds") or 0) / SPEED


def add_event(service: dict, message: str) -> None:
    """Puts a sentence first among the events that DescribeServices tells of a service."""
    text = f"(service {service['serviceName']}) {message}"
    service["events"].insert(0, {"id": ecs.new_uuid(), "createdAt": ecs._iso(), "message": text})


def _stop_unhealthy(service: dict, task: dict) -> None:
    target = next(each for each in _targets(service, task) if health.state_of(*each) == "unhealthy")
    reason = f"Task failed ELB health checks in (target-group {target[0]})"
    why = health.reason_of(*target)
    if ecs._mark_task_stopped(task["taskArn"], task, reason, "ServiceSchedulerInitiated"):
        add_event(service, f"(port {target[2]}) is unhealthy in (target-group {target[0]}) due to (reason {why})")
        ecs._record_service_task_failure(task)
        ecs._cleanup_task_resources(task, ecs._get_docker())


def _watch(key: str, service: dict) -> None:
    """One look at a service: promotes tasks that have become healthy, stops those that are not."""
    cluster = key.split("/", 1)[0]
    promoted = False
    for task in _running(service):
        states = _states(service, task)
        grace = _within_grace(service, task)
        if "unhealthy" in states and not grace:
            _stop_unhealthy(service, task)
        elif all(state == "healthy" for state in states) and not task.get("_startup_stable"):
            ecs._record_service_task_healthy(key, task)
            promoted = True
    if promoted:
        ecs._refresh_service_state(cluster, f"service:{service['serviceName']}")
        ecs._reconcile_service_tasks(cluster, key)
        ecs._complete_service_deployment(cluster, key)


def _look(account: str, region: str, key: str, service: dict) -> None:
    try:
        with request_scope(account, region):
            _watch(key, service)
    finally:
        _busy.discard(f"{account}/{region}/{key}")


def _look_forever() -> None:
    while True:
        for (account, region, key), service in ecs._services.all_items():
            name = f"{account}/{region}/{key}"
            if service.get("status") == "ACTIVE" and service.get("loadBalancers") and name not in _busy:
                _busy.add(name)  # stopping a task takes a while; other services are looked at meanwhile
                spawn_background(_look, account, region, key, service, thread_name=f"service-{key}")
        time.sleep(0.25)


def _has_load_balancer(arn: str) -> bool:
    return arn in health.in_use()


def install() -> None:
    existing(ecs, "_task_ip", "task")
    existing(ecs, "_mark_task_stopped", "task_arn task reason stop_code exit_code")
    existing(ecs, "_reconcile_service_tasks", "cluster_name svc_key")
    existing(ecs, "_refresh_service_state", "cluster_name group")
    existing(ecs, "_resolve_cluster_name", "ref")
    existing(ecs, "_resolve_service_ref", "ref")

    @replace(ecs, "_cleanup_task_resources", "task docker_client extra_container")
    def cleanup_task_resources(original, task, docker_client, extra_container=None):
        # For a container that ended by itself MiniStack passes no client, and so leaves it behind.
        original(task, docker_client or ecs._get_docker(), extra_container)

    @replace(ecs, "_make_deployment", "task_definition desired_count status")
    def make_deployment(original, task_definition, desired_count, status="PRIMARY"):
        deployment = original(task_definition, desired_count, status)
        reason = f"ECS deployment {deployment['id']} in progress."
        return {**deployment, "rolloutState": "IN_PROGRESS", "rolloutStateReason": reason}

    @replace(ecs, "_record_service_task_healthy", "svc_key task")
    def record_service_task_healthy(original, svc_key, task):
        service = ecs._services.get(svc_key)
        if service and all(state == "healthy" for state in _states(service, task)):
            original(svc_key, task)

    @replace(ecs, "_complete_service_deployment", "cluster_name svc_key expected_deployment_id")
    def complete_service_deployment(original, cluster_name, svc_key, expected_deployment_id=None):
        service = ecs._services.get(svc_key)
        before = (ecs._primary_deployment(service) or {}).get("rolloutState") if service else None
        original(cluster_name, svc_key, expected_deployment_id)
        primary = ecs._primary_deployment(service) if service else None
        if not primary or primary["rolloutState"] != "COMPLETED":
            return
        # A deployment that failed is gone once the rollback is done: that is how ECS tells a waiter that it is stable.
        live = {task.get("_deployment_id") for task in ecs._tasks.values() if task["lastStatus"] != "STOPPED"}
        service["deployments"] = [each for each in service["deployments"] if each is primary or each["id"] in live]
        primary["_completed"] = True
        if advanced(service):
            service["_serving"] = group_of(service, primary)
        if before == "IN_PROGRESS":
            add_event(service, f"(deployment {primary['id']}) deployment completed.")
            add_event(service, "has reached a steady state.")

    @replace(ecs, "_record_service_task_failure", "task digest_resolution_failed")
    def record_service_task_failure(original, task, digest_resolution_failed=False):
        ecs.logger.warning("%s: %s", task["taskArn"], task.get("stoppedReason"))
        original(task, digest_resolution_failed)
        service = service_of(task)
        if service:
            # After a rollback MiniStack leaves the failed deployment first, and then counts it as the primary one.
            bring_back(service)

    @replace(ecs, "_update_service", "data")
    def update_service(original, data):
        service = named(data.get("cluster", "default"), data.get("service", ""))
        for each in (service or {}).get("deployments", []):
            # What was complete once can be rolled back to, also while an earlier rollback to it still goes on.
            if each.get("_completed"):
                each["rolloutState"] = "COMPLETED"
        if service and any(name in data and data[name] != service.get(name) for name in _TRIGGERS):
            data = {**data, "forceNewDeployment": True}
        refused = _unattached(data)
        if refused:
            return refused
        if service and "deploymentConfiguration" in data:
            # What is not given stays as it is; MiniStack forgets it.
            data = {**data, "deploymentConfiguration": {**service["deploymentConfiguration"], **data["deploymentConfiguration"]}}
        if service and "availabilityZoneRebalancing" in data:
            service["availabilityZoneRebalancing"] = data["availabilityZoneRebalancing"]
        answer = original(data)
        _keep_revision(service)
        return answer

    @replace(ecs, "_remove_docker_container", "docker_client container_or_id")
    def remove_docker_container(original, docker_client, container_or_id):
        for key, seconds in _delays(container_or_id):
            health.wait_until_idle(key, seconds)
        original(docker_client, container_or_id)

    @replace(ecs, "_create_service", "data")
    def create_service(original, data):
        answer = _unattached(data) or _unknown(data) or original(data)
        service = named(data.get("cluster", "default"), data.get("serviceName", ""))
        if service:
            # CreateService: "when no value is specified, Amazon ECS defaults the value to ENABLED"; services from before have DISABLED.
            service.setdefault("availabilityZoneRebalancing", data.get("availabilityZoneRebalancing", "ENABLED"))
            _keep_revision(service)
        return answer

    @replace(ecs, "_run_task", "data")
    def run_task(original, data):
        return _unknown(data) or original(data)

    @replace(ecs, "_delete_cluster", "data")
    def delete_cluster(original, data):
        name = ecs._resolve_cluster_name(data.get("cluster", "default"))
        active = [key for key, each in ecs._services.items() if each["status"] == "ACTIVE"]
        if any(key.startswith(f"{name}/") for key in active):
            message = "The Cluster cannot be deleted while Services are active."
            return ecs.error_response_json("ClusterContainsServicesException", message, 400)
        return original(data)

    threading.Thread(target=_look_forever, daemon=True, name="services").start()


def _keep_revision(service: dict | None) -> None:
    primary = ecs._primary_deployment(service) if service else None
    if service and primary:
        primary.setdefault("_revision", {name: service.get(name) for name in _REVISED})


def bring_back(service: dict) -> None:
    """Puts the deployment first that is the primary again, after another was taken back, and gives the service what it had with it."""
    service["deployments"].sort(key=lambda each: each["status"] != "PRIMARY")
    service.update((ecs._primary_deployment(service) or {}).get("_revision", {}))


def named(cluster: str, service: str) -> dict | None:
    """The service; both are names or ARNs."""
    name, _ = ecs._resolve_service_ref(service) or ("", None)
    return ecs._services.get(f"{ecs._resolve_cluster_name(cluster)}/{name}")


def service_of(task: dict) -> dict | None:
    """The service that a task belongs to; None for one that was run on its own."""
    kind, _, name = task.get("group", "").partition(":")
    return named(task["clusterArn"], name) if kind == "service" else None


def _unattached(data: dict):
    """The refusal of a target group that no load balancer uses."""
    for arn in [arn for balancer in data.get("loadBalancers") or [] for arn in pair({"loadBalancers": [balancer]})]:
        if not _has_load_balancer(arn):
            message = f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            return ecs.error_response_json("InvalidParameterException", message, 400)
    return None


def _unknown(data: dict):
    """The refusal of a cluster or task definition that does not exist; MiniStack would make the cluster up."""
    if ecs._resolve_cluster_name(data.get("cluster", "default")) not in ecs._clusters:
        return ecs.error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
    definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", "")))
    if definition is None or definition["status"] != "ACTIVE":
        return ecs.error_response_json("ClientException", "TaskDefinition is inactive or not found.", 400)
    return None


def _delays(container_or_id) -> list[tuple[str, float]]:
    """The address of a container that is about to be stopped, and how long its requests may take."""
    container_id = getattr(container_or_id, "id", container_or_id)
    try:
        networks = ecs._get_docker().api.inspect_container(container_id)["NetworkSettings"]["Networks"]
    except Exception:
        return []
    longest = max([health.drain_seconds(arn) for _, arn in _all_groups()], default=0.0)
    return [(each["IPAddress"], longest) for each in networks.values() if each.get("IPAddress")]


def _all_groups() -> list[tuple[str, str]]:
    return [(region, arn) for (_, region, arn), _ in alb._tgs.all_items()]
