"""The history of a service: ListServiceDeployments and DescribeServiceDeployments, by which the AWS provider waits.

A deployment that was rolled back leaves the service's list of deployments, and stays in its history: that is how the provider
(internal/service/ecs/service.go) tells a rollback from a success. It looks for what was created after its own call, so times
are exact to the millisecond; MiniStack cuts them to seconds, and answers both calls with nothing.

The states are those of "View service history using Amazon ECS service deployments" in the ECS Developer Guide, the stages and the
shares of traffic those of ServiceDeployment and ServiceRevisionSummary in its API reference. A deployment starts at once here and
so is never PENDING. AWS tells a stage of rolling deployments as well where they have hooks, which are not known here.
"""

import secrets
import time
from datetime import datetime

from ministack.core.concurrency import resource_lock
from ministack.services import ecs

from deployments import named
from replace import existing, replace
from target_groups import GRADUAL, strategy

_ROLLED_BACK = "Service deployment rolled back because "
_BREAKER = f"{_ROLLED_BACK}the circuit breaker threshold was exceeded."
_NOTHING_TO_GO_BACK_TO = "No rollback candidate was found to run the rollback."
_SUPERSEDED = "Service deployment stopped because a new service deployment was started."


def _arn(service: dict, kind: str, number: str) -> str:
    return f"{service['serviceArn'].replace(':service/', f':service-{kind}/')}/{number}"


def _revision(service: dict, deployment: dict) -> str:
    """The number is the deployment's: that is how the provider finds one by the other."""
    return _arn(service, "revision", deployment["id"].rsplit("/", 1)[-1])


def _begin(service: dict, deployment: dict) -> dict:
    sources = [each for each in service["deployments"] if each is not deployment and each["rolloutState"] == "COMPLETED"]
    return {
        "serviceDeploymentArn": _arn(service, "deployment", secrets.token_urlsafe(15)),
        "createdAt": deployment["createdAt"],
        "startedAt": deployment["createdAt"],
        "status": "IN_PROGRESS",
        "_strategy": strategy(service),
        "_deployment": deployment,
        "_sources": sources,
    }


def _end(record: dict, status: str, reason: str | None = None) -> None:
    record.update(status=status, finishedAt=time.time())
    if reason:
        record["statusReason"] = reason


def _go_on(service: dict, record: dict, primary: dict | None) -> None:
    """Brings a deployment that is not over up to what has become of it."""
    deployment = record["_deployment"]
    alarm = "_alarm" in deployment
    if record["status"] == "ROLLBACK_IN_PROGRESS":
        if record["_target"] is not primary:
            _end(record, "ROLLBACK_FAILED", _SUPERSEDED)
        elif primary["rolloutState"] == "COMPLETED":
            _end(record, "ROLLBACK_SUCCESSFUL")
    elif deployment["rolloutState"] == "COMPLETED":
        if "_shifted" not in deployment or "_cleaned_up" in deployment:
            _end(record, "SUCCESSFUL")
    elif deployment["rolloutState"] != "FAILED":
        if deployment is not primary:
            _end(record, "STOPPED", _SUPERSEDED)
    elif primary is None or deployment is primary:
        configuration = service.get("deploymentConfiguration") or {}
        wanted = (configuration.get("alarms" if alarm else "deploymentCircuitBreaker") or {}).get("rollback")
        _end(record, *(("ROLLBACK_FAILED", _NOTHING_TO_GO_BACK_TO) if wanted else ("STOPPED", deployment["rolloutStateReason"])))
    else:
        failed = (deployment.get("rolloutStateReason") or "").removeprefix("ECS deployment failed: ")
        reason = f"{_ROLLED_BACK}an alarm was detected." if alarm else _BREAKER if "circuit breaker" in failed else f"{_ROLLED_BACK}{failed}"
        rollback = {"reason": reason, "startedAt": time.time(), "serviceRevisionArn": _revision(service, primary)}
        record.update(status="ROLLBACK_IN_PROGRESS", statusReason=reason, rollback=rollback, _target=primary)
        _go_on(service, record, primary)


def _history(service: dict) -> list[dict]:
    """A service's deployments, the newest first."""
    key = service["serviceArn"].split(":service/")[-1]
    with resource_lock("ecs-service", key):  # MiniStack takes a failure down in two steps, under this lock
        history = service.setdefault("_history", [])
        known = [record["_deployment"] for record in history]
        for deployment in reversed(service["deployments"]):
            if not any(deployment is each for each in known):
                history.insert(0, _begin(service, deployment))
        primary = ecs._primary_deployment(service)
        for record in [each for each in history if "finishedAt" not in each]:
            _go_on(service, record, primary)
        return list(history)


def _of(service: dict, record: dict) -> dict:
    return {**record, "serviceArn": service["serviceArn"], "clusterArn": service["clusterArn"]}


def _brief(service: dict, record: dict) -> dict:
    shown = ecs._sanitize({**_of(service, record), "targetServiceRevisionArn": _revision(service, record["_deployment"])})
    return {name: value for name, value in shown.items() if name != "rollback"}


