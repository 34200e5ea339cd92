import { EC2, type RouteTable, type SecurityGroupRule, type Tag } from "@aws-sdk/client-ec2";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import type { rootClient } from "../aws/emulator";
import type { Kind } from "./kind";

/** The ids of all rules of security groups. */
export async function securityGroupRules(config: ReturnType<typeof rootClient>): Promise<string[]> {
    const { SecurityGroupRules = [] } = await new EC2(config).describeSecurityGroupRules({});
    return SecurityGroupRules.map(({ SecurityGroupRuleId }) => SecurityGroupRuleId!);
}

/**
 * What the program makes has its tags. Neither the default VPC of every account has them, nor one that the team had before, with what is
 * in it.
 */
const ours = <T extends { readonly Tags?: readonly Tag[] }>(list: readonly T[] = []): T[] =>
    list.filter(({ Tags = [] }) => Tags.some(({ Key, Value }) => Key === "ManagedBy" && Value === "pulumi"));

/**
 * The routes of a table but those that AWS adds by itself: to the VPC, and to a gateway endpoint. The id is the provider's, of the table
 * and a checksum of the destination (`routeCreateID` in the provider's internal/service/ec2/vpc_route.go).
 */
const routesOf = ({ RouteTableId, Routes = [] }: RouteTable) =>
    Routes.filter(({ GatewayId = "" }) => !/^(local$|vpce-)/.test(GatewayId)).map(
        ({ DestinationCidrBlock, DestinationIpv6CidrBlock }) => ({
            id: `r-${RouteTableId}${crc32((DestinationCidrBlock ?? DestinationIpv6CidrBlock)!)}`,
            route: { RouteTableId, DestinationCidrBlock, DestinationIpv6CidrBlock },
        }),
    );

