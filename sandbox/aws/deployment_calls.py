"""StopServiceDeployment and DescribeServiceRevisions, of which MiniStack lacks the first and answers the second with nothing.

After "Stopping Amazon ECS service deployments" in the ECS Developer Guide: what is PENDING or IN_PROGRESS becomes
ROLLBACK_REQUESTED and is rolled back to the last completed deployment, whether or not the service has a rollback configured;
what is being stopped or rolled back already goes on; what is over is refused. Of a service revision only what a client needs
to tell which task definition it has is told.
"""

from ministack.core.concurrency import resource_lock, spawn_background
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import ecs

import deployment_alarms
from replace import replace
from service_deployments import recorded

_REQUESTED = "a rollback was requested."


def _refusal(code: str, message: str):
    return ecs.error_response_json(code, message, 400)


def _stop(key: str, service: dict, record: dict, account: str, region: str) -> None:
    with request_scope(account, region):
        deployment_alarms.take_back(key.split("/", 1)[0], key, service, record["_deployment"], _REQUESTED)


def _stop_service_deployment(data):
    arn = data.get("serviceDeploymentArn", "")
    if data.get("stopType", "ROLLBACK") != "ROLLBACK":
        return _refusal("InvalidParameterException", "The stop type is not supported: ROLLBACK is.")
    found = next((each for each in recorded() if each[2]["serviceDeploymentArn"] == arn), None)
    if found is None:
        return _refusal("ServiceDeploymentNotFoundException", "Service deployment not found.")
    key, service, record, _ = found
    with resource_lock("ecs-service", key):
        if "finishedAt" in record:
            return _refusal("ConflictException", f"The service deployment is in the {record['status']} state.")
        begins = record["status"] == "IN_PROGRESS"
        if begins:
            record["status"] = "ROLLBACK_REQUESTED"
    if begins:  # as on AWS, the answer does not wait for it
        scope = (get_account_id(), get_region())
        spawn_background(_stop, key, service, record, *scope, thread_name=f"stop-{key.rsplit('/', 1)[-1]}")
    return ecs.json_response({"serviceDeploymentArn": arn})


def install() -> None:
    ecs._ACTION_MAP["StopServiceDeployment"] = _stop_service_deployment

    @replace(ecs, "_describe_service_revisions", "data")
    def describe_service_revisions(original, data):
        arns = data.get("serviceRevisionArns") or []
        known = {arn: (service, record["_deployment"]) for _, service, record, arn in recorded()}
        return ecs.json_response({
            "serviceRevisions": [_shape(arn, *known[arn]) for arn in arns if arn in known],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known],
        })  # fmt: skip


def _shape(arn: str, service: dict, deployment: dict) -> dict:
    return ecs._sanitize({
        "serviceRevisionArn": arn,
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "taskDefinition": deployment["taskDefinition"],
        "createdAt": ecs._ts_to_epoch(deployment["createdAt"]),
    })  # fmt: skip
