"""The load balancer: targets that are really checked, requests that only reach healthy ones, and draining.

MiniStack calls every registered target healthy and picks one at random.
"""

import http.client
import itertools
import os
import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ministack.core.responses import StreamingResponse, request_scope, set_request_account_id, set_request_region
from ministack.services import alb, ec2

from replace import existing, replace

# AWS waits in seconds where a machine for development need not: intervals of health checks, grace periods and
# draining are divided by this. Thresholds are not.
SPEED = float(os.environ.get("SANDBOX_SPEED", "5"))

_REASONS = {
    "initial": ("Elb.InitialHealthChecking", "Initial health checks in progress"),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
    "unused": ("Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"),
}


@dataclass
class Health:
    """What the checks of one target in one target group have shown so far."""

    state: str = "initial"
    passes: int = 0
    failures: int = 0
    due: float = 0.0
    checking: bool = False
    reason: tuple[str, str] = field(default=_REASONS["initial"])

    def record(self, failure: tuple[str, str] | None, group: dict) -> None:
        """Counts one check. A new target is healthy after its first success; an unhealthy one must pass several."""
        self.passes, self.failures = (0, self.failures + 1) if failure else (self.passes + 1, 0)
        if failure and self.failures >= group["UnhealthyThresholdCount"]:
            self.state, self.reason = "unhealthy", failure
        elif not failure and (self.state == "initial" or self.passes >= group["HealthyThresholdCount"]):
            self.state = "healthy"


_lock = threading.RLock()
_health: dict[tuple[str, str, int], Health] = {}
_open: Counter[str] = Counter()  # requests in flight, by target
_leaving: dict[tuple[str, str, int], str] = {}  # deregistered targets that still answer requests
_turn: Counter[str] = Counter()


def _key(group_arn: str, target: dict) -> tuple[str, str, int]:
    return group_arn, str(target["Id"]), int(target.get("Port") or (alb._tgs.get(group_arn) or {}).get("Port") or 80)


def state_of(group_arn: str, target_id: str, port: int) -> str:
    """`initial`, `healthy` or `unhealthy`; `unused` for a target that is not registered or never checked."""
    health = _health.get((group_arn, target_id, port))
    return health.state if health else "unused"


def reason_of(group_arn: str, target_id: str, port: int) -> str:
    """Why a target is not healthy, as DescribeTargetHealth says it."""
    health = _health.get((group_arn, target_id, port))
    return health.reason[1] if health else _REASONS["unused"][1]


def wait_until_idle(target_id: str, seconds: float) -> None:
    """Returns when no request is in flight to a deregistered target, or after its deregistration delay."""
    deadline = time.monotonic() + seconds
    while _open[target_id] > 0 and time.monotonic() < deadline:
        time.sleep(0.02)


def drain_seconds(group_arn: str) -> float:
    attributes = {each["Key"]: each["Value"] for each in alb._tg_attrs.get(group_arn, [])}
    return float(attributes.get("deregistration_delay.timeout_seconds", 300)) / SPEED


def check(group: dict, target_id: str, port: int) -> tuple[str, str] | None:
    """One health check: None when it passes, else the reason and its description, in AWS's words."""
    if group["HealthCheckPort"] != "traffic-port":
        port = int(group["HealthCheckPort"])
    connection = http.client.HTTPConnection(target_id, port, timeout=group["HealthCheckTimeoutSeconds"])
    try:
        connection.request("GET", group["HealthCheckPath"], headers={"User-Agent": "ELB-HealthChecker/2.0"})
        status = connection.getresponse().status
    except TimeoutError:
        return "Target.Timeout", "Request timed out"
    except (OSError, http.client.HTTPException):
        return "Target.FailedHealthChecks", "Health checks failed"
    finally:
        connection.close()
    wanted = group.get("Matcher", {}).get("HttpCode", "200")
    ranges = [part.split("-") for part in wanted.split(",")]
    if any(int(span[0]) <= status <= int(span[-1]) for span in ranges):
        return None
    return "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]"


def _in_use() -> str:
    """The actions of all listeners and rules, as text to look for a target group's ARN in."""
    listeners = [listener.get("DefaultActions") for _, listener in alb._listeners.all_items()]
    return repr([*listeners, *(rule.get("Actions") for _, rule in alb._rules.all_items())])


def _run_check(group: dict, key: tuple[str, str, int], health: Health) -> None:
    failure = check(group, key[1], key[2])
    health.record(failure, group)
    health.due = time.monotonic() + group["HealthCheckIntervalSeconds"] / SPEED
    health.checking = False


def _tick(pool: ThreadPoolExecutor) -> None:
    registered: dict[tuple[str, str, int], dict] = {}
    used = _in_use()
    for (account, region, arn), group in alb._tgs.all_items():
        if group.get("TargetType") in ("ip", "instance") and arn in used:
            with request_scope(account, region):
                registered.update({_key(arn, target): group for target in alb._targets.get(arn, [])})
    with _lock:
        for key in [key for key in _health if key not in registered]:
            del _health[key]
        for key, group in registered.items():
            health = _health.setdefault(key, Health())
            if not group["HealthCheckEnabled"]:
                health.state = "healthy"
            elif not health.checking and health.due <= time.monotonic():
                health.checking = True
                pool.submit(_run_check, group, key, health)


