/** What a team's account has before it has the stack, and the stack is told of. */
import { EC2 } from "@aws-sdk/client-ec2";
import { KMS } from "@aws-sdk/client-kms";
import { WAFV2 } from "@aws-sdk/client-wafv2";
import { rootOptions } from "./awsClients";

/** Makes a web ACL that lets everything through, and tells its ARN. */
export async function newWebAcl(Name: string): Promise<string> {
    const VisibilityConfig = { SampledRequestsEnabled: false, CloudWatchMetricsEnabled: true, MetricName: Name };
    const request = { Name, Scope: "REGIONAL" as const, DefaultAction: { Allow: {} }, VisibilityConfig, Rules: [] };
    const { Summary } = await new WAFV2(rootOptions).createWebACL(request);
    return Summary!.ARN!;
}

/** Makes a key, and tells its ARN. */
export async function newKey(): Promise<string> {
    const { KeyMetadata } = await new KMS(rootOptions).createKey();
    return KeyMetadata!.Arn!;
}

/** Takes away the VPC that each account begins with, and that nobody uses. */
export async function deleteDefaultVpc(): Promise<void> {
    const ec2 = new EC2(rootOptions);
    const { Vpcs = [] } = await ec2.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] });
    for (const { VpcId } of Vpcs) {
        const { Subnets = [] } = await ec2.describeSubnets({ Filters: [{ Name: "vpc-id", Values: [VpcId!] }] });
        for (const { SubnetId } of Subnets) await ec2.deleteSubnet({ SubnetId });
        const attached = [{ Name: "attachment.vpc-id", Values: [VpcId!] }];
        const { InternetGateways = [] } = await ec2.describeInternetGateways({ Filters: attached });
        for (const { InternetGatewayId } of InternetGateways) {
            await ec2.detachInternetGateway({ VpcId, InternetGatewayId });
            await ec2.deleteInternetGateway({ InternetGatewayId });
        }
        await ec2.deleteVpc({ VpcId });
    }
}
