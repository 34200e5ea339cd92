"""The load balancer: requests only reach healthy targets, in turn, and a target that leaves answers its last ones.

MiniStack picks one of the registered targets at random, and forgets one at once.

One port serves all load balancers. A load balancer's own name stands for its listener on port 80, and with a port before it
(`9000.<name>`) for the one on that port; `<domain>.localhost` stands for `https://<domain>`, and so for the listener on port 443
of the load balancer that the domain is an alias of.
"""

import itertools
import os
import re
from collections import Counter
from contextvars import ContextVar

from ministack import app
from ministack.core.responses import StreamingResponse, set_request_account_id, set_request_region
from ministack.services import alb, ec2, ecs

import domains
import health
import metrics
from replace import existing, replace
from task_ports import with_own_ports

_leaving: dict[tuple[str, str, int], str] = {}  # deregistered targets that still answer requests
_turn: Counter[str] = Counter()
_answering: ContextVar[list[str]] = ContextVar("sandbox_answering")  # the target group that answers the request


def _reached(group_arn: str) -> list[dict]:
    """The targets but for tasks in a zone where their load balancer has no subnet: Target.NotInUse in TargetHealth of the API reference."""
    balancers = [alb._lbs[arn] for arn in alb._tgs[group_arn]["LoadBalancerArns"]]
    zones = {ec2._subnets[subnet]["AvailabilityZone"] for each in balancers for subnet in each["Subnets"]}
    # The newest task has the address: an earlier one of it has ended.
    zone_of = {ecs._task_ip(task): task["availabilityZone"] for task in list(ecs._tasks.values())}
    return [each for each in alb._targets.get(group_arn, []) if zone_of.get(each["Id"]) in (None, *zones)]


def _take(group_arn: str) -> dict | None:
    """The next healthy target, counted as busy from here on, so that its container is not stopped under it."""
    with health.lock:
        healthy = [t for t in _reached(group_arn) if health.state_of(*health.key_of(group_arn, t)) == "healthy"]
        if not healthy:
            return None
        _turn[group_arn] += 1
        target = healthy[_turn[group_arn] % len(healthy)]
        health.in_flight[str(target["Id"])] += 1
        return target


def _release(target: dict) -> None:
    with health.lock:
        health.in_flight[str(target["Id"])] -= 1


def _dns_name(balancer: dict) -> str:
    return f"{balancer['DNSName'].split('.')[0].lower()}.alb.localhost:{os.environ['GATEWAY_PORT']}"


def _named_port(host: str) -> tuple[str, int | None]:
    """A host's name, and the listener's port that it begins with."""
    found = re.match(r"(\d+)\.(.+\.alb\.localhost)$", host.split(":")[0].lower())
    return (found.group(2), int(found.group(1))) if found else (host.split(":")[0].lower(), None)


