"""Which actions a request needs on which resources, after AWS's service authorization reference.

MiniStack authorises an ECS call against the cluster that it names, a registration against `*`, and checks neither
`iam:PassRole` nor the tagging that a creation includes. Everything here is pure: a request in, a list of checks out.
"""

import re
from typing import Any, Callable, NamedTuple

TASKS = "ecs-tasks.amazonaws.com"


class Check(NamedTuple):
    """One action that the caller must be allowed to do on one resource."""

    action: str
    resource: str
    context: dict[str, Any] = {}


class Call(NamedTuple):
    """A request to one service: its action, its decoded arguments and where it goes."""

    service: str
    action: str
    args: dict[str, Any]
    region: str
    account: str

    def arn(self, resource: str, service: str | None = None) -> str:
        return f"arn:aws:{service or self.service}:{self.region}:{self.account}:{resource}"

    def on(self, resource: str, context: dict[str, Any] | None = None) -> Check:
        return Check(f"{self.service}:{self.action}", resource, context or {})


def last(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]


def pass_role(call: Call, role: str | None, service: str) -> list[Check]:
    if not role:
        return []
    arn = role if role.startswith("arn:") else f"arn:aws:iam::{call.account}:role/{role}"
    return [Check("iam:PassRole", arn, {"iam:PassedToService": service})]


def tags_on_create(call: Call, resource: str) -> list[Check]:
    if not call.args.get("tags"):
        return []
    return [Check(f"{call.service}:TagResource", resource, {f"{call.service}:CreateAction": call.action})]


_ON_CLUSTER = {
    "DeleteCluster", "UpdateCluster", "UpdateClusterSettings", "PutClusterCapacityProviders", "ListContainerInstances",
    "DescribeContainerInstances", "ListAttributes", "PutAttributes", "DeleteAttributes",
}  # fmt: skip
_ON_SERVICE = {"CreateService", "UpdateService", "DeleteService", "DescribeServices", "ListServiceDeployments"}
_ON_PARTS = {
    "DescribeServiceDeployments": "serviceDeploymentArns", "DescribeServiceRevisions": "serviceRevisionArns",
    "StopServiceDeployment": "serviceDeploymentArn",
}  # fmt: skip
_ON_TASK = {"StopTask", "DescribeTasks", "ExecuteCommand", "GetTaskProtection", "UpdateTaskProtection"}
_ON_ARN = {"TagResource", "UntagResource", "ListTagsForResource"}


