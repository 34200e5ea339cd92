"""ECS's own blue/green, canary and linear deployments, which MiniStack takes for rolling ones.

After "Amazon ECS blue/green service deployments workflow", "Amazon ECS canary deployments" and "Amazon ECS linear deployments" in
the ECS Developer Guide, and ServiceDeployment in the API reference:

- The new tasks start beside the old ones and join the other target group. Once all are healthy, ECS shifts the traffic by the
  weights of the listener rules: that for tests first and at once, that for visitors in the strategy's steps.
- Both versions stay for the bake time. Then the old tasks go. A first deployment has nothing to shift from.
- A deployment that fails at any time gives the traffic back at once; the old tasks have been there all the time. It fails by an
  alarm, by the circuit breaker, and where ECS's role or the rules do not fit.
- With a new deployment in the middle of another the traffic goes back to the last completed one, and the tasks between go.

The circuit breaker counts here as with rolling deployments. AWS's reference has it for the controller ECS, and it is what takes
such a deployment back on AWS: TestAccECSService_BlueGreenDeployment_circuitBreakerRollback in the AWS provider. Without it a task
that never becomes healthy is started anew for the 24 hours that a stage may take.

A minute is as long as CloudWatch's here. No hook of a stage is known. What AWS says of a strategy that it refuses is not documented:
those sentences are made up.
"""

import time

from ministack.core.concurrency import resource_lock, spawn_background
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import alb, ecs

import metrics
import weighted_rules
from deployment_alarms import is_healthy, previous_of, take_back
from deployments import named
from permissions import as_service, permits
from replace import existing, replace
from target_groups import GRADUAL, advanced, group_of, pair, serving

_LARGEST = 999  # a weight; AWS's are whole numbers up to it


def _steps(configuration: dict) -> list[tuple[float, float]]:
    """Which share of the visitors is shifted, in per cent, and how many minutes it stays so."""
    match configuration["strategy"]:
        case "CANARY":
            canary = configuration.get("canaryConfiguration") or {}
            return [(canary.get("canaryPercent", 5.0), canary.get("canaryBakeTimeInMinutes", 10)), (100.0, 0)]
        case "LINEAR":
            linear = configuration.get("linearConfiguration") or {}
            step, minutes = linear.get("stepPercent", 10.0), linear.get("stepBakeTimeInMinutes", 6)
            shares = [step * number for number in range(1, int(100 / step) + 1) if step * number < 100]
            return [*((share, minutes) for share in shares), (100.0, 0)]
    return [(100.0, 0)]


def _weights(old: str, new: str, percent: float) -> dict[str, int]:
    most = 100 if float(percent).is_integer() else _LARGEST
    shifted = max(1, round(most * percent / 100)) if percent else 0
    return {old: most - shifted, new: shifted}


def _rules(service: dict) -> list[dict]:
    """The rule for visitors, and that for tests where there is one."""
    arns = [advanced(service).get("productionListenerRule"), advanced(service).get("testListenerRule")]
    return [rule for arn in arns if arn and (rule := alb._rules.get(arn))]


def _forward(service: dict, rule: dict, group: str, percent: float) -> None:
    other = next(each for each in pair(service) if each != group)
    weighted_rules.weigh(rule, _weights(other, group, percent))


def _role_problem(balancers: list[dict]) -> str | None:
    """Why ECS cannot work with its role on the load balancer: what it asks before it takes the service."""
    for each in balancers:
        role = (each.get("advancedConfiguration") or {}).get("roleArn")
        principal = as_service(role, "ecs.amazonaws.com", "ECS", {}) if role else None
        reads = ("DescribeListeners", "DescribeRules", "DescribeTargetGroups", "DescribeTargetHealth")
        may = principal and all(permits(principal, f"elasticloadbalancing:{read}", "*", get_region()) for read in reads)
        if role and not may:
            return (
                f"Unable to assume role {role} and validate the listeners configured on your load balancer. "
                "Please verify that the ECS service role being passed has the proper permissions."
            )
    return None


