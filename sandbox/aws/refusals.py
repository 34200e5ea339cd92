"""Names that are taken, too long or malformed, and changes that do not fit what is there, refused in AWS's own words.

MiniStack takes most of them, and says others in its own words. The sentences are those that users of Terraform quote from AWS;
a pattern of ECR's is that of its API reference. A cluster or an alarm that exists is no error on AWS: the one is answered as
it is, the other is changed.
"""

import re

from ministack.core.responses import error_response_json, get_account_id
from ministack.services import alb, cloudwatch_logs, ecr, ecs, iam, secretsmanager

from deployments import named
from replace import refuse, replace

Problem = tuple[str, str] | None

_REPOSITORY = r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*"


def _elb_name(kind: str, label: str, taken: str):
    def problem(params) -> Problem:
        name = alb._p(params, "Name")
        store, key = (alb._lbs, "LoadBalancerName") if kind == "load balancer" else (alb._tgs, "TargetGroupName")
        if len(name) > 32:
            return "ValidationError", f"{label} name '{name}' cannot be longer than '32' characters"
        if not re.fullmatch(r"[A-Za-z0-9-]+", name):
            return "ValidationError", f"{label} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
        if name.startswith("-") or name.endswith("-"):
            return "ValidationError", f"{label} name '{name}' cannot begin or end with '-'"
        if any(each[key] == name for each in store.values()):
            return taken, f"A {kind} with the same name '{name}' exists, but with different settings"
        return None

    return problem


def _repository(data) -> Problem:
    name = data.get("repositoryName", "")
    if not 2 <= len(name) <= 256 or not re.fullmatch(_REPOSITORY, name):
        reason = f"failed to satisfy constraint: 'must satisfy regular expression '{_REPOSITORY}''"
        return "InvalidParameterException", f"Invalid parameter at 'repositoryName' {reason}"
    if name in ecr._repositories:
        taken = f"The repository with name '{name}' already exists in the registry with id '{get_account_id()}'"
        return "RepositoryAlreadyExistsException", taken
    return None


def _log_group(data) -> Problem:
    exists = data.get("logGroupName") in cloudwatch_logs._log_groups
    return ("ResourceAlreadyExistsException", "The specified log group already exists") if exists else None


def _secret(data) -> Problem:
    secret = secretsmanager._secrets.get(data.get("Name"))
    if not secret or not secret.get("DeletedDate"):
        return None
    reason = "because a secret with this name is already scheduled for deletion."
    return "InvalidRequestException", f"You can't create this secret {reason}"


def _ports(balancers: list[dict], definition: dict | None) -> Problem:
    containers = {each["name"]: each for each in (definition or {}).get("containerDefinitions", [])}
    for balancer in balancers if definition else []:
        name, port = balancer.get("containerName"), balancer.get("containerPort")
        if name not in containers:
            return "InvalidParameterException", f"The container {name} does not exist in the task definition."
        if port not in [each.get("containerPort") for each in containers[name].get("portMappings") or []]:
            return "InvalidParameterException", f"The container {name} did not have a container port {port} defined."
    return None


def _service(data) -> dict:
    return named(data.get("cluster", "default"), data.get("service") or data.get("serviceName") or "") or {}


def _service_ports(data) -> Problem:
    service = _service(data)
    balancers = data["loadBalancers"] if "loadBalancers" in data else service.get("loadBalancers") or []
    definition = data.get("taskDefinition") or service.get("taskDefinition") or ""
    return _ports(balancers, ecs._task_defs.get(ecs._resolve_td_key(definition)))


def _new_service(data) -> Problem:
    if _service(data).get("status") == "ACTIVE":
        return "InvalidParameterException", "Creation of service was not idempotent."
    return _service_ports(data)


def install() -> None:
    balancer_name = _elb_name("load balancer", "The load balancer", "DuplicateLoadBalancerName")
    group_name = _elb_name("target group", "Target group", "DuplicateTargetGroupName")
    refuse(alb, "_create_lb", "params", balancer_name, alb._error)
    refuse(alb, "_create_tg", "params", group_name, alb._error)
    refuse(ecr, "_create_repository", "data", _repository, error_response_json)
    refuse(cloudwatch_logs, "_create_log_group", "data", _log_group, error_response_json)
    refuse(secretsmanager, "_create_secret", "data", _secret, error_response_json)
    refuse(ecs, "_create_service", "data", _new_service, error_response_json)
    refuse(ecs, "_update_service", "data", _service_ports, error_response_json)

    @replace(iam, "_delete_role", "p")
    def delete_role(original, p):
        status, headers, body = original(p)
        return status, headers, body.replace(b"must delete all inline policies first", b"must delete policies first")