def ecs(call: Call, task_definition: Callable[[str], dict | None]) -> list[Check]:
    """`task_definition` finds a registered one by family, family:revision or ARN."""
    args, action = call.args, call.action
    cluster = last(args.get("cluster") or "default")
    within = {"ecs:cluster": call.arn(f"cluster/{cluster}")}
    if action == "RegisterTaskDefinition":
        # There is no number yet: AWS's reference knows a revision alone, a refusal of AWS (aws/aws-cdk#25768) the family without one.
        of_family = [call.arn(f"task-definition/{args.get('family', '')}{number}") for number in ("", ":*")]
        new = [check for arn in of_family for check in (call.on(arn), *tags_on_create(call, arn))]
        roles = [args.get("executionRoleArn"), args.get("taskRoleArn")]
        passed = [check for role in dict.fromkeys(roles) for check in pass_role(call, role, TASKS)]
        return [*new, *passed]
    if action in ("RunTask", "StartTask"):
        definition = task_definition(args.get("taskDefinition", "")) or {}
        overrides = args.get("overrides") or {}
        roles = [overrides.get(key) or definition.get(key) for key in ("executionRoleArn", "taskRoleArn")]
        target = definition.get("taskDefinitionArn") or call.arn(f"task-definition/{last(args.get('taskDefinition', ''))}")
        passed = [check for role in dict.fromkeys(roles) for check in pass_role(call, role, TASKS)]
        return [call.on(target, within), *tags_on_create(call, call.arn(f"task/{cluster}/*")), *passed]
    if action in _ON_SERVICE:
        names = args.get("services") if action == "DescribeServices" else [args.get("serviceName") or args.get("service")]
        services = [call.arn(f"service/{cluster}/{last(name or '')}") for name in names or [""]]
        balancers = [each.get("advancedConfiguration") or {} for each in args.get("loadBalancers") or []]
        roles = dict.fromkeys([args.get("role"), *(each.get("roleArn") for each in balancers)])
        passed = [check for role in roles for check in pass_role(call, role, "ecs.amazonaws.com")]
        tagged = tags_on_create(call, services[0]) if action == "CreateService" else []
        subnets = ((args.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}).get("subnets")
        about = {**within, "ecs:subnet": subnets} if subnets else within
        return [*(call.on(service, about) for service in services), *tagged, *passed]
    if action in _ON_PARTS:  # each on its service and on itself
        named = args.get(_ON_PARTS[action]) or ""
        parts = [named] if isinstance(named, str) else named
        services = [re.sub(r":service-(?:deployment|revision)/([^/]*/[^/]*)/.*", r":service/\1", part) for part in parts]
        return [call.on(resource or "*") for resource in dict.fromkeys([*services, *parts])]
    if action in _ON_TASK:
        tasks = args.get("tasks") or [args.get("task") or ""]
        return [call.on(call.arn(f"task/{cluster}/{last(task)}"), within) for task in tasks]
    if action == "DescribeClusters":
        return [call.on(call.arn(f"cluster/{last(name)}")) for name in args.get("clusters") or ["default"]]
    if action == "CreateCluster":
        created = call.arn(f"cluster/{args.get('clusterName') or 'default'}")
        return [call.on(created), *tags_on_create(call, created)]
    if action == "DeleteTaskDefinitions":
        return [call.on(call.arn(f"task-definition/{last(name)}")) for name in args.get("taskDefinitions") or [""]]
    if action in _ON_CLUSTER:
        return [call.on(call.arn(f"cluster/{cluster}"), within)]
    if action == "ListTasks":
        return [call.on(call.arn(f"container-instance/{cluster}/*"), within)]
    if action in _ON_ARN:
        return [call.on(args.get("resourceArn") or "*")]
    return [call.on("*", within if "cluster" in args else {})]


def ecr(call: Call) -> list[Check]:
    args = call.args
    if call.action == "DescribeRepositories":
        return [call.on(call.arn(f"repository/{name}")) for name in args.get("repositoryNames") or ["*"]]
    if call.action in _ON_ARN:
        return [call.on(args.get("resourceArn") or "*")]
    if args.get("repositoryName"):
        repository = call.arn(f"repository/{args['repositoryName']}")
        tagged = [Check("ecr:TagResource", repository)] if args.get("tags") else []
        # Where the registry's scans are enhanced, which any may come to be: "IAM permissions required for enhanced scanning" in the
        # ECR User Guide.
        asked = ("inspector2:ListCoverage", "inspector2:ListFindings")
        found = [Check(action, "*") for action in asked if call.action == "DescribeImageScanFindings"]
        return [call.on(repository), *tagged, *found]
    return [call.on("*")]


def logs(call: Call, known: str) -> list[Check]:
    if call.action == "DescribeLogGroups":  # on a log group without a name, however the listing is filtered
        return [call.on(call.arn("log-group::log-stream:"))]
    if call.action in ("GetLogEvents", "PutLogEvents", "DeleteLogStream"):
        group = (call.args.get("logGroupName") or call.args.get("logGroupIdentifier") or "").rsplit(":log-group:", 1)[-1]
        return [call.on(call.arn(f"log-group:{group}:log-stream:{call.args.get('logStreamName', '')}"))]
    tagged = [Check("logs:TagResource", known)] if call.action == "CreateLogGroup" and call.args.get("tags") else []
    return [call.on(known), *tagged]


_EC2_KINDS = {
    "vpc": "vpc", "subnet": "subnet", "igw": "internet-gateway", "rtb": "route-table", "nat": "natgateway",
    "eipalloc": "elastic-ip", "sg": "security-group", "sgr": "security-group-rule", "vpce": "vpc-endpoint",
    "i": "instance", "eni": "network-interface", "acl": "network-acl", "pl": "prefix-list",
    "fl": "vpc-flow-log", "eipassoc": "elastic-ip",
}  # fmt: skip


