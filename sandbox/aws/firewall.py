"""What tasks reach: the outbound rules of their security groups, as iptables in each container's own network.

MiniStack takes the rules and lets everything out. Where the emulator may not do better (it is not root, or has no `nsenter` or
`iptables`, or the containers are in a virtual machine's Docker), its log says so once, and everything gets out here, too.

A container has a network once it has started, and its rules some hundredths of a second later: what it opens until then stays open.

On AWS a connection that no rule lets out is never answered. Here it is refused at once, so that nobody waits for a timeout.
"""

import json
import logging
import os
import subprocess
from ipaddress import ip_network
from itertools import count, takewhile

from ministack.services import ec2, ecs

from replace import existing, replace

_log = logging.getLogger("sandbox.firewall")
_told: set[str] = set()


def _groups(task: dict) -> set[str]:
    """The security groups of a task: its service's, or those that it was run with."""
    of_service = (each for each in ecs._services.values() if f"service:{each['serviceName']}" == task.get("group"))
    service = next((each for each in of_service if each["clusterArn"] == task["clusterArn"]), None)
    return set(_named(service) if service else task.get("_security_groups", []))


def _named(request: dict) -> list[str]:
    return ((request.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}).get("securityGroups") or []


def _destination(cidr: str, vpc: str, subnet: str) -> str:
    """Where the network of a rule is: what the VPC has is, here, in Docker's own network."""
    return subnet if ip_network(cidr).subnet_of(ip_network(vpc)) else cidr


def _listed(rule: dict) -> list[dict]:
    """The networks in the prefix lists that a rule names."""
    lists = [ec2._prefix_lists.get(each["PrefixListId"]) or {} for each in rule.get("PrefixListIds", [])]
    return [{"CidrIp": entry["Cidr"]} for each in lists for entry in each.get("Entries", [])]


def _ports(rule: dict) -> str:
    protocol = rule["IpProtocol"]
    if protocol not in ("tcp", "udp"):
        return "" if protocol == "-1" else f"-p {protocol}"
    return f"-p {protocol} --dport {rule['FromPort']}:{rule['ToPort']}"


def rules(groups: set[str], subnet: str) -> str:
    """What `iptables-restore` takes: exactly what these groups let out, from a container whose Docker network is `subnet`."""
    found = [ec2._security_groups[each] for each in sorted(groups) if each in ec2._security_groups]
    opened = [
        f"-A OUTPUT {_ports(rule)} -d {_destination(target['CidrIp'], ec2._vpcs[group['VpcId']]['CidrBlock'], subnet)} -j ACCEPT"
        for group in found
        for rule in group["IpPermissionsEgress"]
        for target in rule["IpRanges"] + _listed(rule)
    ]
    lines = [
        "*filter",
        ":OUTPUT ACCEPT [0:0]",
        "-A OUTPUT -o lo -j ACCEPT",
        # Groups are stateful: an answer needs no rule of its own.
        "-A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        # "Control traffic with security groups", VPC User Guide: they do not filter what goes to the VPC's resolver.
        "-A OUTPUT -p udp --dport 53 -j ACCEPT",
        # AWS itself, which is at 443 there.
        f"-A OUTPUT -p tcp --dport {os.environ['GATEWAY_PORT']} -j ACCEPT",
        *opened,
        "-A OUTPUT -p tcp -j REJECT --reject-with tcp-reset",
        "-A OUTPUT -j REJECT",
        "COMMIT",
    ]
    return "\n".join(lines) + "\n"


def _apply(container, groups: set[str]) -> None:
    container.reload()
    state, networks = container.attrs["State"], container.attrs["NetworkSettings"]["Networks"]
    network = next((each for each in networks.values() if each.get("IPAddress")), None)
    if not groups or not state.get("Pid") or network is None:
        return  # it has ended, or never had a network of its own
    subnet = str(ip_network(f"{network['IPAddress']}/{network['IPPrefixLen']}", strict=False))
    command = ["nsenter", "--target", str(state["Pid"]), "--net", "iptables-restore"]
    try:
        subprocess.run(command, input=rules(groups, subnet), text=True, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as failed:
        reason = (getattr(failed, "stderr", "") or str(failed)).strip()
        if reason not in _told:
            _told.add(reason)
            _log.warning("security groups do not keep anything in: %s", reason)


def _prefix_lists(params: dict, prefix: str) -> list[dict]:
    """Those that a rule names, which MiniStack does not read."""
    named = ({key: ec2._p(params, f"{prefix}.{index}.{key}") for key in ("PrefixListId", "Description")} for index in count(1))
    return list(takewhile(lambda each: each["PrefixListId"], named))


def _changed(group: str | None) -> None:
    """A change of a group's rules reaches the tasks that run."""
    client = ecs._get_docker()
    for task in list(ecs._tasks.values()):
        groups = _groups(task)
        if group in groups and task.get("lastStatus") != "STOPPED":
            for container_id in list(task.get("_docker_ids") or []):
                try:
                    _apply(client.containers.get(container_id), groups)
                except Exception as gone:  # it has ended meanwhile
                    _log.debug("no rules for %s: %s", container_id, gone)


def install() -> None:
    @replace(ecs, "_run_task", "data")
    def run_task(original, data):
        response = original(data)
        for task in json.loads(response[2]).get("tasks", []):
            ecs._tasks[task["taskArn"]]["_security_groups"] = _named(data)
        return response

    @replace(ecs, "_attach_started_container", "task container index metadata_token ecs_network")
    def attach_started_container(original, task, container, *rest):
        _apply(container, _groups(task))
        return original(task, container, *rest)

    @replace(ec2, "_parse_ip_permissions", "params prefix")
    def parse_ip_permissions(original, params, prefix):
        # IpPermission in the EC2 API Reference: all protocols are all ports, whichever are given. The provider gives 0
        # when it revokes the rule that a new group has, which would stay.
        rules_given = original(params, prefix)
        for index, rule in enumerate(rules_given, 1):
            rule["PrefixListIds"] = _prefix_lists(params, f"{prefix}.{index}.PrefixListIds")
        for rule in (each for each in rules_given if each["IpProtocol"] == "-1"):
            rule.pop("FromPort", None)
            rule.pop("ToPort", None)
        return rules_given

    existing(ec2, "_p", "params key default")
    for name in ("_authorize_sg_egress", "_revoke_sg_egress", "_modify_security_group_rules"):

        @replace(ec2, name, "p")
        def changed(original, params):
            response = original(params)
            _changed(ec2._p(params, "GroupId"))
            return response
