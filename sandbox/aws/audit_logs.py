"""Where a load balancer and a VPC write down what passes them.

MiniStack keeps a load balancer's attributes and asks nothing about them, and forgets a flow log's role, format, interval and tags.
ELB tries the bucket when it is told to log there ("Enable access logs for your Application Load Balancer", step 4 of the ELB User
Guide): it leaves a file of its own, or refuses. Nothing more is written, here as in the first five minutes there.
"""

from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import alb, ec2, s3

from replace import existing, making, replace

_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"
_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} "
    "${start} ${end} ${action} ${log-status}"
)


def _asked(params: dict) -> dict[str, str]:
    """The attributes that a call changes."""
    names = (name for name in params if name.endswith(".Key"))
    return {alb._p(params, name): alb._p(params, f"{name[:-4]}.Value") for name in names}


def _try(bucket: str, prefix: str) -> bool:
    """Whether the bucket is here and its policy lets the load balancer's file in, which is then there."""
    account = get_account_id()
    key = "/".join(filter(None, [prefix, "AWSLogs", account, "ELBAccessLogTestFile"]))
    context = evaluator.EvalContext("*", "Service", "", "s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", get_region())
    policy = s3._bucket_policies.get(bucket)
    if not policy or evaluator.evaluate_resource_policy(policy, context, service=_DELIVERY).decision != "Allow":
        return False
    return s3._put_object(bucket, key, b"Enable AccessLog for ELB\n", {})[0] == 200


def install() -> None:
    existing(s3, "_put_object", "bucket_name key body headers")
    existing(ec2, "_p", "params key default")

    @replace(alb, "_modify_lb_attrs", "params")
    def modify(original, params):
        asked = _asked(params)
        bucket = asked.get("access_logs.s3.bucket", "")
        if asked.get("access_logs.s3.enabled") == "true" and not _try(bucket, asked.get("access_logs.s3.prefix", "")):
            message = f"Access Denied for bucket: {bucket}. Please check S3bucket permission"
            return alb._error("InvalidConfigurationRequest", message, 400)
        return original(params)

    @replace(ec2, "_create_flow_logs", "params")
    def create(original, params):
        response, made = making(ec2._flow_logs, original, params)
        for each in made:
            ec2._parse_tag_specs(params, "vpc-flow-log", each)
            ec2._flow_logs[each].update(
                deliverLogsPermissionArn=ec2._p(params, "DeliverLogsPermissionArn"),
                logGroupName=ec2._p(params, "LogDestination").rsplit(":log-group:", 1)[-1],
                logFormat=ec2._p(params, "LogFormat") or _FORMAT,
                maxAggregationInterval=ec2._p(params, "MaxAggregationInterval") or "600",
            )
        return response

    @replace(ec2, "_describe_flow_logs", "params")
    def describe(original, params):
        status, headers, body = original(params)
        text = body.decode() if isinstance(body, bytes) else body
        for name, log in ec2._flow_logs.items():
            said = "".join(f"<{key}>{value}</{key}>" for key, value in log.items() if key[0].islower())
            text = text.replace(f"<flowLogId>{name}</flowLogId>", f"<flowLogId>{name}</flowLogId>{said}")
        return status, headers, text.encode() if isinstance(body, bytes) else text
