"""The health of targets, from checks that are really made. MiniStack calls every registered target healthy."""

import http.client
import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ministack.core.responses import request_scope
from ministack.services import alb

# AWS waits in seconds where a machine for development need not: intervals of health checks, grace periods, draining and
# the time that a container gets to end are divided by this. Thresholds are not.
SPEED = float(os.environ.get("SANDBOX_SPEED", "5"))

REASONS = {
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
    reason: tuple[str, str] = field(default=REASONS["initial"])

    def record(self, failure: tuple[str, str] | None, group: dict) -> None:
        """Counts one check. A new target is healthy after its first success; an unhealthy one must pass several."""
        self.passes, self.failures = (0, self.failures + 1) if failure else (self.passes + 1, 0)
        if failure and self.failures >= group["UnhealthyThresholdCount"]:
            self.state, self.reason = "unhealthy", failure
        elif not failure and (self.state == "initial" or self.passes >= group["HealthyThresholdCount"]):
            self.state = "healthy"


lock = threading.RLock()
known: dict[tuple[str, str, int], Health] = {}
in_flight: Counter[str] = Counter()  # requests in flight, by target


def key_of(group_arn: str, target: dict) -> tuple[str, str, int]:
    return group_arn, str(target["Id"]), int(target.get("Port") or (alb._tgs.get(group_arn) or {}).get("Port") or 80)


def state_of(group_arn: str, target_id: str, port: int) -> str:
    """`initial`, `healthy` or `unhealthy`; `unused` for a target that is not registered or never checked."""
    health = known.get((group_arn, target_id, port))
    return health.state if health else "unused"


def reason_of(group_arn: str, target_id: str, port: int) -> str:
    """Why a target is not healthy, as DescribeTargetHealth says it."""
    health = known.get((group_arn, target_id, port))
    return health.reason[1] if health else REASONS["unused"][1]


def wait_until_idle(target_id: str, seconds: float) -> None:
    """Returns when no request is in flight to a deregistered target, or after its deregistration delay."""
    deadline = time.monotonic() + seconds
    while in_flight[target_id] > 0 and time.monotonic() < deadline:
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


def in_use() -> str:
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
    used = in_use()
    for (account, region, arn), group in alb._tgs.all_items():
        if group.get("TargetType") in ("ip", "instance") and arn in used:
            with request_scope(account, region):
                registered.update({key_of(arn, target): group for target in alb._targets.get(arn, [])})
    with lock:
        for key in [key for key in known if key not in registered]:
            del known[key]
        for key, group in registered.items():
            health = known.setdefault(key, Health())
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


def start() -> None:
    threading.Thread(target=_check_forever, daemon=True, name="health-checks").start()