# What a call makes, which is tagged with it.
_EC2_MAKES = {
    "CreateVpc": "vpc", "CreateSubnet": "subnet", "CreateInternetGateway": "internet-gateway", "CreateNatGateway": "natgateway",
    "CreateRouteTable": "route-table", "AllocateAddress": "elastic-ip", "CreateSecurityGroup": "security-group",
    "CreateVpcEndpoint": "vpc-endpoint", "AuthorizeSecurityGroupIngress": "security-group-rule",
    "AuthorizeSecurityGroupEgress": "security-group-rule", "CreateManagedPrefixList": "prefix-list",
    "CreateFlowLogs": "vpc-flow-log",
}  # fmt: skip
# Arguments that name what a call is about; the peers in a rule, and where a route leads, AWS does not ask about.
_EC2_NAMES = {
    "VpcId", "SubnetId", "InternetGatewayId", "RouteTableId", "NatGatewayId", "AllocationId", "GroupId", "VpcEndpointId",
    "NetworkInterfaceId", "AddRouteTableId", "RemoveRouteTableId", "PrefixListId", "FlowLogId",
    "ResourceId",
}  # fmt: skip


# What reads is not about one resource, but for these.
_EC2_READS_ONE = {"DescribeVpcAttribute", "GetManagedPrefixListEntries"}


def ec2(call: Call, known: str, tags: Callable[[str], dict[str, str]], whose: Callable[[str], str]) -> list[Check]:
    """`tags` are those of an id, and `whose` the id of the route table or address that an association belongs to."""
    if call.action.startswith(("Describe", "Get", "Search", "List")) and call.action not in _EC2_READS_ONE:
        return [call.on("*")]

    def on(value: str) -> Check:
        kind = _EC2_KINDS.get(value.rsplit("-", 1)[0], "*")
        return call.on(call.arn(f"{kind}/{value}"), {f"aws:ResourceTag/{key}": tag for key, tag in tags(value).items()})

    args = call.args
    if call.action in ("CreateTags", "DeleteTags"):
        return [on(value) for name, value in args.items() if name.startswith("ResourceId.")]
    named = [value for name, value in args.items() if re.sub(r"\.\d+$", "", name) in _EC2_NAMES]
    if call.action.startswith("Disassociate"):
        named.append(whose(args.get("AssociationId", "")))
    if call.action in ("CreateRoute", "ReplaceRoute", "DeleteRoute"):
        named = [args.get("RouteTableId", "")]
    checks = [on(value) for value in dict.fromkeys(named)]
    made = call.arn(f"{_EC2_MAKES[call.action]}/*") if call.action in _EC2_MAKES else None
    requested = {
        f"aws:RequestTag/{key}": args.get(f"{name[:-4]}.Value", "")
        for name, key in args.items()
        if re.fullmatch(r"TagSpecification\.\d+\.Tag\.\d+\.Key", name)
    }
    if made and (requested or not call.action.startswith("Authorize")):  # a rule is one of its own where it has tags
        checks.insert(0, call.on(made, requested))
    if made and requested:
        checks.append(Check("ec2:CreateTags", made, {"ec2:CreateAction": call.action, **requested}))
    if call.action == "CreateFlowLogs":
        checks += pass_role(call, args.get("DeliverLogsPermissionArn"), "vpc-flow-logs.amazonaws.com")
    return checks or [call.on(known)]


def elasticloadbalancing(call: Call, known: str) -> list[Check]:
    args = call.args
    if call.action.startswith("Describe"):
        return [call.on("*")]
    named = [value for name, value in args.items() if name.startswith("ResourceArns.")]
    if named:
        return [call.on(value) for value in named]
    kind = {"network": "net", "gateway": "gwy"}.get(args.get("Type", ""), "app")
    created = {
        "CreateLoadBalancer": f"loadbalancer/{kind}/{args.get('Name', '')}/*",
        "CreateTargetGroup": f"targetgroup/{args.get('Name', '')}/*",
    }.get(call.action)
    target = call.arn(created) if created else args.get("RuleArn") or known
    tagged = any(name.startswith("Tags.") for name in args)
    context = {"elasticloadbalancing:CreateAction": call.action}
    return [call.on(target), *([Check("elasticloadbalancing:AddTags", target, context)] if tagged else [])]