def install() -> None:
    existing(alb, "_proxy_http_target", "target tg method path headers body query_params raw_query_string")

    @replace(alb, "_lb_xml", "lb")
    def lb_xml(original, lb):
        xml = original({**lb, "DNSName": _dns_name(lb)})
        for subnet_id in lb.get("Subnets", []):
            zone = (ec2._subnets.get(subnet_id) or {}).get("AvailabilityZone", "")
            named = r"<ZoneName>[^<]*</ZoneName>(<SubnetId>" + re.escape(subnet_id) + ")"
            xml = re.sub(named, rf"<ZoneName>{zone}</ZoneName>\1", xml)
        return xml

    @replace(alb, "_create_lb", "params")
    def create_lb(original, params):
        # MiniStack invents a network; the load balancer is in that of its subnets.
        first = ec2._subnets[alb._parse_member_list(params, "Subnets")[0]]
        return original({**params, "VpcId": [first["VpcId"]]})

    @replace(alb, "find_lb_for_host", "host")
    def find_lb_for_host(original, host):
        name, _ = _named_port(domains.alias_target(host) or host)
        for (account, region, _), balancer in alb._lbs.all_items():
            if name in (_dns_name(balancer).split(":")[0], f"{balancer['LoadBalancerName'].lower()}.alb.localhost"):
                set_request_account_id(account)
                set_request_region(region)
                return balancer
        return None

    @replace(
        app, "_handle_alb_request", "host path method headers body query_params raw_query_string raw_path"
    )
    async def handle_alb_request(original, host, *args, **kwargs):
        response = await original(host, *args, **kwargs)
        if response is None and host.split(":")[0].lower().endswith(".alb.localhost"):
            return 404, {"Content-Type": "text/plain"}, f"There is no load balancer {host}.\n".encode()
        return response

    @replace(
        alb, "dispatch_request", "lb method path headers body query_params port client_ip raw_query_string raw_path"
    )
    async def dispatch_request(original, lb, method, path, headers, body, query_params, port=80, *rest, **details):
        _, named_port = _named_port(headers.get("host", ""))
        listener_port = named_port or (80 if port == int(os.environ["GATEWAY_PORT"]) else port)
        if domains.alias_target(headers.get("host", "")):
            domain = headers["host"].split(":")[0].removesuffix(".localhost")
            headers, listener_port = {**headers, "host": domain}, 443
        if listener_port not in domains.ports_of(lb["LoadBalancerArn"]):
            return 502, {"Content-Type": "text/plain"}, f"No listener on port {listener_port}: nobody answers.\n".encode()
        answering: list[str] = []
        _answering.set(answering)
        response = await original(lb, method, path, headers, body, query_params, listener_port, *rest, **details)
        metrics.count_request(lb["LoadBalancerArn"], answering[0] if answering else None, response[0])
        return response

    @replace(alb, "_forward_to_tg", "tg_arn method path headers body query_params raw_query_string raw_path")
    async def forward(original, tg_arn, method, path, headers, body, query_params, raw_query_string=None, raw_path=None):
        group = alb._tgs.get(tg_arn)
        if not group or group.get("TargetType", "instance") not in ("ip", "instance"):
            return await original(tg_arn, method, path, headers, body, query_params, raw_query_string, raw_path)
        target = _take(tg_arn)
        if target is None:
            page = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>\n"
            return 503, {"Content-Type": "text/html"}, page
        released = itertools.count()

        def release() -> None:
            if next(released) == 0:
                _release(target)

        try:
            status, out, answer = await alb._proxy_http_target(
                target, group, method, raw_path or path, headers, body, query_params, raw_query_string
            )
        except BaseException:
            release()
            raise
        if not isinstance(answer, StreamingResponse):  # there was no target to connect to
            release()
            return status, out, answer
        _answering.get().append(tg_arn)

        async def runner(send, receive):
            try:
                await answer.runner(send, receive)
            finally:
                release()

        return status, out, StreamingResponse(runner)

    def leave(group_arn: str, before: list[dict]) -> None:
        staying = {health.key_of(group_arn, target) for target in alb._targets.get(group_arn, [])}
        for key in {health.key_of(group_arn, target) for target in before} - staying:
            health.known.pop(key, None)
            _leaving[key] = "draining"

    @replace(alb, "set_targets_for_group", "tg_arn targets previous_ids")
    def set_targets_for_group(original, tg_arn, targets, previous_ids=()):
        with health.lock:
            before = list(alb._targets.get(tg_arn, []))
            published = original(tg_arn, with_own_ports(tg_arn, targets), previous_ids)
            leave(tg_arn, before)
            return published

    @replace(alb, "_deregister_targets", "params")
    def deregister_targets(original, params):
        group_arn = alb._p(params, "TargetGroupArn")
        with health.lock:
            before = list(alb._targets.get(group_arn, []))
            response = original(params)
            leave(group_arn, before)
            return response

    @replace(alb, "_describe_target_health", "params")
    def describe_target_health(original, params):
        arn = alb._p(params, "TargetGroupArn")
        if arn not in alb._tgs:
            return original(params)
        with health.lock:
            shown = {}
            for key in [key for key in _leaving if key[0] == arn]:
                if health.in_flight[key[1]] > 0:
                    shown[key] = ("draining", health.REASONS["draining"])
                else:
                    del _leaving[key]  # a deregistration without requests in flight is over at once
            for target in alb._targets.get(arn, []):
                found = health.known.get(health.key_of(arn, target))
                shown[health.key_of(arn, target)] = (
                    (found.state, found.reason) if found else ("unused", health.REASONS["unused"])
                )
        for wanted in alb._parse_targets_param(params):
            shown.setdefault(health.key_of(arn, wanted), ("unused", ("Target.NotRegistered", "Target is not registered")))
        filtered = {health.key_of(arn, target) for target in alb._parse_targets_param(params)}
        members = "".join(
            _health_xml(key, state, reason)
            for key, (state, reason) in shown.items()
            if not filtered or key in filtered
        )
        found = f"<TargetHealthDescriptions>{members}</TargetHealthDescriptions>"
        return alb._xml(200, "DescribeTargetHealth", found)

    @replace(alb, "_delete_lb", "params")
    def delete_lb(original, params):
        arn = alb._p(params, "LoadBalancerArn")
        if alb._lb_attr(arn, "deletion_protection.enabled", "false") == "true":
            message = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            return alb._error("OperationNotPermitted", message)
        return original(params)

    @replace(alb, "_delete_tg", "params")
    def delete_tg(original, params):
        arn = alb._p(params, "TargetGroupArn")
        if re.search(re.escape(arn) + r"\b", health.in_use()):
            return alb._error("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
        return original(params)

    health.start()


def _health_xml(key: tuple[str, str, int], state: str, reason: tuple[str, str]) -> str:
    why = f"<Reason>{reason[0]}</Reason><Description>{reason[1]}</Description>" if state != "healthy" else ""
    return (
        f"<member><Target><Id>{key[1]}</Id><Port>{key[2]}</Port></Target><HealthCheckPort>{key[2]}</HealthCheckPort>"
        f"<TargetHealth><State>{state}</State>{why}</TargetHealth></member>"
    )
