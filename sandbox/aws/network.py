"""What EC2 and Elastic Load Balancing refuse because of where things are, and because something else uses them.

Codes and sentences are those of "Error codes for the Amazon EC2 API", of NatGateway's FailureMessage in the API reference, and
of the errors that users of Terraform quote. Of two only the code is documented, and the words are ours: an address that is
released while it is in use, and subnets of several networks. A NAT gateway with an address that is in use is not refused: it
is made, and fails. MiniStack takes all of it; it finds a route table by its id, but by no filter for that, and a prefix list loses
the tags that it is made with.
"""

import re
from ipaddress import ip_network
from typing import Callable

from ministack.services import alb, ec2, ecs

from replace import existing, making, refuse, replace

Problem = tuple[str, str] | None


def _nat_gateways() -> list[dict]:
    return [each for each in ec2._nat_gateways.values() if each["State"] not in ("deleted", "failed")]


def _services() -> list[dict]:
    """The network settings of services whose tasks run, and so have network interfaces."""
    running = [each for each in ecs._services.values() if each["status"] == "ACTIVE" and each["runningCount"] > 0]
    return [(each.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {} for each in running]


def _used_subnets() -> set[str]:
    lists = [each.get("Subnets", []) for each in alb._lbs.values()]
    lists += [each.get("subnets", []) for each in _services()]
    lists += [each.get("SubnetIds") or [] for each in ec2._vpc_endpoints.values()]
    return {subnet for each in lists for subnet in each} | {each["SubnetId"] for each in _nat_gateways()}


def _used_groups(but: str) -> set[str]:
    """The groups that something belongs to, or that another group than this one lets in or out."""
    lists = [each.get("SecurityGroups", []) for each in alb._lbs.values()]
    lists += [each.get("securityGroups", []) for each in _services()]
    others = [group for group_id, group in ec2._security_groups.items() if group_id != but]
    rules = [rule for group in others for side in ("IpPermissions", "IpPermissionsEgress") for rule in group[side]]
    lists.append([pair.get("GroupId") for rule in rules for pair in rule.get("UserIdGroupPairs", [])])
    return {group for each in lists for group in each}


def _address_in_use(allocation: str) -> bool:
    return bool((ec2._addresses.get(allocation) or {}).get("AssociationId"))


def _subnet(params) -> Problem:
    vpc_id, cidr = ec2._p(params, "VpcId"), ec2._p(params, "CidrBlock")
    vpc = ec2._vpcs.get(vpc_id)
    if vpc is None:
        return "InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist"
    try:
        wanted = ip_network(cidr)
    except ValueError:
        return "InvalidParameterValue", f"Value ({cidr}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
    if not (16 <= wanted.prefixlen <= 28 and wanted.subnet_of(ip_network(vpc["CidrBlock"]))):
        return "InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid."
    others = [ip_network(each["CidrBlock"]) for each in ec2._subnets.values() if each["VpcId"] == vpc_id]
    if any(wanted.overlaps(each) for each in others):
        return "InvalidSubnet.Conflict", f"The CIDR '{cidr}' conflicts with another subnet"
    return None


def _detached_gateway(params) -> Problem:
    gateway_id, vpc_id = ec2._p(params, "InternetGatewayId"), ec2._p(params, "VpcId")
    gateway = ec2._internet_gateways.get(gateway_id)
    if gateway is None:
        return "InvalidInternetGatewayID.NotFound", f"The internetGateway ID '{gateway_id}' does not exist"
    if vpc_id not in [each["VpcId"] for each in gateway["Attachments"]]:
        return "Gateway.NotAttached", f"resource {gateway_id} is not attached to network {vpc_id}"
    public = [each["VpcId"] for each in _nat_gateways() if each["AllocationId"]]
    public += [each["VpcId"] for each in alb._lbs.values() if each["Scheme"] == "internet-facing"]
    if vpc_id in public:
        mapped = "has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
        return "DependencyViolation", f"Network {vpc_id} {mapped}"
    return None


def _deleted(parameter: str, kind: str, is_used: Callable[[str], bool]) -> Callable[[dict], Problem]:
    def problem(params) -> Problem:
        named = ec2._p(params, parameter)
        return ("DependencyViolation", f"The {kind} '{named}' has dependencies and cannot be deleted.") if is_used(named) else None

    return problem


def _deleted_group(params) -> Problem:
    group = ec2._p(params, "GroupId")
    return ("DependencyViolation", f"resource {group} has a dependent object") if group in _used_groups(group) else None


def _released(params) -> Problem:
    allocation = ec2._p(params, "AllocationId")
    if not _address_in_use(allocation):
        return None
    return "InvalidIPAddress.InUse", f"Address {ec2._addresses[allocation]['PublicIp']} is in use."


def _disassociated(params) -> Problem:
    association = ec2._p(params, "AssociationId")
    if any(each["AssociationId"] == association for each in ec2._addresses.values()):
        return None
    return "InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist"


def _balancer_subnets(params) -> Problem:
    named = alb._parse_member_list(params, "Subnets")
    unknown = next((each for each in named if each not in ec2._subnets), None)
    if unknown:
        return "SubnetNotFound", f"The subnet ID '{unknown}' does not exist"
    subnets = [ec2._subnets[each] for each in named]
    balancer = alb._lbs.get(alb._p(params, "LoadBalancerArn"))
    networks = {each["VpcId"] for each in subnets} | ({balancer["VpcId"]} if balancer else set())
    if len(networks) > 1:
        return "InvalidConfigurationRequest", "All subnets must belong to the same VPC"
    zones = {each["AvailabilityZone"] for each in subnets}
    if len(zones) < len(subnets):
        return "InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
    if len(zones) < 2:
        return "ValidationError", "At least two subnets in two different Availability Zones must be specified"
    return None


def _balancer_groups(params) -> Problem:
    balancer = alb._lbs.get(alb._p(params, "LoadBalancerArn"))
    first = (alb._parse_member_list(params, "Subnets") or [""])[0]
    network = balancer["VpcId"] if balancer else (ec2._subnets.get(first) or {}).get("VpcId")
    groups = [ec2._security_groups.get(each) or {} for each in alb._parse_member_list(params, "SecurityGroups")]
    if all(each.get("VpcId") == network for each in groups):
        return None
    return "InvalidConfigurationRequest", "One or more security groups are invalid"


def _addresses(nat_gateway: dict) -> str:
    """What EC2 adds to a NAT gateway's description: why it failed, or its addresses."""
    if nat_gateway["State"] == "failed":
        reason = f"Elastic IP address {nat_gateway['AllocationId']} is already associated"
        return f"<failureCode>Resource.AlreadyAssociated</failureCode><failureMessage>{reason}</failureMessage>"
    address = ec2._addresses.get(nat_gateway["AllocationId"])
    if not address:
        return "<natGatewayAddressSet/>"
    item = f"<allocationId>{nat_gateway['AllocationId']}</allocationId><publicIp>{address['PublicIp']}</publicIp>"
    return f"<natGatewayAddressSet><item>{item}<isPrimary>true</isPrimary></item></natGatewayAddressSet>"


def _rule_descriptions(p) -> Problem:
    keys = [key for key in p if re.fullmatch(r"IpPermissions\.\d+\.\w+\.\d+\.Description", key)]
    if all(re.fullmatch(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}", ec2._p(p, key)) for key in keys):
        return None
    allowed = "strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&amp;;{}!$*"
    return "InvalidParameterValue", f"Invalid rule description. Valid descriptions are {allowed}"


def install() -> None:
    existing(ec2, "_error", "code message status")
    existing(alb, "_error", "code message status")
    refuse(ec2, "_create_subnet", "p", _subnet, ec2._error)
    refuse(ec2, "_authorize_sg_ingress", "p", _rule_descriptions, ec2._error)
    refuse(ec2, "_authorize_sg_egress", "p", _rule_descriptions, ec2._error)
    refuse(ec2, "_detach_internet_gateway", "p", _detached_gateway, ec2._error)
    gateway_attached = lambda named: bool((ec2._internet_gateways.get(named) or {}).get("Attachments"))  # noqa: E731
    refuse(ec2, "_delete_internet_gateway", "p", _deleted("InternetGatewayId", "internetGateway", gateway_attached), ec2._error)
    refuse(ec2, "_delete_subnet", "p", _deleted("SubnetId", "subnet", lambda named: named in _used_subnets()), ec2._error)
    refuse(ec2, "_delete_security_group", "p", _deleted_group, ec2._error)
    refuse(ec2, "_release_address", "p", _released, ec2._error)
    refuse(ec2, "_disassociate_address", "p", _disassociated, ec2._error)
    refuse(alb, "_create_lb", "params", lambda params: _balancer_subnets(params) or _balancer_groups(params), alb._error)
    refuse(alb, "_set_subnets", "params", _balancer_subnets, alb._error)
    refuse(alb, "_set_security_groups", "params", _balancer_groups, alb._error)

    @replace(ec2, "_create_nat_gateway", "params")
    def create_nat_gateway(original, params):
        allocation = ec2._p(params, "AllocationId")
        in_use = _address_in_use(allocation)
        response, made = making(ec2._nat_gateways, original, params)
        for each in made:
            ec2._nat_gateways[each]["State"] = "failed" if in_use else "available"
            if allocation in ec2._addresses and not in_use:
                ec2._addresses[allocation]["AssociationId"] = each.replace("nat-", "eipassoc-")
        return response

    @replace(ec2, "_delete_nat_gateway", "params")
    def delete_nat_gateway(original, params):
        association = ec2._p(params, "NatGatewayId").replace("nat-", "eipassoc-")
        for address in ec2._addresses.values():
            if address["AssociationId"] == association:
                address["AssociationId"] = None
        return original(params)

    @replace(ec2, "_describe_route_tables", "p")
    def describe_route_tables(original, p):
        named = ec2._parse_filters(p).get("route-table-id", [])
        return original({**p, **{f"RouteTableId.{index}": [each] for index, each in enumerate(named, 1)}})

    existing(ec2, "_parse_tag_specs", "p resource_type resource_id")

    @replace(ec2, "_sg_rule_xml", "sg_id rule is_egress")
    def sg_rule_xml(original, sg_id, rule, is_egress=False):
        listed = "".join(f"<prefixListId>{each['PrefixListId']}</prefixListId>" for each in rule.get("PrefixListIds", []))
        return original(sg_id, rule, is_egress).replace("</item>", f"{listed}</item>")

    @replace(ec2, "_create_managed_prefix_list", "p")
    def create_managed_prefix_list(original, p):
        response, made = making(ec2._prefix_lists, original, p)
        for each in made:
            ec2._parse_tag_specs(p, "prefix-list", each)
        return response

    @replace(ec2, "_describe_nat_gateways", "params")
    def describe_nat_gateways(original, params):
        status, headers, body = original(params)

        def described(found):
            return found[0].replace("<natGatewayAddressSet/>", _addresses(ec2._nat_gateways[found[1]]))

        text = re.sub(r"(?s)<natGatewayId>([^<]*)<.*?<natGatewayAddressSet/>", described, body.decode())
        return status, headers, text.encode()
