import type { SecurityGroupRule } from "@aws-sdk/client-ec2";
import { Properties, ResourceStandIn } from "../standIn";
import { afterCreating, Clients, defined, unlessGone } from "./clients";
import { fromTags, specification, taggable } from "./tags";
import { defaultVpcs, retagEc2 } from "./vpc";

type Direction = "Ingress" | "Egress";

export function securityGroups(clients: Clients): Record<string, ResourceStandIn> {
    const retag = retagEc2(clients);
    return {
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": taggable(rule(clients, "Ingress"), retag),
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": taggable(rule(clients, "Egress"), retag),
        "aws:ec2/securityGroup:SecurityGroup": taggable(securityGroup(clients), retag),
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": taggable(defaultSecurityGroup(clients), retag),
    };
}

function securityGroup(clients: Clients): ResourceStandIn {
    const { ec2 } = clients;
    const describe = async (id: string) =>
        (await unlessGone(ec2.describeSecurityGroups({ GroupIds: [id] })))?.SecurityGroups?.[0];
    return {
        required: ["vpcId"],
        optional: ["name", "description"],
        replaceOn: ["vpcId", "name", "description"],
        autoName: { property: "name", maxLength: 255 },
        create: async (inputs) => {
            const description = inputs.description ?? "Managed by Pulumi";
            const created = await ec2.createSecurityGroup({
                VpcId: inputs.vpcId,
                GroupName: inputs.name,
                Description: description,
                ...specification("security-group", inputs.tags),
            });
            const id = created.GroupId!;
            return afterCreating(id, {}, async () => {
                // AWS opens every new group to the outside; like the official provider, only what is declared stays.
                await revokeAll(clients, id, ["Egress"]);
                return { id, outputs: { arn: await clients.ec2Arn("security-group", id), description } };
            });
        },
        read: async (id) => {
            const found = await describe(id);
            return (
                found && {
                    vpcId: found.VpcId,
                    name: found.GroupName,
                    description: found.Description,
                    tags: fromTags(found.Tags),
                }
            );
        },
        // A group that another group's rules refer to cannot go; the engine takes those rules away first.
        delete: async (id) => void (await unlessGone(ec2.deleteSecurityGroup({ GroupId: id }))),
        list: async () => {
            const { SecurityGroups = [] } = await ec2.describeSecurityGroups({});
            const notOurs = await defaultVpcs(clients);
            const ours = SecurityGroups.filter((found) => found.GroupName !== "default" && !notOurs.has(found.VpcId!));
            return ours.map((found) => found.GroupId!);
        },
    };
}

/** Every VPC has one: it is adopted and emptied, and stays as it is when it is no longer declared. */
function defaultSecurityGroup(clients: Clients): ResourceStandIn {
    const { ec2 } = clients;
    return {
        required: ["vpcId"],
        optional: [],
        replaceOn: ["vpcId"],
        create: async (inputs) => {
            const { SecurityGroups = [] } = await ec2.describeSecurityGroups({
                Filters: [
                    { Name: "vpc-id", Values: [inputs.vpcId] },
                    { Name: "group-name", Values: ["default"] },
                ],
            });
            const found = SecurityGroups[0];
            if (!found) throw new Error(`VPC ${inputs.vpcId} has no default security group`);
            const id = found.GroupId!;
            await revokeAll(clients, id, ["Ingress", "Egress"]);
            await retagEc2(clients)(id, inputs.tags ?? {}, [], {});
            return {
                id,
                outputs: { arn: await clients.ec2Arn("security-group", id), name: "default", ingress: [], egress: [] },
            };
        },
        read: async (id) => {
            const found = (await unlessGone(ec2.describeSecurityGroups({ GroupIds: [id] })))?.SecurityGroups?.[0];
            if (!found) return undefined;
            const rules = await rulesOf(clients, id);
            const shown = (egress: boolean) => rules.filter(({ IsEgress }) => IsEgress === egress).map(properties);
            return { vpcId: found.VpcId, ingress: shown(false), egress: shown(true), tags: fromTags(found.Tags) };
        },
        delete: async () => undefined,
    };
}

