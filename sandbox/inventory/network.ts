import { EC2 } from "@aws-sdk/client-ec2";
import { setTimeout as sleep } from "node:timers/promises";
import type { rootClient } from "../aws/emulator";
import type { Kind } from "./kind";

/** The ids of all rules of security groups. */
export async function securityGroupRules(config: ReturnType<typeof rootClient>): Promise<string[]> {
    const { SecurityGroupRules = [] } = await new EC2(config).describeSecurityGroupRules({});
    return SecurityGroupRules.map(({ SecurityGroupRuleId }) => SecurityGroupRuleId!);
}

/** A VPC and what is in it, from the inside out. Every account has a default VPC, whose parts are not ours either. */
export function networkKinds(config: ReturnType<typeof rootClient>): Kind[] {
    const ec2 = new EC2(config);
    const vpcs = async () => (await ec2.describeVpcs({})).Vpcs ?? [];
    /** Those of a list that are in a VPC of ours, by the id that each of them has. */
    const ours = async <T>(
        list: T[] | undefined,
        vpcOf: (each: T) => string | undefined,
        idOf: (each: T) => string,
    ) => {
        const defaults = (await vpcs()).filter(({ IsDefault }) => IsDefault).map(({ VpcId }) => VpcId);
        return (list ?? []).filter((each) => !defaults.includes(vpcOf(each))).map(idOf);
    };
    const gateways = async (NatGatewayIds?: string[]) =>
        ((await ec2.describeNatGateways({ NatGatewayIds })).NatGateways ?? []).filter(
            ({ State }) => State !== "deleted",
        );
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
                ((await ec2.describeAddresses({})).Addresses ?? []).map(({ AllocationId }) => AllocationId!),
            remove: (AllocationId) => ec2.releaseAddress({ AllocationId }),
        },
        {
            type: "aws:ec2/vpcEndpoint:VpcEndpoint",
            list: async () =>
                ((await ec2.describeVpcEndpoints({})).VpcEndpoints ?? [])
                    .filter(({ State }) => !/^deleted$/i.test(State ?? ""))
                    .map(({ VpcEndpointId }) => VpcEndpointId!),
            remove: (id) => ec2.deleteVpcEndpoints({ VpcEndpointIds: [id] }),
        },
        {
            type: "aws:ec2/routeTable:RouteTable",
            list: async () => {
                const { RouteTables = [] } = await ec2.describeRouteTables({});
                const own = RouteTables.filter(({ Associations }) => !Associations?.some(({ Main }) => Main));
                return ours(
                    own,
                    ({ VpcId }) => VpcId,
                    ({ RouteTableId }) => RouteTableId!,
                );
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
                const own = SecurityGroups?.filter(({ GroupName }) => GroupName !== "default");
                return ours(
                    own,
                    ({ VpcId }) => VpcId,
                    ({ GroupId }) => GroupId!,
                );
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
            type: "aws:ec2/subnet:Subnet",
            list: async () =>
                ours(
                    (await ec2.describeSubnets({})).Subnets,
                    ({ VpcId }) => VpcId,
                    ({ SubnetId }) => SubnetId!,
                ),
            remove: (SubnetId) => ec2.deleteSubnet({ SubnetId }),
        },
        {
            type: "aws:ec2/internetGateway:InternetGateway",
            list: async () => {
                const { InternetGateways } = await ec2.describeInternetGateways({});
                return ours(
                    InternetGateways,
                    ({ Attachments }) => Attachments?.[0]?.VpcId,
                    ({ InternetGatewayId }) => InternetGatewayId!,
                );
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
            list: async () => (await vpcs()).filter(({ IsDefault }) => !IsDefault).map(({ VpcId }) => VpcId!),
            remove: (VpcId) => ec2.deleteVpc({ VpcId }),
        },
    ];
}
