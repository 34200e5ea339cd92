"""IPv6 ranges of VPCs and subnets, routes for them, and load balancers that have addresses of both kinds.

MiniStack knows ranges of IPv4 alone, and takes a load balancer for dual-stack wherever its subnets are. A VPC's /56 is AWS's
own choice; here it is of the range for documentation (RFC 3849). "You must specify subnets with …" is as users of AWS quote it;
of a range that is in use the code is EC2's, and the words are ours.
"""

import itertools
import re
from ipaddress import ip_network

from ministack.services import alb, ec2

from replace import existing, making, refuse, replace

_numbers = itertools.count(0xA)


def _association(kind: str, owner: dict) -> str:
    """What EC2 says of the range of a VPC or a subnet, which has one at most."""
    found = owner.get("Ipv6")
    if not found:
        return "<ipv6CidrBlockAssociationSet/>"
    pool = "<ipv6Pool>Amazon</ipv6Pool><networkBorderGroup>%s</networkBorderGroup>" % ec2.get_region() if kind == "vpc" else ""
    inner = f"<ipv6CidrBlock>{found['block']}</ipv6CidrBlock><associationId>{found['id']}</associationId>"
    state = "<ipv6CidrBlockState><state>associated</state></ipv6CidrBlockState>"
    return f"<ipv6CidrBlockAssociationSet><item>{inner}{state}{pool}</item></ipv6CidrBlockAssociationSet>"


def _associate(kind: str, owner: dict, block: str) -> None:
    owner["Ipv6"] = {"block": block, "id": f"{kind}-cidr-assoc-{next(_numbers):017x}"}


def _associated(action: str, kind: str, key: str, owner: dict) -> tuple:
    one = re.sub(r"AssociationSet>(</?item>)?", "Association>", _association(kind, owner).replace("</item>", ""))
    return ec2._xml(200, f"{action}Response", f"<{kind}Id>{owner[key]}</{kind}Id>{one}")


def _own_block() -> str:
    return f"2001:db8:{next(_numbers):x}:de00::/56"


def _associate_vpc(p) -> tuple:
    vpc = ec2._vpcs.get(ec2._p(p, "VpcId"))
    if vpc is None:
        return ec2._error("InvalidVpcID.NotFound", f"The vpc ID '{ec2._p(p, 'VpcId')}' does not exist", 400)
    if ec2._p(p, "AmazonProvidedIpv6CidrBlock") != "true":
        return ec2._error("UnsupportedOperation", "The sandbox gives a VPC an IPv6 range of AWS's choice, and no other.", 400)
    _associate("vpc", vpc, _own_block())
    return _associated("AssociateVpcCidrBlock", "vpc", "VpcId", vpc)


def _range_problem(subnet: dict, block: str):
    whole = (ec2._vpcs[subnet["VpcId"]].get("Ipv6") or {}).get("block")
    wanted = ip_network(block)
    if whole is None or wanted.prefixlen != 64 or not wanted.subnet_of(ip_network(whole)):
        return "InvalidSubnet.Range", f"The CIDR '{block}' is invalid."
    others = [each["Ipv6"]["block"] for each in ec2._subnets.values() if each.get("Ipv6") and each is not subnet]
    return ("InvalidSubnet.Conflict", f"The CIDR '{block}' conflicts with another subnet") if block in others else None


def _associate_subnet(p) -> tuple:
    subnet = ec2._subnets.get(ec2._p(p, "SubnetId"))
    if subnet is None:
        return ec2._error("InvalidSubnetID.NotFound", f"The subnet ID '{ec2._p(p, 'SubnetId')}' does not exist", 400)
    problem = _range_problem(subnet, ec2._p(p, "Ipv6CidrBlock"))
    if problem:
        return ec2._error(*problem, 400)
    _associate("subnet", subnet, ec2._p(p, "Ipv6CidrBlock"))
    return _associated("AssociateSubnetCidrBlock", "subnet", "SubnetId", subnet)


def _in_use(kind: str, owner: dict) -> bool:
    if kind == "vpc":
        return any(each["VpcId"] == owner["VpcId"] and each.get("Ipv6") for each in ec2._subnets.values())
    dual = [each for each in alb._lbs.values() if each.get("IpAddressType") == "dualstack"]
    return any(owner["SubnetId"] in each.get("Subnets", []) for each in dual)