def iam(call: Call, known: str, role: Callable[[str], dict | None]) -> list[Check]:
    """`role` finds one by its name."""
    args, own = call.args, f"arn:aws:iam::{call.account}:"
    tagged = any(name.startswith("Tags.member.") for name in args)
    if "OpenIDConnectProviderArn" in args:
        return [call.on(args["OpenIDConnectProviderArn"])]
    if call.action == "CreateOpenIDConnectProvider":
        provider = f"{own}oidc-provider/{args.get('Url', '').split('://')[-1].rstrip('/')}"
        return [call.on(provider), *([Check("iam:TagOpenIDConnectProvider", provider)] if tagged else [])]
    if call.action == "CreatePolicy":
        return [call.on(f"{own}policy/{args.get('PolicyName', '')}")]
    if call.action == "CreateRole":
        created = f"{own}role{args.get('Path') or '/'}{args.get('RoleName', '')}"
        return [call.on(created), *([Check("iam:TagRole", created)] if tagged else [])]
    named = role(args.get("RoleName", "")) or {}
    if "InstanceProfileName" in args:
        passed = pass_role(call, named.get("Arn"), "ec2.amazonaws.com") if "RoleName" in args else []
        return [call.on(f"{own}instance-profile/{args['InstanceProfileName']}"), *passed]
    policy = {"iam:PolicyARN": args["PolicyArn"]} if "PolicyArn" in args and known != args["PolicyArn"] else {}
    return [call.on(named.get("Arn") or known, policy)]


def autoscaling(call: Call) -> list[Check]:
    args = call.args
    if call.action.startswith("Describe"):
        return [call.on("*")]
    if call.action in _ON_ARN:
        return [call.on(args.get("ResourceARN") or "*")]
    context = {
        f"application-autoscaling:{key}": args[name]
        for key, name in (("service-namespace", "ServiceNamespace"), ("scalable-dimension", "ScalableDimension"))
        if args.get(name)
    }
    passed = pass_role(call, args.get("RoleARN"), "application-autoscaling.amazonaws.com")
    target = call.arn("scalable-target/*")
    tagged = [Check("application-autoscaling:TagResource", target)] if args.get("Tags") else []
    return [call.on(target, context), *tagged, *passed]


def secretsmanager(call: Call, known: str) -> list[Check]:
    """`known` is the ARN of the secret that is named, with the six characters that AWS has added to it."""
    if call.action in ("ListSecrets", "GetRandomPassword", "BatchGetSecretValue"):
        return [call.on("*")]
    if call.action == "CreateSecret":
        # The six characters are not made up yet; a policy ends in `-??????` or `*`.
        target = f"{call.arn('secret:' + call.args.get('Name', ''))}-000000"
        tagged = [Check("secretsmanager:TagResource", target)] if call.args.get("Tags") else []
        return [call.on(target), *tagged]
    return [call.on(known)]


def sns(call: Call, known: str) -> list[Check]:
    tagged = call.action == "CreateTopic" and any(name.startswith("Tags.member.") for name in call.args)
    # A subscription is authorised as its topic is: its ARN is the topic's, and goes on.
    target = call.args.get("ResourceArn") or call.args.get("SubscriptionArn") or known
    return [call.on(target), *([Check("sns:TagResource", target)] if tagged else [])]


def events(call: Call) -> list[Check]:
    """Rules of the default bus; anything else is on everything."""
    args = call.args
    if call.action in _ON_ARN:
        return [call.on(args.get("ResourceARN") or "*")]
    name = args.get("Rule") or args.get("Name")
    if not name or call.action == "ListRules":
        return [call.on("*")]
    rule = call.arn(f"rule/{name}")
    tagged = [Check("events:TagResource", rule)] if call.action == "PutRule" and args.get("Tags") else []
    roles = [each.get("RoleArn") for each in args.get("Targets") or []]
    passed = [check for role in dict.fromkeys(roles) for check in pass_role(call, role, "events.amazonaws.com")]
    return [call.on(rule), *tagged, *passed]


def scheduler(call: Call, known: str) -> list[Check]:
    """`known` is what the request's path names, with the default group where it is a schedule."""
    args = call.args
    if call.action in _ON_ARN or call.action.startswith("List"):
        return [call.on(known)]
    if call.action.endswith("Group"):
        return [call.on(known), *([Check("scheduler:TagResource", known)] if args.get("Tags") else [])]
    group = args.get("GroupName") or args.get("groupName") or "default"
    passed = pass_role(call, (args.get("Target") or {}).get("RoleArn"), "scheduler.amazonaws.com")
    return [call.on(call.arn(f"schedule/{group}/{last(known)}")), *passed]


