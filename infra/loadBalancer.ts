import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Network } from "./network";

export interface LoadBalancerArgs {
    readonly network: Network;
    readonly healthCheckPath: pulumi.Input<string>;
}

/** The way in: an Application Load Balancer in the public subnets, its listener and the target group that tasks join. */
export class LoadBalancer extends pulumi.ComponentResource {
    /** Where the app is served. */
    public readonly url: pulumi.Output<string>;
    public readonly securityGroupId: pulumi.Output<string>;
    public readonly targetGroupArn: pulumi.Output<string>;
    /** `app/<name>/<id>/targetgroup/<name>/<id>`: what requests per target are counted by. */
    public readonly resourceLabel: pulumi.Output<string>;
    /** The listener: ECS refuses a target group that no listener uses yet. */
    public readonly ready: pulumi.Resource;

    constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:loadBalancer:LoadBalancer", name, {}, opts);

        const group = new aws.ec2.SecurityGroup(
            `${name}-alb`,
            { description: "Load balancer: HTTP from anywhere, on to the tasks only", vpcId: args.network.vpcId },
            { parent: this },
        );
        new aws.vpc.SecurityGroupIngressRule(
            `${name}-alb-http`,
            {
                securityGroupId: group.id,
                description: "HTTP from the internet",
                ipProtocol: "tcp",
                fromPort: 80,
                toPort: 80,
                cidrIpv4: "0.0.0.0/0",
            },
            { parent: this },
        );

        const balancer = new aws.lb.LoadBalancer(
            name,
            {
                loadBalancerType: "application",
                subnets: args.network.publicSubnetIds,
                securityGroups: [group.id],
                dropInvalidHeaderFields: true,
            },
            // An internet-facing load balancer needs the subnets' way to the internet gateway, which their ids do not tell.
            { parent: this, dependsOn: args.network.ready },
        );

        const targets = new aws.lb.TargetGroup(
            name,
            {
                vpcId: args.network.vpcId,
                targetType: "ip",
                protocol: "HTTP",
                port: 80, // for targets that name none; each task registers with the port of its container
                // A task that leaves gets no new requests and 15 s to answer those it has; the default is five minutes.
                deregistrationDelay: 15,
                // A healthy task is in service after 10 s; by default that takes 150 s.
                healthCheck: {
                    path: args.healthCheckPath,
                    interval: 5,
                    timeout: 4,
                    healthyThreshold: 2,
                    unhealthyThreshold: 2,
                    matcher: "200-399",
                },
            },
            { parent: this },
        );

        this.ready = new aws.lb.Listener(
            `${name}-http`,
            {
                loadBalancerArn: balancer.arn,
                port: 80,
                protocol: "HTTP",
                defaultActions: [{ type: "forward", targetGroupArn: targets.arn }],
            },
            { parent: this },
        );

        this.url = pulumi.interpolate`http://${balancer.dnsName}`;
        this.securityGroupId = group.id;
        this.targetGroupArn = targets.arn;
        this.resourceLabel = pulumi.interpolate`${balancer.arnSuffix}/${targets.arnSuffix}`;
        this.registerOutputs({
            url: this.url,
            securityGroupId: this.securityGroupId,
            targetGroupArn: this.targetGroupArn,
        });
    }
}