def _shift_problem(service: dict) -> str | None:
    """Why a deployment that has started cannot shift its traffic."""
    known = {group for rule in _rules(service) for group in weighted_rules.forwards_to(rule)}
    if not set(pair(service)) <= known:
        return "both targetGroup and alternateTargetGroup must be associated with the productionListenerRule or testListenerRule."
    principal = as_service(advanced(service)["roleArn"], "ecs.amazonaws.com", "ECS", {})
    needed = [("ModifyRule", rule["RuleArn"]) for rule in _rules(service)]
    needed += [(action, group) for group in pair(service) for action in ("RegisterTargets", "DeregisterTargets")]
    for action, resource in needed:
        if not principal or not permits(principal, f"elasticloadbalancing:{action}", resource, get_region()):
            return f"{advanced(service)['roleArn']} is not authorized to perform elasticloadbalancing:{action} on {resource}."
    return None


def _setting_problem(configuration: dict, balancers: list[dict]) -> str | None:
    """What ECS refuses in a strategy: the limits are those of DeploymentConfiguration and its parts in the API reference."""
    wanted = configuration.get("strategy", "ROLLING")
    if wanted not in ("ROLLING", *GRADUAL):
        return f"The deployment strategy {wanted} is not known."
    if wanted in GRADUAL and not any(each.get("advancedConfiguration") for each in balancers):
        return f"The deployment strategy {wanted} needs an advancedConfiguration of the load balancer."
    canary, linear = configuration.get("canaryConfiguration") or {}, configuration.get("linearConfiguration") or {}
    limits = (
        ("bakeTimeInMinutes", configuration, 0, 1440),
        ("canaryPercent", canary, 0.1, 100),
        ("canaryBakeTimeInMinutes", canary, 0, 1440),
        ("stepPercent", linear, 3, 100),
        ("stepBakeTimeInMinutes", linear, 0, 1440),
    )
    for name, given, least, most in limits:
        value = given.get(name)
        if value is not None and not (least <= value <= most and float(round(value * 10, 6)).is_integer()):
            return f"The value {value} of {name} is not from {least} to {most} in steps of 0.1."
    return None


def _shifts(service: dict, primary: dict) -> bool:
    """Whether a deployment in progress has its traffic yet to come."""
    return bool(advanced(service)) and group_of(service, primary) != serving(service)


class _Over(Exception):
    """The deployment has failed, or another has taken its place."""


def _run(cluster: str, key: str, service: dict, primary: dict) -> None:
    """The stages of a deployment whose tasks are healthy."""

    def going_on() -> bool:
        in_place = ecs._primary_deployment(service) is primary and not primary.get("_superseded")
        return in_place and primary["rolloutState"] == "IN_PROGRESS"

    def reach(stage: str, rule: dict | None = None, percent: float = 0.0) -> None:
        with resource_lock("ecs-service", key):
            if not going_on():
                raise _Over
            primary["_stage"] = stage
            if rule:
                _forward(service, rule, group_of(service, primary), percent)

    def stay(minutes: float) -> None:
        end = time.monotonic() + minutes * metrics.MINUTE
        while time.monotonic() < end and going_on():
            time.sleep(0.02)

    configuration = service["deploymentConfiguration"]
    try:
        reach("POST_SCALE_UP")
        problem = _shift_problem(service)
        if problem:
            return take_back(cluster, key, service, primary, problem)
        production, *tests = _rules(service)
        for rule in tests:
            reach("TEST_TRAFFIC_SHIFT", rule, 100.0)
            primary["_tests"] = 100.0
            reach("POST_TEST_TRAFFIC_SHIFT")
        for percent, minutes in _steps(configuration):
            reach("PRODUCTION_TRAFFIC_SHIFT", production, percent)
            primary["_traffic"] = percent
            stay(minutes)
        reach("POST_PRODUCTION_TRAFFIC_SHIFT")
        reach("BAKE_TIME")
        stay(configuration.get("bakeTimeInMinutes") or 0)
        reach("CLEAN_UP")
    except _Over:
        return None
    service["_serving"] = group_of(service, primary)
    primary.update(_baked=True, _shifted=True, _completed=True)
    ecs._complete_service_deployment(cluster, key, primary["id"])
    primary["_cleaned_up"] = True  # the old tasks have answered their last requests
    return None