function rule(clients: Clients, direction: Direction): ResourceStandIn {
    const { ec2 } = clients;
    const describe = async (id: string) =>
        (await unlessGone(ec2.describeSecurityGroupRules({ SecurityGroupRuleIds: [id] })))?.SecurityGroupRules?.[0];
    const create = async (inputs: Properties): Promise<string> => {
        const request = {
            GroupId: inputs.securityGroupId,
            IpPermissions: [permission(inputs)],
            ...specification("security-group-rule", inputs.tags),
        };
        const answer =
            direction === "Ingress"
                ? await ec2.authorizeSecurityGroupIngress(request)
                : await ec2.authorizeSecurityGroupEgress(request);
        return answer.SecurityGroupRules![0]!.SecurityGroupRuleId!;
    };
    // A killed run may have made it without recording it.
    const recorded = async (inputs: Properties) => {
        const identity = (all: Properties) =>
            JSON.stringify(
                ["ipProtocol", "fromPort", "toPort", "cidrIpv4", "referencedSecurityGroupId"].map((key) => all[key]),
            );
        const rules = await rulesOf(clients, inputs.securityGroupId);
        const same = rules.find(
            (found) => found.IsEgress === (direction === "Egress") && identity(properties(found)) === identity(inputs),
        );
        return same?.SecurityGroupRuleId;
    };
    return {
        required: ["securityGroupId", "ipProtocol"],
        optional: ["fromPort", "toPort", "cidrIpv4", "referencedSecurityGroupId", "description"],
        replaceOn: ["securityGroupId"],
        create: async (inputs) => {
            const id = await create(inputs).catch(async (error) => {
                const there = error.name === "InvalidPermission.Duplicate" ? await recorded(inputs) : undefined;
                if (!there) throw error;
                return there;
            });
            return { id, outputs: { securityGroupRuleId: id, arn: await clients.ec2Arn("security-group-rule", id) } };
        },
        read: async (id) => {
            const found = await describe(id);
            return found && { ...properties(found), tags: fromTags(found.Tags) };
        },
        update: async (id, _state, inputs) => {
            const { IpProtocol, FromPort, ToPort } = permission(inputs);
            await ec2.modifySecurityGroupRules({
                GroupId: inputs.securityGroupId,
                SecurityGroupRules: [
                    {
                        SecurityGroupRuleId: id,
                        SecurityGroupRule: defined({
                            IpProtocol,
                            FromPort,
                            ToPort,
                            CidrIpv4: inputs.cidrIpv4,
                            ReferencedGroupId: inputs.referencedSecurityGroupId,
                            Description: inputs.description,
                        }),
                    },
                ],
            });
            return {};
        },
        delete: async (id, { securityGroupId }) => {
            const request = { GroupId: securityGroupId, SecurityGroupRuleIds: [id] };
            await unlessGone(
                direction === "Ingress"
                    ? ec2.revokeSecurityGroupIngress(request)
                    : ec2.revokeSecurityGroupEgress(request),
            );
        },
    };
}

async function rulesOf({ ec2 }: Clients, group: string): Promise<SecurityGroupRule[]> {
    const answer = await unlessGone(
        ec2.describeSecurityGroupRules({ Filters: [{ Name: "group-id", Values: [group] }] }),
    );
    return answer?.SecurityGroupRules ?? [];
}

async function revokeAll(clients: Clients, group: string, directions: readonly Direction[]): Promise<void> {
    const rules = await rulesOf(clients, group);
    for (const direction of directions) {
        const ids = rules
            .filter(({ IsEgress }) => IsEgress === (direction === "Egress"))
            .map((found) => found.SecurityGroupRuleId!);
        if (ids.length === 0) continue;
        const request = { GroupId: group, SecurityGroupRuleIds: ids };
        await (direction === "Ingress"
            ? clients.ec2.revokeSecurityGroupIngress(request)
            : clients.ec2.revokeSecurityGroupEgress(request));
    }
}

function permission(inputs: Properties) {
    const Description = inputs.description;
    return defined({
        IpProtocol: inputs.ipProtocol as string,
        FromPort: inputs.fromPort as number | undefined,
        ToPort: inputs.toPort as number | undefined,
        IpRanges: inputs.cidrIpv4 ? [defined({ CidrIp: inputs.cidrIpv4, Description })] : undefined,
        UserIdGroupPairs: inputs.referencedSecurityGroupId
            ? [defined({ GroupId: inputs.referencedSecurityGroupId, Description })]
            : undefined,
    });
}

function properties(found: SecurityGroupRule): Properties {
    return defined({
        securityGroupId: found.GroupId,
        ipProtocol: found.IpProtocol,
        fromPort: found.FromPort,
        toPort: found.ToPort,
        cidrIpv4: found.CidrIpv4,
        referencedSecurityGroupId: found.ReferencedGroupInfo?.GroupId,
        description: found.Description || undefined,
    });
}
