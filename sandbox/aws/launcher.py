"""The sandbox's AWS: MiniStack, with what it leaves out or lets pass put right, on loopback only.

    python launcher.py --port 4566 --region ap-northeast-1 --sandbox-id ID --state DIR [--oidc-jwks-url URL]

MiniStack (https://github.com/ministackorg/ministack, MIT) emulates the control planes, runs ECS tasks as Docker
containers and forwards a load balancer's requests to them. Each module beside this file closes one kind of gap:

| module | what MiniStack does | what AWS, and so the sandbox, does |
| --- | --- | --- |
| `resources`, `authorization` | checks an ECS call against the cluster, or `*`; lets unknown actions pass; knows no PassRole | every action that a call implies, on its own resource; nothing by default |
| `record` | keeps nothing | what each call took, for the rights of whoever deploys |
| `web_identity` | believes any token | signature, times, issuer and audience are checked |
| `registry` | takes any login and any push; names a host that does not exist | tokens of a principal, and its permissions, on `localhost` |
| `health`, `load_balancer` | calls every target healthy | health checks; requests go to healthy targets only; draining |
| `weighted_rules` | a rule that forwards to several target groups forwards to none | by weight |
| `deployments` | a rollout is done when containers have run for a second | when the load balancer finds them healthy; else it is rolled back |
| `placement` | has room for any number of tasks, all in one zone | in the zones of the subnets, as far as the quota goes |
| `containers` | pulls as nobody; waits 5 s for any container to end | pulls with the execution role, limits memory, labels what it starts; waits for `stopTimeout` |
| `secrets_manager` | reads a container's secrets as nobody, in the current version | with the execution role, in the version that is named |
| `domains` | issues every certificate; takes any DNS record and TLS listener | a certificate waits for the record that proves its domain |
| `metrics` | measures nothing | requests by status, health of targets, CPU and memory of tasks, each minute |
| `alarms`, `arithmetic` | evaluates an alarm when data is published, without metric math | each minute, as declared |
| `cloudwatch_protocol` | takes rpc-v2-cbor, authorises it without its arguments, names errors by their old codes | as the SDK for Go |
| `service_deployments` | lists none | the history of a service, with what was rolled back; exact times |
| `deployment_calls` | cannot stop a deployment, and tells nothing of a revision | rolls it back; the revision's task definition |
| `image_scans` | has no findings | those that the image's own label names |
| `zones` | has three, whatever is asked for | has one more that is opted into, one that takes nothing new; filters |
| `network` | takes subnets that overlap or lie elsewhere; deletes, detaches and releases what is in use | refusals |
| `ipv6` | a VPC has IPv4 alone, and any load balancer can be dual-stack | ranges of IPv6, and routes; a dual-stack load balancer where they are |
| `firewall` | lets tasks reach everything | what the outbound rules of their security groups open |
| `refusals` | takes names that are malformed, and ports that a task lacks; refuses in words of its own | AWS's own words |
| `dashboards` | tells when they were changed in a text that SDKs do not read | in a number |
| `target_groups`, `traffic_shifts` | every rollout is a rolling one, in one target group | blue/green, canary and linear ones shift the requests between two, in ECS's stages, with its role's rights |
| `events` | EventBridge delivers as nobody, and hears nothing from ECS | with the target's role; deployments and tasks are reported |
| `deployment_alarms` | ignores a service's alarms | an alarm fails a deployment, also in its bake time, and rolls it back |
| `retries` | takes a call that is made again for another one | the same call gets the same answer |
| `subscriptions` | takes an e-mail address for confirmed; sends nothing | pending until it is; messages are written down |
| `shells` | hands out a session for any task | only with execute command enabled and the task role's rights |
| `autoscaling`, `scheduled_actions` | nothing | Application Auto Scaling for ECS services, with other bounds at other hours |
| `audit_logs` | a load balancer logs wherever it is told to; a flow log forgets how it was made | it tries the bucket; role, format and tags |
| `scheduler`, `hours` | starts no tasks, as nobody, in no time zone | with the role of the schedule, again where it fails, and then into the queue |
| `identity_providers` | an OIDC provider cannot be changed | its tags, audiences and thumbprints can |

A replaced function that is not where it was, or takes other arguments, stops the launcher with its name.
State lives in memory: an emulator that ends has forgotten everything, and its containers are removed.
"""

import argparse
import importlib
import os
import sys
import tempfile
from pathlib import Path


# In the order in which they are installed: of those that replace the same function the last is called first.
_MODULES = """
    authorization web_identity registry load_balancer weighted_rules target_groups deployments deployment_alarms
    traffic_shifts containers autoscaling identity_providers secrets_manager domains alarms dashboards subscriptions
    shells image_scans cloudwatch_protocol service_deployments deployment_calls network zones refusals events
    firewall ipv6 scheduler scheduled_actions audit_logs log_events placement retries
""".split()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The sandbox's AWS emulator, on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--region", required=True)
    parser.add_argument("--account", default="123456789012")
    parser.add_argument("--sandbox-id", required=True, help="label of the containers that it starts")
    parser.add_argument("--state", required=True, type=Path, help="folder for its temporary files")
    parser.add_argument("--oidc-issuer", default="https://token.actions.githubusercontent.com")
    parser.add_argument("--oidc-jwks-url", help="where that issuer's keys are; without it no token is accepted")
    parser.add_argument("--speed", type=float, default=5.0, help="AWS's waits are divided by this")
    parser.add_argument("--minute", type=float, default=1.0, help="how many seconds a minute of CloudWatch lasts")
    return parser.parse_args()


def environment(chosen: argparse.Namespace) -> dict[str, str]:
    """MiniStack reads its settings from the environment, most of them while it is imported."""
    services = "ec2,ecr,ecs,elasticloadbalancing,iam,sts,logs,s3,secretsmanager,monitoring,acm,route53,sns,ssm,events"
    services += ",sqs,scheduler,kms,wafv2"
    return {
        "MINISTACK_ACCOUNT_ID": chosen.account,
        "MINISTACK_REGION": chosen.region,
        "AUTH": "true",
        "GATEWAY_PORT": str(chosen.port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": services,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "AWS_ACCESS_KEY_ID": chosen.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "S3_DATA_DIR": str(chosen.state / "s3"),
        "TMPDIR": str(chosen.state),
        "STATE_DIR": str(chosen.state / "ministack"),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
        "SANDBOX_ID": chosen.sandbox_id,
        "SANDBOX_SPEED": str(chosen.speed),
        "SANDBOX_MINUTE": str(chosen.minute),
        "SANDBOX_MESSAGES": str(chosen.state / "messages.jsonl"),
        "SANDBOX_OIDC_ISSUER": chosen.oidc_issuer,
        **({"SANDBOX_OIDC_JWKS_URL": chosen.oidc_jwks_url} if chosen.oidc_jwks_url else {}),
    }


def main() -> None:
    chosen = arguments()
    chosen.state.mkdir(parents=True, exist_ok=True)
    for name in ("AWS_SESSION_TOKEN", "AWS_PROFILE", "EDGE_PORT", "PERSIST_STATE", "LOCALSTACK_PERSISTENCE", "USE_SSL"):
        os.environ.pop(name, None)
    os.environ.update(environment(chosen))
    tempfile.tempdir = str(chosen.state)
    sys.argv = sys.argv[:1]  # MiniStack has options of its own

    modules = [importlib.import_module(name) for name in _MODULES]  # all, before one replaces what another imports
    import containers
    from ministack import app

    for module in modules:
        module.install()
    containers.remove_leftovers()
    app.main()


if __name__ == "__main__":
    main()
