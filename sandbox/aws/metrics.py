"""What CloudWatch knows of load balancers and services, measured each minute.

| namespace | metrics | by |
| --- | --- | --- |
| `AWS/ApplicationELB` | `RequestCount`, `HTTPCode_Target_2XX_Count` to `5XX` | load balancer; with target group |
| | `HTTPCode_ELB_5XX_Count`, `HTTPCode_ELB_502_Count`, `503`, `504` | load balancer |
| | `HealthyHostCount`, `UnHealthyHostCount` | load balancer with target group |
| `AWS/ECS` | `CPUUtilization`, `MemoryUtilization`, one sample of each running task, from Docker | cluster with service |
| `AWS/SQS` | `ApproximateNumberOfMessagesVisible` | queue |
| `ECS/ContainerInsights` | `DesiredTaskCount`, `RunningTaskCount`, in clusters that have it on | cluster with service |

Nothing else is published: no response times, no connections, no network, and from Container Insights only what is above. AWS
publishes a minute of a load balancer two or three minutes later; here it is there at once.

A minute lasts `MINUTE` seconds here. Whoever asks for statistics gets the points at the times when they were measured.
"""

import json
import os
import threading
import time
from collections import Counter
from typing import Callable

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import alb, cloudwatch, cloudwatch_logs, ecs, sqs

import health
from replace import existing

MINUTE = float(os.environ.get("SANDBOX_MINUTE", "1"))

_KEPT = 3600  # seconds; AWS keeps them for months
_BEHIND = 60  # minutes; a machine that has slept for longer goes on from there
_ALB = "AWS/ApplicationELB"
_CONTAINER_INSIGHTS = "ECS/ContainerInsights"

_lock = threading.Lock()
_counted: Counter[tuple[str, str, str, tuple[tuple[str, str], ...]]] = Counter()
_cpu: dict[str, tuple[float, float]] = {}  # by container: CPU seconds used, and when that was


def count_request(balancer_arn: str, group_arn: str | None, status: int) -> None:
    """Counts a request by who answered it: a target of the group, or, without one, the load balancer itself."""
    balancer = {"LoadBalancer": balancer_arn.split(":loadbalancer/")[-1]}
    scope = (get_account_id(), get_region())
    with _lock:
        if group_arn:
            group = {**balancer, "TargetGroup": group_arn.split(":")[-1]}
            for dimensions in (balancer, group):
                by = tuple(dimensions.items())
                _counted[(*scope, "RequestCount", by)] += 1
                _counted[(*scope, f"HTTPCode_Target_{status // 100}XX_Count", by)] += 1
        elif status >= 500:
            by = tuple(balancer.items())
            # A request counts once a target was chosen for it, which one that ends in a 503 has none of.
            for name in ("HTTPCode_ELB_5XX_Count", f"HTTPCode_ELB_{status}_Count", *(["RequestCount"] if status != 503 else [])):
                _counted[(*scope, name, by)] += 1


def _publish(at: float, namespace: str, name: str, dimensions: dict, unit: str, value: float, count: float = 1) -> None:
    """Stores `value`, seen `count` times, as MiniStack keeps its points."""
    points = cloudwatch._metric_bucket((namespace, name, cloudwatch._dims_key(dimensions)))
    while points and points[0]["Timestamp"] < at - _KEPT:
        points.pop(0)
    points.append({"Timestamp": at, "Value": float(value), "Count": float(count), "Unit": unit, "Dimensions": dimensions})


def _publish_requests(at: float) -> None:
    with _lock:
        counted = dict(_counted)
        _counted.clear()
    for (account, region, name, dimensions), times in counted.items():
        with request_scope(account, region):
            _publish(at, _ALB, name, dict(dimensions), "Count", 1, times)


def _publish_health(at: float) -> None:
    with health.lock:
        states = [(key[0], found.state) for key, found in health.known.items()]
    for (account, region, arn), group in alb._tgs.all_items():
        of_group = [state for group_arn, state in states if group_arn == arn]
        for balancer in group.get("LoadBalancerArns") or [] if of_group else []:
            dimensions = {"LoadBalancer": balancer.split(":loadbalancer/")[-1], "TargetGroup": arn.split(":")[-1]}
            healthy = of_group.count("healthy")
            with request_scope(account, region):
                _publish(at, _ALB, "HealthyHostCount", dimensions, "Count", healthy)
                _publish(at, _ALB, "UnHealthyHostCount", dimensions, "Count", of_group.count("unhealthy"))


