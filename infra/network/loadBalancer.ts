import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { AccessLogs, type AccessLogsArgs } from "./accessLogs";
import { Certificate } from "./certificate";
import type { Domain } from "../config";
import { lookUpAfterChecks } from "../checks";
import type { Network } from "./network";
import { trafficShift, type TrafficShift, type TrafficShiftArgs } from "./trafficShift";
import { loadBalancerSecurityGroup } from "./ingress";

export interface LoadBalancerArgs extends AccessLogsArgs, Pick<TrafficShiftArgs, "serving"> {
    readonly network: Network;
    readonly healthCheckPath: pulumi.Input<string>;
    /** Nobody but the VPC reaches it. */
    readonly internal: boolean;
    /** It is reached over IPv6, too. */
    readonly dualStack: boolean;
    /** How long a task that leaves may take to answer the requests it has. */
    readonly drainSeconds: number;
    /** The app's name on the internet and the Route 53 zone that it is in. Without one it is served over HTTP only. */
    readonly domain?: Domain;
    /** Records that this name has from something else are overwritten. */
    readonly domainOverwrite: boolean;
    /** Where a release can be asked before visitors reach it, while it is shifted; nowhere without a port. */
    readonly rolloutTestPort?: number;
    readonly accessLogs: boolean;
    /** A web application firewall that somebody has set up, which every request passes. */
    readonly webAclArn?: string;
    /** Neither Pulumi nor AWS deletes the load balancer, nor with it the address that others have written down. */
    readonly deletionProtection: boolean;
}

type Dimensions = Readonly<Record<string, pulumi.Output<string>>>;

/** The policy that AWS recommends: TLS 1.2 and 1.3 alone, forward secrecy, and keys that a later quantum computer cannot recover. */
const sslPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09";

/** Seconds between two health checks, and until one counts as failed. */
const interval = 5;
const timeout = 4;
/** A task is back in service after this many checks that pass; a new one comes in with its first. */
const healthyThreshold = 2;
/** A task that hangs is replaced after half a minute. Until then it may just be busy: to replace it would make its load the others'. */
const unhealthyThreshold = 30 / interval;

/** Within this many seconds a task that answers is known to be healthy. */
export const noticeSeconds = interval * (healthyThreshold + 1);

/** The way in: an Application Load Balancer in the public subnets, or in the private ones, its listeners and the target groups that tasks join in turn. */
export class LoadBalancer extends pulumi.ComponentResource {
    /** Where the app is served. */
    public readonly url: pulumi.Output<string>;
    public readonly securityGroupId: pulumi.Output<string>;
    /** The target groups, and what else ECS shifts requests with. */
    public readonly shift: TrafficShift;
    /** What CloudWatch files the load balancer's metrics under, and those of the targets in each of its groups. */
    public readonly balancerDimensions: Dimensions;
    public readonly targetDimensions: readonly [Dimensions, Dimensions];
    /** The Route 53 zone of the app's domain, where it has one. */
    public readonly hostedZoneArn?: pulumi.Output<string>;
    /** The listener that forwards: ECS refuses a target group that no listener uses yet. */
    public readonly ready: pulumi.Resource;
    /** Makes the app's name lead here, where it has one: visitors come by it once there is something that answers them. */
    public readonly leadHere: (served: pulumi.Resource) => void = () => undefined;

    constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:loadBalancer:LoadBalancer", name, {}, opts);

        const { network, rolloutTestPort: testPort } = args;
        const own = { parent: this };
        const protocol = args.domain ? "HTTPS" : "HTTP";
        const { group, rules } = loadBalancerSecurityGroup(
            `${name}-alb`,
            {
                ...args,
                vpcId: network.vpcId,
                whole: network.whole,
                ports: {
                    http: { protocol: "HTTP", port: 80 },
                    ...(args.domain && { https: { protocol, port: 443 } }),
                    ...(testPort !== undefined && { test: { protocol, port: testPort } }),
                },
            },
            own,
        );

        const logs = args.accessLogs ? new AccessLogs(name, args, own) : undefined;
        const balancer = new aws.lb.LoadBalancer(
            name,
            {
                loadBalancerType: "application",
                internal: args.internal,
                subnets: args.internal ? network.privateSubnetIds : network.publicSubnetIds,
                ipAddressType: args.dualStack ? "dualstack" : "ipv4",
                securityGroups: [group.id],
                dropInvalidHeaderFields: true,
                // Set in either case: the provider keeps the former value of a property that is left out.
                accessLogs: { enabled: logs !== undefined, bucket: logs?.bucket ?? "" },
                enableDeletionProtection: args.deletionProtection,
            },
            // An internet-facing load balancer needs the subnets' way to the internet gateway, which their ids do not tell. Once it
            // has addresses of IPv6, visitors come by them. Another one, as long as no service runs behind it, comes after it: a target
            // group belongs to one load balancer (hashicorp/terraform-provider-aws#22005).
            {
                parent: this,
                dependsOn: [...network.ready, ...rules],
                protect: args.deletionProtection,
                deleteBeforeReplace: true,
            },
        );

        if (args.webAclArn !== undefined) {
            new aws.wafv2.WebAclAssociation(
                name,
                { resourceArn: balancer.arn, webAclArn: args.webAclArn },
                // A load balancer has one web ACL: to take away the former after the new one would take away the new one.
                { parent: this, deleteBeforeReplace: true },
            );
        }

        const targets = newTargetGroup(name, args, own);
        const alternate = newTargetGroup(`${name}-alternate`, args, own);

