"""Certificates, DNS records and TLS listeners that depend on each other as on AWS.

MiniStack issues every certificate at once, whoever has the domain; takes any record into any zone; and takes an HTTPS
listener without a certificate. TLS itself is not emulated: what a visitor gets over HTTPS is asked for by the name
`<domain>.localhost`, which every browser and curl find on this machine. The domain's alias record says which load
balancer that is, as it would on AWS.
"""

import hashlib
import re

from ministack import app
from ministack.core.responses import error_response_json, get_account_id, now_iso, request_scope
from ministack.services import acm, alb, route53

from replace import existing, making, replace

# Elastic Load Balancing User Guide, "Security policies for your Application Load Balancer", without the FIPS ones.
_TLS_POLICIES = {
    "ELBSecurityPolicy-2016-08",
    *(f"ELBSecurityPolicy-TLS13-1-{rest}-2021-06" for rest in ("0", "1", "2", "2-Ext1", "2-Ext2", "2-Res", "3")),
    *(f"ELBSecurityPolicy-TLS13-1-{rest}-PQ-2025-09" for rest in ("0", "2", "2-Ext1", "2-Ext2", "2-Res", "3")),
    *(f"ELBSecurityPolicy-TLS-1-{rest}" for rest in ("0-2015-04", "1-2017-01", "2-2017-01", "2-Ext-2018-06")),
    *(f"ELBSecurityPolicy-FS-{rest}" for rest in ("2018-06", "1-1-2019-08", "1-2-2019-08", "1-2-Res-2019-08", "1-2-Res-2020-10")),
}  # fmt: skip


def alias_target(host: str) -> str | None:
    """The load balancer's DNS name that the alias record of a domain names, for a Host header of `<domain>.localhost`."""
    name = host.split(":")[0].lower()
    if not name.endswith(".localhost"):
        return None
    record = _record(f"{name.removesuffix('.localhost')}.", "A")
    return record["AliasTarget"]["DNSName"].rstrip(".") if record and "AliasTarget" in record else None


def ports_of(balancer_arn: str) -> list[int]:
    """The ports that a load balancer listens on."""
    return [each["Port"] for each in alb._listeners.values() if each["LoadBalancerArn"] == balancer_arn]


def _record(name: str, kind: str) -> dict | None:
    """The record of a name in whichever public zone has it."""
    public = [zone_id for zone_id, zone in route53._zones.items() if not zone.get("private")]
    records = [each for zone_id in public for each in route53._records.get(zone_id, [])]
    return next((each for each in records if each["Name"].lower() == name.lower() and each["Type"] == kind), None)


def _is_proven(option: dict) -> bool:
    wanted = option["ResourceRecord"]
    record = _record(wanted["Name"], wanted["Type"])
    values = record.get("ResourceRecords", []) if record else []
    return [value.rstrip(".") for value in values] == [wanted["Value"].rstrip(".")]


def _validate(certificate: dict) -> None:
    """Issues a certificate once a record proves each of its names; an issued one stays it."""
    for option in certificate["DomainValidationOptions"]:
        if option["ValidationStatus"] != "SUCCESS" and _is_proven(option):
            option["ValidationStatus"] = "SUCCESS"
    if certificate["Status"] == "PENDING_VALIDATION":
        if all(each["ValidationStatus"] == "SUCCESS" for each in certificate["DomainValidationOptions"]):
            certificate.update(Status="ISSUED", IssuedAt=now_iso())


def _listeners_with(certificate_arn: str) -> list[dict]:
    return [each for each in alb._listeners.values() if certificate_arn in each.get("Certificates", [])]


def _tls_problem(protocol: str, certificates: list[str], policy: str):
    """What AWS refuses in a listener's protocol, certificate and policy; None where it takes them."""
    if protocol != "HTTPS":
        message = f"A certificate or SSL policy cannot be specified for {protocol} listeners"
        return alb._error("ValidationError", message) if certificates or policy else None
    if not certificates:
        return alb._error("ValidationError", "A certificate must be specified for HTTPS listeners")
    certificate = acm._get_local_certificate(certificates[0])
    if certificate is None:
        return alb._error("CertificateNotFound", f"Certificate '{certificates[0]}' not found")
    _validate(certificate)
    if certificate["Status"] != "ISSUED":
        reason = "must have a fully-qualified domain name, a supported signature, and a supported key size"
        return alb._error("UnsupportedCertificate", f"The certificate '{certificates[0]}' {reason}")
    if policy and policy not in _TLS_POLICIES:
        return alb._error("SSLPolicyNotFound", f"SSL policy '{policy}' not found")
    return None


def _balancers() -> str:
    """The account's load balancers of every region: Route 53 is asked in us-east-1, wherever they are."""
    described = []
    for (account, region, _), balancer in alb._lbs.all_items():
        if account == get_account_id():
            with request_scope(account, region):
                described.append(alb._lb_xml(balancer))
    return "".join(described)