def _disassociate(kind: str, key: str, owners) -> callable:
    def disassociate(p) -> tuple:
        association = ec2._p(p, "AssociationId")
        owner = next((each for each in owners().values() if (each.get("Ipv6") or {}).get("id") == association), None)
        if owner is None:
            code = f"Invalid{kind.capitalize()}CidrBlockAssociationID.NotFound"
            return ec2._error(code, f"The {kind} CIDR block with association ID {association} does not exist", 400)
        if _in_use(kind, owner):
            used = f"The {kind} IPv6 CIDR block with association ID {association} may not be disassociated. It is in use."
            return ec2._error("InvalidCidrBlock.InUse", used, 400)
        response = _associated(f"Disassociate{kind.capitalize()}CidrBlock", kind, key, owner)
        del owner["Ipv6"]
        return response

    return disassociate


def _dual_stack(subnets: list[str], address_type: str):
    if address_type == "dualstack" and not all((ec2._subnets.get(each) or {}).get("Ipv6") for each in subnets):
        return "ValidationError", "You must specify subnets with an associated IPv6 CIDR block."
    return None


def install() -> None:
    ec2._ACTION_MAP["AssociateVpcCidrBlock"] = _associate_vpc
    ec2._ACTION_MAP["AssociateSubnetCidrBlock"] = _associate_subnet
    ec2._ACTION_MAP["DisassociateVpcCidrBlock"] = _disassociate("vpc", "VpcId", lambda: ec2._vpcs)
    ec2._ACTION_MAP["DisassociateSubnetCidrBlock"] = _disassociate("subnet", "SubnetId", lambda: ec2._subnets)
    existing(ec2, "_xml", "status root_tag inner")
    existing(ec2, "_error", "code message status")

    for kind in ("vpc", "subnet"):

        @replace(ec2, f"_{kind}_fields_xml", f"{kind} tag")
        def described(original, owner, tag="item", kind=kind):
            return f"{original(owner, tag).rpartition('</')[0]}{_association(kind, owner)}</{tag}>"

        @replace(ec2, f"_matches_{kind}_filters", f"{kind} filters")
        def matches(original, owner, filters):
            wanted = filters.get("ipv6-cidr-block-association.association-id")
            return original(owner, filters) and (wanted is None or (owner.get("Ipv6") or {}).get("id") in wanted)

    @replace(ec2, "_create_vpc", "p")
    def create_vpc(original, p):
        response, made = making(ec2._vpcs, original, p)
        if ec2._p(p, "AmazonProvidedIpv6CidrBlock") != "true":
            return response
        vpc = ec2._vpcs[made.pop()]
        _associate("vpc", vpc, _own_block())
        return ec2._xml(200, "CreateVpcResponse", ec2._vpc_fields_xml(vpc, tag="vpc"))

    @replace(ec2, "_create_subnet", "p")
    def create_subnet(original, p):
        block = ec2._p(p, "Ipv6CidrBlock")
        problem = block and _range_problem({"VpcId": ec2._p(p, "VpcId")}, block)
        if problem:
            return ec2._error(*problem, 400)
        response, made = making(ec2._subnets, original, p)
        if not block or not made:
            return response
        subnet = ec2._subnets[made.pop()]
        _associate("subnet", subnet, block)
        return ec2._xml(200, "CreateSubnetResponse", ec2._subnet_fields_xml(subnet, tag="subnet"))

    @replace(ec2, "_create_route", "p")
    def create_route(original, p):
        response = original(p)
        block = ec2._p(p, "DestinationIpv6CidrBlock")
        if block and response[0] == 200:
            route = ec2._route_tables[ec2._p(p, "RouteTableId")]["Routes"][-1]
            del route["DestinationCidrBlock"]
            route["DestinationIpv6CidrBlock"] = block
        return response

    @replace(ec2, "_delete_route", "p")
    def delete_route(original, p):
        table, block = ec2._route_tables.get(ec2._p(p, "RouteTableId")), ec2._p(p, "DestinationIpv6CidrBlock")
        if not block or table is None:
            return original(p)
        table["Routes"] = [each for each in table["Routes"] if each.get("DestinationIpv6CidrBlock") != block]
        return ec2._xml(200, "DeleteRouteResponse", "<return>true</return>")

    refuse(
        alb, "_create_lb", "params",
        lambda params: _dual_stack(alb._parse_member_list(params, "Subnets"), alb._p(params, "IpAddressType")), alb._error,
    )  # fmt: skip
    refuse(
        alb, "_set_ip_address_type", "params",
        lambda params: _dual_stack(
            (alb._lbs.get(alb._p(params, "LoadBalancerArn")) or {}).get("Subnets", []), alb._p(params, "IpAddressType"),
        ),
        alb._error,
    )  # fmt: skip
