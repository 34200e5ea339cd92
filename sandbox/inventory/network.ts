import { EC2, type Tag } from "@aws-sdk/client-ec2";
import { setTimeout as sleep } from "node:timers/promises";
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

/** A VPC and what is in it, from the inside out. */
export function networkKinds(config: ReturnType<typeof rootClient>): Kind[] {
    const ec2 = new EC2(config);
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
            type: "aws:ec2/routeTable:RouteTable",
            list: async () => {
                const { RouteTables } = await ec2.describeRouteTables({});
                return ours(RouteTables).map(({ RouteTableId }) => RouteTableId!);
            },
            remove: async (RouteTableId) => {
                const { RouteTables = [] } = await ec2.describeRouteTables({ RouteTableIds: [RouteTableId] });
                for (const { RouteTableAssociationId } of RouteTables[0]?.Associations ?? []) {
                    await ec2.disassociateRouteTable({ AssociationId: RouteTableAssociationId });
                }
                await ec2.deleteRouteTable({ RouteTableId });
            },
        },
        {
            type: "aws:ec2/securityGroup:SecurityGroup",
            list: async () => {
                const { SecurityGroups } = await ec2.describeSecurityGroups({});
                return ours(SecurityGroups)
                    .filter(({ GroupName }) => GroupName !== "default")
                    .map(({ GroupId }) => GroupId!);
            },
            remove: async (GroupId) => {
                // A group that another one's rule names cannot be deleted.
                const { SecurityGroupRules = [] } = await ec2.describeSecurityGroupRules({});
                const naming = SecurityGroupRules.filter(
                    (rule) => rule.GroupId === GroupId || rule.ReferencedGroupInfo?.GroupId === GroupId,
                );
                for (const { GroupId: group, IsEgress, SecurityGroupRuleId } of naming) {
                    const rule = { GroupId: group, SecurityGroupRuleIds: [SecurityGroupRuleId!] };
                    await (IsEgress ? ec2.revokeSecurityGroupEgress(rule) : ec2.revokeSecurityGroupIngress(rule));
                }
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