def _publish_queues(at: float) -> None:
    for (account, region, _), queue in sqs._queues.all_items():
        with request_scope(account, region):
            sqs._refresh_counts(queue)
            visible = float(queue["attributes"]["ApproximateNumberOfMessages"])
            dimensions = {"QueueName": queue["name"]}
            _publish(at, "AWS/SQS", "ApproximateNumberOfMessagesVisible", dimensions, "Count", visible)


def _publish_service(at: float, service: dict) -> None:
    cluster, name = service["clusterArn"].rsplit("/", 1)[-1], service["serviceName"]
    dimensions = {"ClusterName": cluster, "ServiceName": name}
    running = [
        task
        for task in list(ecs._tasks.values())
        if task.get("group") == f"service:{name}"
        and task.get("clusterArn") == service["clusterArn"]
        and task.get("lastStatus") == "RUNNING"
    ]
    for task in running:
        for metric, percent in _used(task).items():
            _publish(at, "AWS/ECS", metric, dimensions, "Percent", percent)
    settings = (ecs._clusters.get(cluster) or {}).get("settings", [])
    insights = {setting["value"] for setting in settings if setting["name"] == "containerInsights"}
    if insights & {"enabled", "enhanced"}:  # either measures a service's tasks
        counts = {"DesiredTaskCount": service["desiredCount"], "RunningTaskCount": len(running)}
        for metric, count in counts.items():
            _publish(at, _CONTAINER_INSIGHTS, metric, dimensions, "Count", count)
        _log(cluster, at, {"Type": "Service", **dimensions, **counts})


def _log(cluster: str, at: float, event: dict) -> None:
    """Container Insights writes what it measures into a log group, which it makes where there is none. Here once a real minute."""
    group, stream = f"/aws/ecs/containerinsights/{cluster}/performance", "ServiceTelemetry"
    begun = stream in (cloudwatch_logs._log_groups.get(group) or {}).get("streams", {})
    config = {"group": group, "stream": stream, "create_group": True}
    if (not begun or at % 60 < MINUTE) and ecs._ensure_awslogs_stream(config):
        ecs._emit_awslogs_event(config, json.dumps(event))


def _used(task: dict) -> dict[str, float]:
    """What a task uses of the CPU and memory that it may use, in per cent; no CPU on the first look at it."""
    cpu_seconds = memory = 0.0
    containers = [each for each in task.get("_docker_ids") or [] if each]
    try:
        for container in containers:
            stats = ecs._get_docker().api.stats(container, stream=False, one_shot=True)
            cpu_seconds += stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
            memory += stats["memory_stats"].get("usage", 0) / 2**20
    except Exception:
        return {}  # it has ended meanwhile, or not quite started
    now, definition = time.monotonic(), ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
    before = _cpu.get(task["taskArn"])
    _cpu[task["taskArn"]] = (cpu_seconds, now)
    used = {"MemoryUtilization": 100 * memory / float(definition["memory"])} if definition.get("memory") else {}
    if before and definition.get("cpu"):
        share = (cpu_seconds - before[0]) / (now - before[1])
        used["CPUUtilization"] = 100 * share / (float(definition["cpu"]) / 1024)
    return used


def _measure(at: float) -> None:
    _publish_requests(at)
    _publish_health(at)
    _publish_queues(at)
    for (account, region, _), service in ecs._services.all_items():
        if service.get("status") == "ACTIVE":
            with request_scope(account, region):
                _publish_service(at, service)
    running = {task["taskArn"] for _, task in ecs._tasks.all_items() if task.get("lastStatus") == "RUNNING"}
    for task_arn in set(_cpu) - running:
        del _cpu[task_arn]


def _each_minute(then: Callable[[int], None]) -> None:
    minute = int(time.time() // MINUTE)
    while True:
        time.sleep(max(0.0, (minute + 1) * MINUTE - time.time()))
        try:
            _measure((minute + 0.5) * MINUTE)
            then(minute)
        except Exception:
            cloudwatch.logger.exception("metrics")
        # A busy machine may take longer than a minute for it: none is left out, since missing data raises alarms too.
        minute = max(minute + 1, int(time.time() // MINUTE) - _BEHIND)


def start(then: Callable[[int], None]) -> None:
    """Measures from now on, and calls `then` with the number of the minute that has been measured."""
    existing(cloudwatch, "_metric_bucket", "key")
    existing(cloudwatch, "_dims_key", "dims")
    existing(sqs, "_refresh_counts", "q")
    existing(ecs, "_ensure_awslogs_stream", "config")
    existing(ecs, "_emit_awslogs_event", "config message")
    threading.Thread(target=_each_minute, args=(then,), daemon=True, name="cloudwatch").start()
