"""Zones that an account has to opt into or that take nothing new, and the filters that tell them from those that everybody has.

Each region has a Local Zone beside MiniStack's three Availability Zones, which is told of once its group is opted into, as
"Opt in to a Local Zone" in the Local Zones User Guide and DescribeAvailabilityZones in the API reference have it. By name
it comes first, as `-` is before every letter. MiniStack knows no such zone and takes no filter into account.

Of its Availability Zones, one of Tokyo's is constrained, as it is to accounts that were there before: it is told of like any other, and
a NAT gateway in it is refused ("Troubleshoot NAT gateways" in the VPC User Guide, in the words that sysdiglabs/
terraform-aws-secure-for-cloud#52 quotes). There is a fourth, so that such an account has three to use as well.
"""

import re

from ministack.services import ec2

from replace import existing, refuse, replace

_CONSTRAINED = {"apne1-az3"}

_opted_in: set[str] = set()

# The filters of DescribeAvailabilityZones that the program can be thought to use, and the member that each is about.
_MEMBERS = {
    "group-name": "groupName",
    "opt-in-status": "optInStatus",
    "region-name": "regionName",
    "state": "zoneState",
    "zone-id": "zoneId",
    "zone-name": "zoneName",
    "zone-type": "zoneType",
}


def _group() -> str:
    return f"{ec2.get_region()}-tpe-1"


def _local_zone() -> dict[str, str]:
    region, group = ec2.get_region(), _group()
    return {
        "zoneName": f"{group}a",
        "zoneState": "available",
        "regionName": region,
        "zoneId": f"{region}-tpe1-az1",
        "groupName": group,
        "networkBorderGroup": group,
        "optInStatus": "opted-in" if group in _opted_in else "not-opted-in",
        "zoneType": "local-zone",
    }


def _nat_gateway(params) -> tuple[str, str] | None:
    subnet = ec2._subnets.get(ec2._p(params, "SubnetId")) or {}
    if subnet.get("AvailabilityZoneId") in _CONSTRAINED:
        return "NotAvailableInZone", "Nat Gateway is not available in this availability zone"
    return None


def _modify_group(params) -> tuple:
    group, status = ec2._p(params, "GroupName"), ec2._p(params, "OptInStatus")
    if group != _group():
        return ec2._error("InvalidParameterValue", f"Invalid availability zone group: {group}", 400)
    (_opted_in.add if status == "opted-in" else _opted_in.discard)(group)
    return ec2._xml(200, "ModifyAvailabilityZoneGroupResponse", "<return>true</return>")


def install() -> None:
    existing(ec2, "_parse_filters", "params")
    existing(ec2, "_xml", "status root_tag inner")
    refuse(ec2, "_create_nat_gateway", "params", _nat_gateway, ec2._error)
    ec2._ACTION_MAP["ModifyAvailabilityZoneGroup"] = _modify_group

    @replace(ec2, "_describe_availability_zones", "p")
    def describe_availability_zones(original, p):
        _, _, body = original(p)
        items = re.findall(r"(?s)<item>(.*?)</item>", body.decode())
        zones = [dict(re.findall(r"<(\w+)>([^<]*)</\1>", item)) for item in items]
        name = f"{ec2.get_region()}d"
        fourth = {**zones[-1], "zoneName": name, "zoneId": ec2._az_id_for_zone_name(name)}
        zones += [fourth, _local_zone()]
        names = [value for key, values in p.items() if key.startswith("ZoneName.") for value in values]
        if ec2._p(p, "AllAvailabilityZones") != "true":
            zones = [zone for zone in zones if zone["optInStatus"] != "not-opted-in"]
        for name, values in ec2._parse_filters(p).items():
            if name not in _MEMBERS:
                return ec2._error("InvalidParameterValue", f"The filter '{name}' is invalid", 400)
            zones = [zone for zone in zones if zone[_MEMBERS[name]] in values]
        zones = [zone for zone in zones if not names or zone["zoneName"] in names]
        members = lambda zone: "".join(f"<{key}>{value}</{key}>" for key, value in zone.items())  # noqa: E731
        listed = "".join(f"<item>{members(zone)}</item>" for zone in zones)
        return ec2._xml(200, "DescribeAvailabilityZonesResponse", f"<availabilityZoneInfo>{listed}</availabilityZoneInfo>")

    @replace(ec2, "reset", "")
    def reset(original):
        original()
        _opted_in.clear()