        const groups = [targets, alternate] as const;
        const serving = pulumi.output(args.serving).apply((index) => groups[index].arn);
        let listeners: ReturnType<typeof newListeners>;
        if (args.domain) {
            const { name: domainName, hostedZone } = args.domain;
            const { zoneId, arn } = lookUpAfterChecks(() => aws.route53.getZone({ name: hostedZone }, own));
            const { arn: certificateArn } = new Certificate(name, { domainName, zoneId }, own);
            listeners = newListeners(name, { balancer, serving, certificateArn, testPort }, own);
            // After the listener as well, which the service's dependencies name already: it goes only once nobody is led to it.
            this.leadHere = (served) => {
                const opts = { ...own, dependsOn: [listeners.production, served] };
                newAliases(name, { ...args, domainName, zoneId, balancer }, opts);
            };
            this.hostedZoneArn = arn;
            this.url = pulumi.output(`https://${domainName}`);
        } else {
            listeners = newListeners(name, { balancer, serving, testPort }, own);
            this.url = pulumi.interpolate`http://${balancer.dnsName}`;
        }

        this.shift = trafficShift(name, { targetGroups: groups, serving: args.serving, protocol, ...listeners }, own);
        this.ready = listeners.production;
        this.securityGroupId = group.id;
        this.balancerDimensions = { LoadBalancer: balancer.arnSuffix };
        const dimensionsOf = ({ arnSuffix }: aws.lb.TargetGroup): Dimensions => ({
            LoadBalancer: balancer.arnSuffix,
            TargetGroup: arnSuffix,
        });
        this.targetDimensions = [dimensionsOf(targets), dimensionsOf(alternate)];
        this.registerOutputs({
            url: this.url,
            securityGroupId: this.securityGroupId,
            targetGroupArn: this.shift.targetGroupArn,
        });
    }
}

/** The tasks that requests go to, each as it is ready. */
function newTargetGroup(
    name: string,
    { network, drainSeconds, healthCheckPath }: LoadBalancerArgs,
    opts: pulumi.CustomResourceOptions,
): aws.lb.TargetGroup {
    return new aws.lb.TargetGroup(
        name,
        {
            vpcId: network.vpcId,
            targetType: "ip",
            protocol: "HTTP",
            port: 80, // for targets that name none; each task registers with the port of its container
            deregistrationDelay: drainSeconds,
            healthCheck: {
                path: healthCheckPath,
                interval,
                timeout,
                healthyThreshold,
                unhealthyThreshold,
                matcher: "200-399",
            },
        },
        opts,
    );
}

interface ListenersArgs {
    readonly balancer: aws.lb.LoadBalancer;
    /** The target group that serves. */
    readonly serving: pulumi.Output<string>;
    /** Without one the app is served over HTTP. */
    readonly certificateArn?: pulumi.Output<string>;
    readonly testPort: number | undefined;
}

/** The listener for visitors, and that for tests, which they get over the same protocol. */
function newListeners(
    name: string,
    { balancer, serving, certificateArn, testPort }: ListenersArgs,
    opts: pulumi.CustomResourceOptions,
) {
    const loadBalancerArn = balancer.arn;
    const [kind, port] = certificateArn ? (["https", 443] as const) : (["http", 80] as const);
    const forwarding = {
        loadBalancerArn,
        ...(certificateArn ? { protocol: "HTTPS", sslPolicy, certificateArn } : { protocol: "HTTP" }),
        // What a listener does where none of its rules fits, which one always does, once it is there: see trafficShift.
        defaultActions: [{ type: "forward", targetGroupArn: serving }],
    };
    const production = new aws.lb.Listener(`${name}-${kind}`, { ...forwarding, port }, opts);
    const test =
        testPort === undefined
            ? undefined
            : new aws.lb.Listener(
                  `${name}-test`,
                  { ...forwarding, port: testPort },
                  // Changed in place, one for HTTP would keep the SSL policy of HTTPS, which AWS refuses. It is the only one at its port.
                  { ...opts, replaceOnChanges: ["protocol"], deleteBeforeReplace: true },
              );
    if (certificateArn) {
        const redirect = { protocol: "HTTPS", port: String(port), statusCode: "HTTP_301" };
        new aws.lb.Listener(
            `${name}-http`,
            { loadBalancerArn, protocol: "HTTP", port: 80, defaultActions: [{ type: "redirect", redirect }] },
            { ...opts, dependsOn: production }, // visitors are sent on only once there is something to send them to
        );
    }
    return { production, test };
}

interface AliasesArgs extends Pick<LoadBalancerArgs, "dualStack" | "domainOverwrite"> {
    readonly domainName: string;
    readonly zoneId: pulumi.Input<string>;
    readonly balancer: aws.lb.LoadBalancer;
}

/** Makes a name of Route 53 lead to the load balancer. */
function newAliases(
    name: string,
    { domainName, zoneId, balancer, dualStack, domainOverwrite }: AliasesArgs,
    opts: pulumi.CustomResourceOptions,
): void {
    const record = {
        zoneId,
        name: domainName,
        aliases: [{ name: balancer.dnsName, zoneId: balancer.zoneId, evaluateTargetHealth: false }],
        allowOverwrite: domainOverwrite,
    };
    new aws.route53.Record(name, { ...record, type: "A" }, opts);
    if (dualStack) {
        new aws.route53.Record(`${name}-ipv6`, { ...record, type: "AAAA" }, opts);
    }
}