def _check_forever() -> None:
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="health-check") as pool:
        while True:
            try:
                _tick(pool)
            except Exception:
                alb.logger.exception("health checks")
            time.sleep(0.1)


def _take(group_arn: str) -> dict | None:
    """The next healthy target, counted as busy from here on, so that its container is not stopped under it."""
    with _lock:
        healthy = [t for t in alb._targets.get(group_arn, []) if state_of(*_key(group_arn, t)) == "healthy"]
        if not healthy:
            return None
        _turn[group_arn] += 1
        target = healthy[_turn[group_arn] % len(healthy)]
        _open[str(target["Id"])] += 1
        return target


def _release(target: dict) -> None:
    with _lock:
        _open[str(target["Id"])] -= 1


def _dns_name(balancer: dict) -> str:
    return f"{balancer['DNSName'].split('.')[0].lower()}.alb.localhost:{os.environ['GATEWAY_PORT']}"


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
        subnets = [ec2._subnets.get(subnet_id) for subnet_id in alb._parse_member_list(params, "Subnets")]
        if None in subnets:
            return alb._error("SubnetNotFound", "One or more subnets do not exist")
        zones = {subnet["AvailabilityZone"] for subnet in subnets}
        if len(zones) < 2 or len(zones) < len(subnets):
            message = "At least two subnets in two different Availability Zones must be specified"
            return alb._error("ValidationError", message)
        # MiniStack invents a network; the load balancer is in that of its subnets.
        return original({**params, "VpcId": [subnets[0]["VpcId"]]})

    @replace(alb, "find_lb_for_host", "host")
    def find_lb_for_host(original, host):
        name = host.split(":")[0].lower()
        for (account, region, _), balancer in alb._lbs.all_items():
            if name in (_dns_name(balancer).split(":")[0], f"{balancer['LoadBalancerName'].lower()}.alb.localhost"):
                set_request_account_id(account)
                set_request_region(region)
                return balancer
        return None

    @replace(
        alb, "dispatch_request", "lb method path headers body query_params port client_ip raw_query_string raw_path"
    )
    async def dispatch_request(original, lb, method, path, headers, body, query_params, port=80, *rest, **details):
        # One port serves all load balancers here; it stands for the listener on port 80.
        listener_port = 80 if port == int(os.environ["GATEWAY_PORT"]) else port
        return await original(lb, method, path, headers, body, query_params, listener_port, *rest, **details)

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
        if not isinstance(answer, StreamingResponse):
            release()
            return status, out, answer

        async def runner(send, receive):
            try:
                await answer.runner(send, receive)
            finally:
                release()

        return status, out, StreamingResponse(runner)

    def leave(group_arn: str, before: list[dict]) -> None:
        staying = {_key(group_arn, target) for target in alb._targets.get(group_arn, [])}
        for key in {_key(group_arn, target) for target in before} - staying:
            _health.pop(key, None)
            _leaving[key] = "draining"

    @replace(alb, "set_targets_for_group", "tg_arn targets previous_ids")
    def set_targets_for_group(original, tg_arn, targets, previous_ids=()):
        with _lock:
            before = list(alb._targets.get(tg_arn, []))
            published = original(tg_arn, targets, previous_ids)
            leave(tg_arn, before)
            return published

    @replace(alb, "_deregister_targets", "params")
    def deregister_targets(original, params):
        group_arn = alb._p(params, "TargetGroupArn")
        with _lock:
            before = list(alb._targets.get(group_arn, []))
            response = original(params)
            leave(group_arn, before)
            return response

    @replace(alb, "_describe_target_health", "params")
    def describe_target_health(original, params):
        arn = alb._p(params, "TargetGroupArn")
        if arn not in alb._tgs:
            return original(params)
        with _lock:
            shown = {}
            for key in [key for key in _leaving if key[0] == arn]:
                if _open[key[1]] > 0:
                    shown[key] = ("draining", _REASONS["draining"])
                else:
                    del _leaving[key]  # a deregistration without requests in flight is over at once
            for target in alb._targets.get(arn, []):
                health = _health.get(_key(arn, target))
                shown[_key(arn, target)] = (
                    (health.state, health.reason) if health else ("unused", _REASONS["unused"])
                )
        for wanted in alb._parse_targets_param(params):
            shown.setdefault(_key(arn, wanted), ("unused", ("Target.NotRegistered", "Target is not registered")))
        filtered = {_key(arn, target) for target in alb._parse_targets_param(params)}
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
        if re.search(re.escape(arn) + r"\b", _in_use()):
            return alb._error("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
        return original(params)

    threading.Thread(target=_check_forever, daemon=True, name="health-checks").start()


def _health_xml(key: tuple[str, str, int], state: str, reason: tuple[str, str]) -> str:
    why = f"<Reason>{reason[0]}</Reason><Description>{reason[1]}</Description>" if state != "healthy" else ""
    return (
        f"<member><Target><Id>{key[1]}</Id><Port>{key[2]}</Port></Target><HealthCheckPort>{key[2]}</HealthCheckPort>"
        f"<TargetHealth><State>{state}</State>{why}</TargetHealth></member>"
    )