def sqs(call: Call, known: str) -> list[Check]:
    tagged = call.action == "CreateQueue" and call.args.get("tags")
    return [call.on(known), *([Check("sqs:TagQueue", known)] if tagged else [])]


def ssm(call: Call, known: str) -> list[Check]:
    names = call.args.get("Names")
    if not isinstance(names, list):
        return [call.on(known)]
    arns = [name if name.startswith("arn:") else call.arn(f"parameter/{name.lstrip('/')}") for name in names]
    return [call.on(arn) for arn in arns]


def acm(call: Call, known: str) -> list[Check]:
    if call.action != "RequestCertificate":
        return [call.on(known)]
    created = call.arn("certificate/*")
    return [call.on("*"), *([Check("acm:AddTagsToCertificate", created)] if call.args.get("Tags") else [])]


# On the load balancer, beside the call's own: "Actions, resources, and condition keys for AWS WAF V2" in the Service Authorization
# Reference.
_WITH_BALANCER = {
    "AssociateWebACL": ("CreateWebACLAssociation", "SetWebACL"), "DisassociateWebACL": ("DeleteWebACLAssociation", "SetWebACL"),
    "GetWebACLForResource": ("GetLoadBalancerWebACL",),
}  # fmt: skip


def wafv2(call: Call, known: str) -> list[Check]:
    """What a web ACL is put in front of, as well as itself."""
    named = [call.args[key] for key in ("WebACLArn", "ResourceArn") if key in call.args]
    asked = [Check(f"elasticloadbalancing:{each}", call.args["ResourceArn"]) for each in _WITH_BALANCER.get(call.action, ())]
    return [*(call.on(each) for each in named or [known]), *asked]


def route53(call: Call, known: str) -> list[Check]:
    """What the records that are changed are called, of which type, and how: the keys are lists of all of them, each once."""
    changes = call.args if call.action == "ChangeResourceRecordSets" else {}
    return [call.on(known, {f"route53:ChangeResourceRecordSets{key}": values for key, values in changes.items()})]


def record_changes(body: bytes) -> dict[str, list[str]]:
    """The records in a batch of changes, with their names as Route 53 normalises them."""
    text = body.decode(errors="replace")
    codes = re.compile(r"[^a-z0-9_.-]")

    def normalised(name: str) -> str:
        name = re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), name.strip()).lower().removesuffix(".")
        return codes.sub(lambda each: f"\\{ord(each[0]):03o}", name)

    def all_of(element: str) -> list[str]:
        return re.findall(rf"<(?:\w+:)?{element}>([^<]*)</", text)

    found = {
        "NormalizedRecordNames": [normalised(name) for name in all_of("Name")],
        "RecordTypes": all_of("Type"),
        "Actions": all_of("Action"),
    }
    return {key: list(dict.fromkeys(values)) for key, values in found.items() if values}


_ON_ALARMS = {
    "PutMetricAlarm", "PutCompositeAlarm", "DeleteAlarms", "DescribeAlarms", "DescribeAlarmHistory", "SetAlarmState",
    "EnableAlarmActions", "DisableAlarmActions",
}  # fmt: skip


def cloudwatch(call: Call) -> list[Check]:
    args, action = call.args, f"cloudwatch:{call.action}"

    def names(plural: str) -> list[str]:
        listed = args.get(plural) or [value for name, value in args.items() if name.startswith(f"{plural}.")]
        return listed or [args.get(plural[:-1]) or "*"]

    if call.action in ("PutDashboard", "GetDashboard", "DeleteDashboards"):
        return [Check(action, f"arn:aws:cloudwatch::{call.account}:dashboard/{name}") for name in names("DashboardNames")]
    if call.action in _ON_ALARMS:
        alarms = [call.arn(f"alarm:{name}", "cloudwatch") for name in names("AlarmNames")]
        tagged = [Check("cloudwatch:TagResource", alarms[0])] if call.action.startswith("Put") and args.get("Tags") else []
        return [*(Check(action, alarm) for alarm in alarms), *tagged]
    return [Check(action, args.get("ResourceARN") or "*")]