def _record_problem(zone: dict, action: str, record: dict) -> str | None:
    """What Route 53 refuses in a record: a name outside of the zone, and an alias of nothing."""
    name, apex = record["Name"].lower(), zone["name"].lower()
    if name != apex and not name.endswith(f".{apex}"):
        return f"RRSet with DNS name {name} is not permitted in zone {apex}"
    target = record.get("AliasTarget")
    if action == "DELETE" or not target:
        return None
    balancers = _balancers()
    known = re.findall(r"<DNSName>([^<]*)</DNSName>", balancers)
    zones = re.findall(r"<CanonicalHostedZoneId>([^<]*)</CanonicalHostedZoneId>", balancers)
    wanted = target["DNSName"].rstrip(".").lower().removeprefix("dualstack.")
    if (wanted, target["HostedZoneId"]) in [(dns.lower(), zone_id) for dns, zone_id in zip(known, zones)]:
        return None
    return (
        f"Tried to create an alias that targets {target['DNSName']}, type {record['Type']} in zone {target['HostedZoneId']}, "
        "but the alias target name does not lie within the target zone"
    )


def _in_its_words(answer: bytes) -> bytes:
    """The refusal of a record that is there already, or is not, as Route 53 says it; other answers as they are."""
    named = re.sub(rb"(resource record set) (\S+) type (\S+) (but it already exists)\.", rb"\1 [name='\2', type='\3'] \4", answer)
    return re.sub(rb"<Message>(Tried to [^<]*)</Message>", rb"<Message>[\1]</Message>", named)


def install() -> None:
    existing(acm, "_get_local_certificate", "arn")
    existing(route53, "_parse_body", "body")
    existing(route53, "_parse_record_set", "el")
    existing(alb, "_parse_certificate_arns", "params prefix")

    @replace(acm, "_validation_options", "domain method")
    def validation_options(original, domain, method):
        option = original(domain, method)
        base = domain.removeprefix("*.")
        proof = hashlib.sha256(f"{get_account_id()} {base}".encode()).hexdigest()
        record = {"Name": f"_{proof[:32]}.{base}.", "Type": "CNAME", "Value": f"_{proof[32:]}.sandbox.acm-validations.aws."}
        return {**option, "ValidationStatus": "PENDING_VALIDATION", "ResourceRecord": record}

    @replace(acm, "_request_certificate", "data")
    def request_certificate(original, data):
        response, made = making(acm._certificates, original, data)
        for arn in made:
            acm._certificates[arn]["Status"] = "PENDING_VALIDATION"
        return response

    @replace(acm, "_cert_shape", "cert")
    def cert_shape(original, cert):
        _validate(cert)
        shape = {**original(cert), "InUseBy": [each["LoadBalancerArn"] for each in _listeners_with(cert["CertificateArn"])]}
        dates = ("IssuedAt", "NotBefore", "NotAfter") if cert["Status"] == "PENDING_VALIDATION" else ()
        return {key: value for key, value in shape.items() if key not in dates}

    @replace(acm, "_delete_certificate", "data")
    def delete_certificate(original, data):
        arn = data.get("CertificateArn", "")
        if _listeners_with(arn):
            message = f"Certificate {arn} in account {get_account_id()} is in use."
            return error_response_json("ResourceInUseException", message, 400)
        return original(data)

    @replace(alb, "_create_listener", "params")
    def create_listener(original, params):
        port = int(alb._p(params, "Port", "80") or 80)
        if port in ports_of(alb._p(params, "LoadBalancerArn")):
            return alb._error("DuplicateListener", "A listener already exists on this port for this load balancer")
        certificates = alb._parse_certificate_arns(params)
        problem = _tls_problem(alb._p(params, "Protocol", "HTTP"), certificates, alb._p(params, "SslPolicy"))
        return problem or original(params)

    @replace(alb, "_modify_listener", "params")
    def modify_listener(original, params):
        listener = alb._listeners.get(alb._p(params, "ListenerArn")) or {}
        protocol = alb._p(params, "Protocol") or listener.get("Protocol", "HTTP")
        kept = listener.get("Certificates", []) if protocol == "HTTPS" else []
        problem = _tls_problem(protocol, alb._parse_certificate_arns(params) or kept, alb._p(params, "SslPolicy"))
        return problem or original(params)

    @replace(route53, "_change_resource_record_sets", "zone_id body")
    def change_resource_record_sets(original, zone_id, body):
        zone, root = route53._zones.get(zone_id), route53._parse_body(body)
        if zone is not None and root is not None:
            for change in [each for each in root.iter() if each.tag.rsplit("}", 1)[-1] == "Change"]:
                record = route53._parse_record_set(route53._find(change, "ResourceRecordSet"))
                problem = _record_problem(zone, route53._text(change, "Action"), record)
                if problem:
                    return route53._error_response("InvalidChangeBatch", f"[{problem}]")
        status, headers, answer = original(zone_id, body)
        return status, headers, _in_its_words(answer)

    @replace(app, "_is_potential_alb_request", "host path")
    def is_potential_alb_request(original, host, path):
        return original(host, path) or alias_target(host) is not None

    @replace(app, "_handle_s3_vhost_request", "host path method headers body query_params")
    async def handle_s3_vhost_request(original, host, *rest):
        return None if alias_target(host) else await original(host, *rest)
