/** Changes that AWS refuses, in its own codes and words; after each comes a legitimate one that it takes. */
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { Route53, type ChangeAction } from "@aws-sdk/client-route-53";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { strict as assert } from "node:assert";
import { awsAccount } from "../aws/emulator";
import { Issuer, region, taskTrust, TestAws } from "./awsFixture";

describe("the emulated AWS refuses", function () {
    this.timeout(60_000);
    let tokens: Issuer;
    let aws: TestAws;
    let clients: ReturnType<TestAws["as"]>;
    const options = () => ({
        endpoint: aws.endpoint,
        region,
        credentials: { accessKeyId: awsAccount, secretAccessKey: "any" },
        maxAttempts: 1,
    });
    /** @param message as AWS says it, all of it */
    async function refused(call: Promise<unknown>, code: string, message: string): Promise<void> {
        await assert.rejects(call, (error: Error) => {
            assert.deepEqual([error.name.replace(/Exception$/, ""), error.message], [code, message]);
            return true;
        });
    }
    async function network(CidrBlock: string, ...zones: string[]) {
        const VpcId = (await clients.ec2.createVpc({ CidrBlock })).Vpc!.VpcId!;
        const subnets: string[] = [];
        for (const [index, zone] of zones.entries()) {
            const block = CidrBlock.replace(/0\.0\/16$/, `${index}.0/24`);
            subnets.push(await subnet(VpcId, block, zone));
        }
        return { VpcId, subnets };
    }
    async function subnet(VpcId: string, CidrBlock: string, zone: string): Promise<string> {
        const AvailabilityZone = `${region}${zone}`;
        return (await clients.ec2.createSubnet({ VpcId, CidrBlock, AvailabilityZone })).Subnet!.SubnetId!;
    }
    const group = async (VpcId: string, GroupName: string) =>
        (await clients.ec2.createSecurityGroup({ VpcId, GroupName, Description: GroupName })).GroupId!;

    before(async () => {
        tokens = await Issuer.start();
        aws = await TestAws.start(tokens.jwksUrl);
        clients = aws.as();
    });
    after(async () => {
        await aws?.stop();
        tokens?.stop();
    });

    it("a NAT gateway in a zone that takes nothing new, which it tells of as of any other", async () => {
        const { AvailabilityZones } = await clients.ec2.describeAvailabilityZones({});
        const constrained = AvailabilityZones!.find(({ ZoneId }) => ZoneId === "apne1-az3")!;
        assert.deepEqual([constrained.State, constrained.OptInStatus], ["available", "opt-in-not-required"]);
        const { subnets } = await network("10.0.0.0/16", constrained.ZoneName!.replace(region, ""), "d");
        const { AllocationId } = await clients.ec2.allocateAddress({ Domain: "vpc" });
        const [inIt, elsewhere] = subnets.map((SubnetId) => clients.ec2.createNatGateway({ SubnetId, AllocationId }));
        await refused(inIt!, "NotAvailableInZone", "Nat Gateway is not available in this availability zone");
        assert.equal((await elsewhere)!.NatGateway!.State, "available");
    });

    it("subnets that overlap, or lie outside of their network", async () => {
        const { VpcId } = await network("10.0.0.0/16", "a");
        const conflict = "The CIDR '10.0.0.128/25' conflicts with another subnet";
        await refused(subnet(VpcId, "10.0.0.128/25", "c"), "InvalidSubnet.Conflict", conflict);
        await refused(subnet(VpcId, "10.1.0.0/24", "c"), "InvalidSubnet.Range", "The CIDR '10.1.0.0/24' is invalid.");
        await refused(subnet(VpcId, "10.0.9.0/29", "c"), "InvalidSubnet.Range", "The CIDR '10.0.9.0/29' is invalid.");
        await refused(
            subnet("vpc-0", "10.0.9.0/24", "c"),
            "InvalidVpcID.NotFound",
            "The vpc ID 'vpc-0' does not exist",
        );
        await subnet(VpcId, "10.0.1.0/24", "c");
        await network("10.0.0.0/16", "a"); // the same range in another network
    });

    // hashicorp/terraform-provider-aws#18874; the provider checks those of a group, and passes on those of a rule by itself.
    it("a rule of a security group whose description has a character that EC2 does not take", async () => {
        const { VpcId } = await network("10.0.0.0/16", "a");
        const { GroupId } = await clients.ec2.createSecurityGroup({ VpcId, GroupName: "tasks", Description: "Tasks" });
        const rule = (Description: string) => {
            const IpRanges = [{ CidrIp: "10.0.0.2/32", Description }];
            return { GroupId, IpPermissions: [{ IpProtocol: "udp", FromPort: 53, ToPort: 53, IpRanges }] };
        };
        const allowed = "strings less than 256 characters from the following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
        const words = `Invalid rule description. Valid descriptions are ${allowed}`;
        for (const bad of ["The VPC's own DNS servers", "x".repeat(256), "a > b"]) {
            await refused(clients.ec2.authorizeSecurityGroupEgress(rule(bad)), "InvalidParameterValue", words);
            await refused(clients.ec2.authorizeSecurityGroupIngress(rule(bad)), "InvalidParameterValue", words);
        }
        await clients.ec2.authorizeSecurityGroupEgress(rule("DNS servers of the VPC: (53)"));
    });

    it("an address that is in use, a gateway of addresses that are mapped, and the end of what others use", async () => {
        const { ec2 } = clients;
        const { VpcId, subnets } = await network("10.0.0.0/16", "a", "c");
        const SubnetId = subnets[0]!;
        const { InternetGateway } = await ec2.createInternetGateway({});
        const gateway = { VpcId, InternetGatewayId: InternetGateway!.InternetGatewayId! };
        const notAttached = `resource ${gateway.InternetGatewayId} is not attached to network ${VpcId}`;
        await refused(ec2.detachInternetGateway(gateway), "Gateway.NotAttached", notAttached);
        await ec2.attachInternetGateway(gateway);
        const { AllocationId, PublicIp } = await ec2.allocateAddress({ Domain: "vpc" });
        const nat = async () => {
            const { NatGateway } = await ec2.createNatGateway({ SubnetId, AllocationId });
            const NatGatewayIds = [NatGateway!.NatGatewayId!];
            return (await ec2.describeNatGateways({ NatGatewayIds })).NatGateways![0]!;
        };
        const first = await nat();
        assert.equal(first.State, "available");
        const [address] = first.NatGatewayAddresses!;
        assert.deepEqual(
            [address!.AllocationId, address!.PublicIp, address!.IsPrimary],
            [AllocationId, PublicIp, true],
        );
        const [associated] = (await ec2.describeAddresses({ AllocationIds: [AllocationId!] })).Addresses!;
        const { AssociationId } = associated!;
        assert.match(AssociationId!, /^eipassoc-/);
        const second = await nat(); // AWS takes the request and fails afterwards
        assert.deepEqual(
            [second.State, second.FailureCode, second.FailureMessage],
            ["failed", "Resource.AlreadyAssociated", `Elastic IP address ${AllocationId} is already associated`],
        );
        const dependent = (kind: string, id: string) => `The ${kind} '${id}' has dependencies and cannot be deleted.`;
        const { InternetGatewayId } = gateway;
        await refused(ec2.releaseAddress({ AllocationId }), "InvalidIPAddress.InUse", `Address ${PublicIp} is in use.`);
        const mapped = `Network ${VpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`;
        await refused(ec2.detachInternetGateway(gateway), "DependencyViolation", mapped);
        await refused(
            ec2.deleteInternetGateway({ InternetGatewayId }),
            "DependencyViolation",
            dependent("internetGateway", InternetGatewayId),
        );
        await refused(ec2.deleteSubnet({ SubnetId }), "DependencyViolation", dependent("subnet", SubnetId));
        await refused(ec2.deleteVpc({ VpcId }), "DependencyViolation", dependent("vpc", VpcId));
        const [inner, outer] = [await group(VpcId, "inner"), await group(VpcId, "outer")];
        const UserIdGroupPairs = [{ GroupId: outer }];
        const IpPermissions = [{ IpProtocol: "tcp", FromPort: 80, ToPort: 80, UserIdGroupPairs }];
        await ec2.authorizeSecurityGroupIngress({ GroupId: inner, IpPermissions });
        const used = `resource ${outer} has a dependent object`;
        await refused(ec2.deleteSecurityGroup({ GroupId: outer }), "DependencyViolation", used);

        for (const GroupId of [inner, outer]) await ec2.deleteSecurityGroup({ GroupId });
        await ec2.deleteNatGateway({ NatGatewayId: first.NatGatewayId });
        const gone = `The association ID '${AssociationId}' does not exist`;
        await refused(ec2.disassociateAddress({ AssociationId }), "InvalidAssociationID.NotFound", gone);
        await ec2.releaseAddress({ AllocationId });
        await ec2.detachInternetGateway(gateway);
        await ec2.deleteInternetGateway({ InternetGatewayId });
        for (const each of subnets) await ec2.deleteSubnet({ SubnetId: each });
        await ec2.deleteVpc({ VpcId });
    });

    it("a load balancer in subnets or groups of another network, or in two subnets of a zone", async () => {
        const { ec2, elb } = clients;
        const own = await network("10.0.0.0/16", "a", "c", "a");
        const other = await network("10.1.0.0/16", "a", "c");
        const [ownGroup, otherGroup] = [await group(own.VpcId, "own"), await group(other.VpcId, "other")];
        const [a, c, a2] = own.subnets as [string, string, string];
        const create = (Subnets: string[], SecurityGroups: string[]) =>
            elb.createLoadBalancer({ Name: "placed", Subnets, SecurityGroups });
        const configuration = "InvalidConfigurationRequest";
        const oneZone = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
        const twoNetworks = "All subnets must belong to the same VPC";
        const groups = "One or more security groups are invalid";
        const few = "At least two subnets in two different Availability Zones must be specified";
        await refused(create([a, c], [otherGroup]), configuration, groups);
        await refused(create([a, other.subnets[1]!], [ownGroup]), configuration, twoNetworks);
        await refused(create([a, c, a2], [ownGroup]), configuration, oneZone);
        await refused(create([a], [ownGroup]), "ValidationError", few);
        await refused(create([a, "subnet-0"], [ownGroup]), "SubnetNotFound", "The subnet ID 'subnet-0' does not exist");
        const { LoadBalancers } = await create([a, c], [ownGroup]);
        const { LoadBalancerArn } = LoadBalancers![0]!;
        const setSubnets = (Subnets: string[]) => elb.setSubnets({ LoadBalancerArn, Subnets });
        const setGroups = (SecurityGroups: string[]) => elb.setSecurityGroups({ LoadBalancerArn, SecurityGroups });
        await refused(setSubnets(other.subnets), configuration, twoNetworks);
        await refused(setSubnets([a, a2]), configuration, oneZone);
        await refused(setSubnets([a]), "ValidationError", few);
        await refused(setGroups([otherGroup]), configuration, groups);
        await setSubnets([a2, c]);
        await setGroups([ownGroup, await group(own.VpcId, "more")]);
        const used = `resource ${ownGroup} has a dependent object`;
        await refused(ec2.deleteSecurityGroup({ GroupId: ownGroup }), "DependencyViolation", used);
        await ec2.deleteSubnet({ SubnetId: a }); // which it has left
        await elb.deleteLoadBalancer({ LoadBalancerArn });
        await ec2.deleteSecurityGroup({ GroupId: ownGroup });
    });

    it("names of load balancers and target groups that are taken, too long or malformed, and a port or group in use", async () => {
        const { elb } = clients;
        const { VpcId, subnets: Subnets } = await network("10.0.0.0/16", "a", "c");
        const balancer = (Name: string) => elb.createLoadBalancer({ Name, Subnets });
        const targets = (Name: string) =>
            elb.createTargetGroup({ Name, VpcId, Protocol: "HTTP", Port: 80, TargetType: "ip" });
        const long = "x".repeat(33);
        for (const [create, kind, label, taken] of [
            [balancer, "load balancer", "The load balancer", "DuplicateLoadBalancerName"],
            [targets, "target group", "Target group", "DuplicateTargetGroupName"],
        ] as const) {
            await refused(
                create(long),
                "ValidationError",
                `${label} name '${long}' cannot be longer than '32' characters`,
            );
            const characters = "can only contain characters that are alphanumeric characters and hyphens(-)";
            await refused(create("a_b"), "ValidationError", `${label} name 'a_b' ${characters}`);
            await refused(create("a-"), "ValidationError", `${label} name 'a-' cannot begin or end with '-'`);
            await create("shop");
            const exists = `A ${kind} with the same name 'shop' exists, but with different settings`;
            await refused(create("shop"), taken, exists);
            await create("x".repeat(32));
        }
        const { LoadBalancerArn } = (await elb.describeLoadBalancers({ Names: ["shop"] })).LoadBalancers![0]!;
        const { TargetGroupArn } = (await elb.describeTargetGroups({ Names: ["shop"] })).TargetGroups![0]!;
        const listen = (Port: number) =>
            elb.createListener({
                LoadBalancerArn,
                Port,
                Protocol: "HTTP",
                DefaultActions: [{ Type: "forward", TargetGroupArn }],
            });
        const { Listeners } = await listen(80);
        await refused(listen(80), "DuplicateListener", "A listener already exists on this port for this load balancer");
        const other = (await listen(81)).Listeners![0]!;
        const inUse = `Target group '${TargetGroupArn}' is currently in use by a listener or a rule`;
        await refused(elb.deleteTargetGroup({ TargetGroupArn }), "ResourceInUse", inUse);
        for (const { ListenerArn } of [Listeners![0]!, other]) await elb.deleteListener({ ListenerArn });
        await elb.deleteTargetGroup({ TargetGroupArn });
    });

    it("a service whose task lacks the container or the port, and one that exists", async () => {
        const { ecs, elb } = clients;
        const { VpcId, subnets: Subnets } = await network("10.0.0.0/16", "a", "c");
        const { LoadBalancers } = await elb.createLoadBalancer({ Name: "ports", Subnets });
        const group = { Name: "ports", VpcId, Protocol: "HTTP" as const, Port: 80, TargetType: "ip" as const };
        const targetGroupArn = (await elb.createTargetGroup(group)).TargetGroups![0]!.TargetGroupArn!;
        const DefaultActions = [{ Type: "forward" as const, TargetGroupArn: targetGroupArn }];
        const { LoadBalancerArn } = LoadBalancers![0]!;
        await elb.createListener({ LoadBalancerArn, Port: 80, Protocol: "HTTP", DefaultActions });
        await ecs.createCluster({ clusterName: "shop" });
        assert.equal((await ecs.createCluster({ clusterName: "shop" })).cluster!.status, "ACTIVE"); // as on AWS
        const revision = async (containerPort: number) => {
            const containerDefinitions = [{ name: "app", image: "none", portMappings: [{ containerPort }] }];
            const { taskDefinition } = await ecs.registerTaskDefinition({ family: "shop", containerDefinitions });
            return taskDefinition!.taskDefinitionArn!;
        };
        const [on80, on8080] = [await revision(80), await revision(8080)];
        const balancing = (containerName: string, containerPort: number) => ({
            loadBalancers: [{ targetGroupArn, containerName, containerPort }],
        });
        const create = (name: string, port: number) =>
            ecs.createService({
                cluster: "shop",
                serviceName: "shop",
                taskDefinition: on80,
                desiredCount: 0,
                ...balancing(name, port),
            });
        const update = (request: object) => ecs.updateService({ cluster: "shop", service: "shop", ...request });
        const lacks = (port: number) => `The container app did not have a container port ${port} defined.`;
        const parameter = "InvalidParameter";
        await refused(create("app", 81), parameter, lacks(81));
        await refused(create("web", 80), parameter, "The container web does not exist in the task definition.");
        await create("app", 80);
        await refused(create("app", 80), parameter, "Creation of service was not idempotent.");
        await refused(update({ taskDefinition: on8080 }), parameter, lacks(80));
        await refused(update(balancing("app", 8080)), parameter, lacks(8080));
        const { TargetGroups } = await elb.createTargetGroup({ ...group, Name: "unused" });
        const unused = TargetGroups![0]!.TargetGroupArn!;
        const elsewhere = { loadBalancers: [{ targetGroupArn: unused, containerName: "app", containerPort: 80 }] };
        const alone = `The target group with targetGroupArn ${unused} does not have an associated load balancer.`;
        await refused(update(elsewhere), parameter, alone);
        await update({ taskDefinition: on8080, ...balancing("app", 8080) });
        await update({ desiredCount: 0 });
    });

    it("a repository, a log group, a secret and a record that exist, and changes an alarm that does", async () => {
        const { ecr, logs } = clients;
        const repository = (repositoryName: string) => ecr.createRepository({ repositoryName });
        await repository("team/shop");
        const taken = `The repository with name 'team/shop' already exists in the registry with id '${awsAccount}'`;
        await refused(repository("team/shop"), "RepositoryAlreadyExists", taken);
        for (const name of ["Shop", "a", "shop-", "x".repeat(257)]) {
            await assert.rejects(repository(name), {
                name: "InvalidParameterException",
                message: /^Invalid parameter at 'repositoryName' failed to satisfy constraint: /,
            });
        }
        await repository("x".repeat(256));

        await logs.createLogGroup({ logGroupName: "/shop" });
        const exists = "The specified log group already exists";
        await refused(logs.createLogGroup({ logGroupName: "/shop" }), "ResourceAlreadyExists", exists);
        await logs.deleteLogGroup({ logGroupName: "/shop" });
        await logs.createLogGroup({ logGroupName: "/shop" });

        const secrets = new SecretsManager(options());
        const secret = { Name: "password", SecretString: "x" };
        await secrets.createSecret(secret);
        const there = "The operation failed because the secret password already exists.";
        await refused(secrets.createSecret(secret), "ResourceExists", there);
        await secrets.deleteSecret({ SecretId: "password", RecoveryWindowInDays: 7 });
        const scheduled =
            "You can't create this secret because a secret with this name is already scheduled for deletion.";
        await refused(secrets.createSecret(secret), "InvalidRequest", scheduled);
        await secrets.deleteSecret({ SecretId: "password", ForceDeleteWithoutRecovery: true });
        await secrets.createSecret(secret);

        const dns = new Route53({ ...options(), region: "us-east-1" });
        const { HostedZone } = await dns.createHostedZone({ Name: "example.com", CallerReference: "one" });
        const record = {
            Name: "www.example.com.",
            Type: "A" as const,
            TTL: 60,
            ResourceRecords: [{ Value: "10.0.0.1" }],
        };
        const change = (...actions: ChangeAction[]) => {
            const Changes = actions.map((Action) => ({ Action, ResourceRecordSet: record }));
            return dns.changeResourceRecordSets({ HostedZoneId: HostedZone!.Id, ChangeBatch: { Changes } });
        };
        const shown = "resource record set [name='www.example.com.', type='A']";
        await change("CREATE");
        await refused(change("CREATE"), "InvalidChangeBatch", `[Tried to create ${shown} but it already exists]`);
        await change("DELETE", "CREATE");
        await change("UPSERT");
        await change("DELETE");
        await refused(change("DELETE"), "InvalidChangeBatch", `[Tried to delete ${shown} but it was not found]`);

        const cloudWatch = new CloudWatch(options());
        const alarm = {
            AlarmName: "errors",
            Namespace: "Shop",
            MetricName: "Errors",
            Statistic: "Sum" as const,
            Period: 60,
            EvaluationPeriods: 1,
            ComparisonOperator: "GreaterThanThreshold" as const,
        };
        for (const Threshold of [1, 2]) await cloudWatch.putMetricAlarm({ ...alarm, Threshold });
        const { MetricAlarms } = await cloudWatch.describeAlarms({ AlarmNames: ["errors"] });
        assert.deepEqual(
            MetricAlarms!.map(({ Threshold }) => Threshold),
            [2],
        );
    });

    it("the end of a role that has policies, whoever gave them to it", async () => {
        const { iam } = clients;
        const RoleName = "kept";
        await aws.role(RoleName, taskTrust, [{ Action: "s3:ListAllMyBuckets", Resource: "*" }]);
        const Statement = [{ Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" }];
        const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
        const { Policy } = await iam.createPolicy({ PolicyName: "by-hand", PolicyDocument });
        const PolicyArn = Policy!.Arn;
        await iam.attachRolePolicy({ RoleName, PolicyArn });
        const remove = () => iam.deleteRole({ RoleName });
        await refused(remove(), "DeleteConflict", "Cannot delete entity, must detach all policies first.");
        await iam.detachRolePolicy({ RoleName, PolicyArn });
        await refused(remove(), "DeleteConflict", "Cannot delete entity, must delete policies first.");
        await iam.deleteRolePolicy({ RoleName, PolicyName: "permissions" });
        await remove();
    });
});