def _summary(service: dict, deployment: dict, traffic: dict) -> dict:
    """A revision's tasks, and its share of the requests where they are shifted."""
    listed = any(each is deployment for each in service["deployments"])
    counts = {name: deployment[f"{name}Count"] if listed else 0 for name in ("running", "pending")}
    return {
        "arn": _revision(service, deployment),
        "requestedTaskCount": deployment["desiredCount"],
        **{f"{name}TaskCount": count for name, count in counts.items()},
        **traffic,
    }


def _traffic(record: dict, target: bool) -> dict:
    """Of a deployment's target or source. One without a test listener has no traffic of tests."""
    deployment = record["_deployment"]
    if record["_strategy"] not in GRADUAL:
        return {}
    shares = {"requestedProductionTrafficWeight": deployment.get("_traffic", 0.0)}
    if "_tests" in deployment:
        shares["requestedTestTrafficWeight"] = deployment["_tests"]
    return {name: share if target else 100.0 - share for name, share in shares.items()}


def _stage(record: dict) -> str | None:
    if record["_strategy"] not in GRADUAL:
        return None
    return "CLEAN_UP" if "finishedAt" in record else record["_deployment"].get("_stage", "SCALE_UP")


def _breaker(service: dict, deployment: dict) -> dict:
    enabled = ((service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}).get("enable")
    threshold, failures = ecs._circuit_breaker_threshold(service), deployment["failedTasks"]
    watched = "TRIGGERED" if failures >= threshold else "MONITORING" if deployment["rolloutState"] == "IN_PROGRESS" else "MONITORING_COMPLETE"
    return {"status": watched if enabled else "DISABLED", "failureCount": failures, "threshold": threshold}


def _alarms(service: dict, deployment: dict) -> dict | None:
    setting = (service.get("deploymentConfiguration") or {}).get("alarms") or {}
    if not setting.get("enable"):
        return None
    triggered = [deployment["_alarm"]] if "_alarm" in deployment else []
    watched = "TRIGGERED" if triggered else "MONITORING" if deployment["rolloutState"] == "IN_PROGRESS" else "MONITORING_COMPLETE"
    return {"status": watched, "alarmNames": setting["alarmNames"], "triggeredAlarmNames": triggered}


def _full(service: dict, record: dict) -> dict:
    deployment = record["_deployment"]
    return ecs._sanitize({
        **_of(service, record),
        "updatedAt": record.get("finishedAt") or deployment["updatedAt"],
        "lifecycleStage": _stage(record),
        "sourceServiceRevisions": [_summary(service, each, _traffic(record, target=False)) for each in record["_sources"]],
        "targetServiceRevision": _summary(service, deployment, _traffic(record, target=True)),
        "deploymentConfiguration": service.get("deploymentConfiguration"),
        "deploymentCircuitBreaker": _breaker(service, deployment),
        "alarms": _alarms(service, deployment),
    })  # fmt: skip


def recorded() -> list[tuple[str, dict, dict, str]]:
    """Every deployment of every service: the service's key, the service, what is recorded, and the ARN of its revision."""
    services = [(key, each) for key, each in ecs._services.items() if each["status"] != "INACTIVE"]
    return [
        (key, service, record, _revision(service, record["_deployment"]))
        for key, service in services
        for record in _history(service)
    ]


def install() -> None:
    existing(ecs, "_primary_deployment", "svc")
    existing(ecs, "_circuit_breaker_threshold", "svc")

    @replace(ecs, "_ts_to_epoch", "value")
    def ts_to_epoch(original, value):
        if not isinstance(value, str):
            return value
        try:
            return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
        except ValueError:
            return original(value)

    @replace(ecs, "_refresh_service_state", "cluster_name group")
    def refresh_service_state(original, cluster_name, group):
        original(cluster_name, group)
        service = ecs._services.get(f"{cluster_name}/{(group or '').removeprefix('service:')}")
        if service:
            _history(service)

    @replace(ecs, "_list_service_deployments", "data")
    def list_service_deployments(original, data):
        cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
        if cluster not in ecs._clusters:
            return ecs.error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
        service = named(cluster, data.get("service", ""))
        if not service or service["status"] == "INACTIVE":
            return ecs.error_response_json("ServiceNotFoundException", "Service not found.", 400)
        created = data.get("createdAt") or {}
        wanted = [
            _brief(service, record)
            for record in _history(service)
            if record["status"] in (data.get("status") or [record["status"]])
            and float(created.get("after", 0)) <= ecs._ts_to_epoch(record["createdAt"]) <= float(created.get("before", "inf"))
        ]
        return ecs.json_response({"serviceDeployments": wanted})

    @replace(ecs, "_describe_service_deployments", "data")
    def describe_service_deployments(original, data):
        arns = data.get("serviceDeploymentArns") or []
        services = [each for each in ecs._services.values() if each["status"] != "INACTIVE"]
        known = {record["serviceDeploymentArn"]: (each, record) for each in services for record in _history(each)}
        return ecs.json_response({
            "serviceDeployments": [_full(*known[arn]) for arn in arns if arn in known],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known],
        })  # fmt: skip