/** A VPC and what is in it, from the inside out. */
export function networkKinds(config: ReturnType<typeof rootClient>): Kind[] {
    const ec2 = new EC2(config);
    const routeTables = async () => ours((await ec2.describeRouteTables({})).RouteTables);
    const routes = async () => (await routeTables()).flatMap(routesOf);
    const groups = async () =>
        ours((await ec2.describeSecurityGroups({})).SecurityGroups).filter(({ GroupName }) => GroupName !== "default");
    const rules = async (IsEgress: boolean) => {
        const ids = (await groups()).map(({ GroupId }) => GroupId);
        const { SecurityGroupRules = [] } = await ec2.describeSecurityGroupRules({});
        return SecurityGroupRules.filter((rule) => rule.IsEgress === IsEgress && ids.includes(rule.GroupId));
    };
    const revoke = ({ GroupId, IsEgress, SecurityGroupRuleId }: SecurityGroupRule) => {
        const rule = { GroupId, SecurityGroupRuleIds: [SecurityGroupRuleId!] };
        return IsEgress ? ec2.revokeSecurityGroupEgress(rule) : ec2.revokeSecurityGroupIngress(rule);
    };
    const ruleKind = (type: string, isEgress: boolean): Kind => ({
        type,
        list: async () => (await rules(isEgress)).map(({ SecurityGroupRuleId }) => SecurityGroupRuleId!),
        remove: async (id) => {
            const rule = (await rules(isEgress)).find(({ SecurityGroupRuleId }) => SecurityGroupRuleId === id);
            await (rule && revoke(rule));
        },
    });
    const gateways = async (NatGatewayIds?: string[]) =>
        ours((await ec2.describeNatGateways({ NatGatewayIds })).NatGateways).filter(({ State }) => State !== "deleted");
    return [
        {
            type: "aws:ec2/natGateway:NatGateway",
            list: async () => (await gateways()).map(({ NatGatewayId }) => NatGatewayId!),
            remove: async (NatGatewayId) => {
                await ec2.deleteNatGateway({ NatGatewayId });
                // Its address is in use until it is gone.
                for (let tries = 0; tries < 50 && (await gateways([NatGatewayId])).length > 0; tries++) {
                    await sleep(100);
                }
            },
        },
        {
            type: "aws:ec2/eip:Eip",
            list: async () =>
                ours((await ec2.describeAddresses({})).Addresses).map(({ AllocationId }) => AllocationId!),
            remove: (AllocationId) => ec2.releaseAddress({ AllocationId }),
        },
        {
            type: "aws:ec2/vpcEndpoint:VpcEndpoint",
            list: async () =>
                ours((await ec2.describeVpcEndpoints({})).VpcEndpoints)
                    .filter(({ State }) => !/^deleted$/i.test(State ?? ""))
                    .map(({ VpcEndpointId }) => VpcEndpointId!),
            remove: (id) => ec2.deleteVpcEndpoints({ VpcEndpointIds: [id] }),
        },
        {
            type: "aws:ec2/route:Route",
            list: async () => (await routes()).map(({ id }) => id),
            remove: async (id) => {
                const found = (await routes()).find((each) => each.id === id);
                await (found && ec2.deleteRoute(found.route));
            },
        },
        {
            type: "aws:ec2/routeTableAssociation:RouteTableAssociation",
            list: async () =>
                (await routeTables()).flatMap(({ Associations = [] }) =>
                    Associations.map(({ RouteTableAssociationId }) => RouteTableAssociationId!),
                ),
            remove: (AssociationId) => ec2.disassociateRouteTable({ AssociationId }),
        },
        {
            type: "aws:ec2/routeTable:RouteTable",
            list: async () => (await routeTables()).map(({ RouteTableId }) => RouteTableId!),
            remove: (RouteTableId) => ec2.deleteRouteTable({ RouteTableId }),
        },
        ruleKind("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", false),
        ruleKind("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", true),
        {
            type: "aws:ec2/securityGroup:SecurityGroup",
            list: async () => (await groups()).map(({ GroupId }) => GroupId!),
            remove: async (GroupId) => {
                // A group that another one's rule names cannot be deleted, and that one may be another's.
                const { SecurityGroupRules = [] } = await ec2.describeSecurityGroupRules({});
                await Promise.all(
                    SecurityGroupRules.filter((rule) => rule.ReferencedGroupInfo?.GroupId === GroupId).map(revoke),
                );
                await ec2.deleteSecurityGroup({ GroupId });
            },
        },
        {
            type: "aws:ec2/managedPrefixList:ManagedPrefixList",
            list: async () =>
                ours((await ec2.describeManagedPrefixLists({})).PrefixLists).map(({ PrefixListId }) => PrefixListId!),
            remove: (PrefixListId) => ec2.deleteManagedPrefixList({ PrefixListId }),
        },
        {
            type: "aws:ec2/subnet:Subnet",
            list: async () => ours((await ec2.describeSubnets({})).Subnets).map(({ SubnetId }) => SubnetId!),
            remove: (SubnetId) => ec2.deleteSubnet({ SubnetId }),
        },
        {
            type: "aws:ec2/internetGateway:InternetGateway",
            list: async () => {
                const { InternetGateways } = await ec2.describeInternetGateways({});
                return ours(InternetGateways).map(({ InternetGatewayId }) => InternetGatewayId!);
            },
            remove: async (InternetGatewayId) => {
                const asked = { InternetGatewayIds: [InternetGatewayId] };
                const [found] = (await ec2.describeInternetGateways(asked)).InternetGateways ?? [];
                for (const { VpcId } of found?.Attachments ?? []) {
                    await ec2.detachInternetGateway({ InternetGatewayId, VpcId });
                }
                await ec2.deleteInternetGateway({ InternetGatewayId });
            },
        },
        {
            type: "aws:ec2/flowLog:FlowLog",
            list: async () => ((await ec2.describeFlowLogs({})).FlowLogs ?? []).map(({ FlowLogId }) => FlowLogId!),
            remove: (id) => ec2.deleteFlowLogs({ FlowLogIds: [id] }),
        },
        {
            type: "aws:ec2/vpc:Vpc",
            list: async () => ours((await ec2.describeVpcs({})).Vpcs).map(({ VpcId }) => VpcId!),
            remove: (VpcId) => ec2.deleteVpc({ VpcId }),
        },
    ];
}
