"""Rules that forward to several target groups by weight, which MiniStack takes for rules that forward to none.

AWS draws a group for each request. Here they take turns that fall as evenly as they can, so that a share shows in few requests.
"""

import itertools

from ministack.services import alb

from replace import existing, replace

_GOLDEN = (5**0.5 - 1) / 2
_turn = itertools.count()


def forwards_to(rule: dict) -> dict[str, int]:
    """The weights of the groups that a rule forwards to, by group."""
    actions = [each for each in rule.get("Actions", []) if each["Type"] == "forward"]
    weighted = [each for action in actions for each in _groups(action)]
    return {each["TargetGroupArn"]: each["Weight"] for each in weighted}


def weigh(rule: dict, weights: dict[str, int]) -> None:
    """What ModifyRule does with new weights."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    rule["Actions"] = [{"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": groups}}]


def _groups(action: dict) -> list[dict]:
    if "ForwardConfig" in action:
        return action["ForwardConfig"]["TargetGroups"]
    return [{"TargetGroupArn": action["TargetGroupArn"], "Weight": 1}]


def _given(params, prefix: str) -> list[dict]:
    groups = []
    for number in itertools.count(1):
        member = f"{prefix}.ForwardConfig.TargetGroups.member.{number}"
        if not (arn := alb._p(params, f"{member}.TargetGroupArn")):
            return groups
        groups.append({"TargetGroupArn": arn, "Weight": int(alb._p(params, f"{member}.Weight", "1"))})
    raise AssertionError


def _choose(groups: list[dict]) -> str | None:
    """None where all weights are zero: AWS then has no group to forward to."""
    total = sum(each["Weight"] for each in groups)
    point = next(_turn) * _GOLDEN % 1 * total
    for each in groups:
        point -= each["Weight"]
        if point < 0:
            return each["TargetGroupArn"]
    return None


def _attach(rule: dict) -> None:
    """A group that a rule forwards to is one of the load balancer's, as those of a listener are."""
    balancer = alb._listeners[rule["ListenerArn"]]["LoadBalancerArn"]
    for arn in forwards_to(rule):
        attached = (alb._tgs.get(arn) or {}).get("LoadBalancerArns", [])
        if balancer not in attached:
            attached.append(balancer)


def install() -> None:
    existing(alb, "_p", "params key default")

    @replace(alb, "_parse_actions", "params prefix")
    def parse_actions(original, params, prefix="DefaultActions"):
        actions = original(params, prefix)
        for number, action in enumerate(actions, 1):
            groups = _given(params, f"{prefix}.member.{number}")
            if groups:
                action["ForwardConfig"] = {"TargetGroups": groups}
        return actions

    @replace(alb, "_action_xml", "a")
    def action_xml(original, a):
        xml = original(a)
        if "ForwardConfig" not in a:
            return xml
        members = "".join(
            f"<member><TargetGroupArn>{each['TargetGroupArn']}</TargetGroupArn><Weight>{each['Weight']}</Weight></member>"
            for each in _groups(a)
        )
        sticky = "<TargetGroupStickinessConfig><Enabled>false</Enabled></TargetGroupStickinessConfig>"
        forward = f"<ForwardConfig><TargetGroups>{members}</TargetGroups>{sticky}</ForwardConfig>"
        return xml.replace("</member>", f"{forward}</member>")

    @replace(alb, "_execute_action", "action method path headers body query_params raw_query_string raw_path")
    async def execute_action(original, action, *rest):
        if "ForwardConfig" in action:
            action = {"Type": "forward", "TargetGroupArn": _choose(_groups(action)) or ""}
        return await original(action, *rest)

    for name in ("_create_rule", "_modify_rule"):

        @replace(alb, name, "params")
        def changed(original, params):
            response = original(params)
            for rule in list(alb._rules.values()):
                _attach(rule)
            return response