def _give_back(key: str, service: dict) -> None:
    """Has every rule forward to the last completed deployment alone."""
    with resource_lock("ecs-service", key):
        for rule in _rules(service):
            _forward(service, rule, serving(service), 100.0)
        for deployment in [each for each in service["deployments"] if not each.get("_completed")]:
            deployment.update({share: 0.0 for share in ("_traffic", "_tests") if share in deployment})


def _reconcile(cluster: str, key: str, service: dict, before: dict) -> None:
    """A new deployment in the middle of another: nothing is left of that when the new one begins."""
    before["_superseded"] = True
    _give_back(key, service)
    for task in list(ecs._tasks.values()):
        if task.get("_deployment_id") == before["id"] and task.get("lastStatus") in ecs._PRE_STOP_STATUSES:
            reason = "Service deployment stopped because a new service deployment was started."
            ecs._stop_task({"task": task["taskArn"], "cluster": cluster, "reason": reason})


def install() -> None:
    existing(ecs, "_primary_deployment", "svc")
    existing(ecs, "_stop_task", "data")

    @replace(ecs, "_complete_service_deployment", "cluster_name svc_key expected_deployment_id")
    def complete_service_deployment(original, cluster_name, svc_key, expected_deployment_id=None):
        service = ecs._services.get(svc_key)
        primary = ecs._primary_deployment(service) if service else None
        in_progress = primary and primary["rolloutState"] == "IN_PROGRESS" and advanced(service)
        if not in_progress or primary.get("_shifted") or not previous_of(service, primary) or not _shifts(service, primary):
            return original(cluster_name, svc_key, expected_deployment_id)
        with resource_lock("ecs-service", svc_key):
            begins = not primary.get("_shifting") and is_healthy(service, primary)
            primary["_shifting"] = bool(primary.get("_shifting") or begins)
        if begins:
            name = f"shift-{svc_key.rsplit('/', 1)[-1]}"
            spawn_background(_scoped, get_account_id(), get_region(), cluster_name, svc_key, service, primary, thread_name=name)
        return None

    def _scoped(account, region, *deployment):
        with request_scope(account, region):
            _run(*deployment)

    @replace(ecs, "_reconcile_service_tasks", "cluster_name svc_key")
    def reconcile_service_tasks(original, cluster_name, svc_key):
        service = ecs._services.get(svc_key)
        primary = ecs._primary_deployment(service) if service else None
        if primary and primary.get("_superseded"):
            return None  # no task in place of those that are stopped
        if primary and advanced(service) and primary.get("_completed") and primary["rolloutState"] == "IN_PROGRESS":
            _give_back(svc_key, service)  # at once: the tasks that failed are stopped later
        return original(cluster_name, svc_key)

    @replace(ecs, "_create_service", "data")
    def create_service(original, data):
        return _refused(data.get("deploymentConfiguration") or {}, data.get("loadBalancers") or []) or original(data)

    @replace(ecs, "_update_service", "data")
    def update_service(original, data):
        service = named(data.get("cluster", "default"), data.get("service", ""))
        if not service:
            return original(data)
        given = {**service["deploymentConfiguration"], **(data.get("deploymentConfiguration") or {})}
        refused = _refused(given, data.get("loadBalancers", service["loadBalancers"]))
        if refused:
            return refused
        before = ecs._primary_deployment(service)
        starts = data.get("forceNewDeployment") or data.get("taskDefinition") not in (None, service["taskDefinition"])
        if starts and before and before["rolloutState"] == "IN_PROGRESS" and advanced(service) and _shifts(service, before):
            key = service["serviceArn"].split(":service/")[-1]
            _reconcile(key.split("/", 1)[0], key, service, before)
        if data.get("loadBalancers"):
            service["_serving"] = pair(data)[0]
        return original(data)

    def _refused(configuration: dict, balancers: list[dict]):
        problem = _setting_problem(configuration, balancers) or _role_problem(balancers)
        return ecs.error_response_json("InvalidParameterException", problem, 400) if problem else None
