import { AwsCaller, type ClientSettings } from "../awsCaller";

/** Of the two target groups, in the order in which the program has them. */
export type TargetGroupIndex = 0 | 1;

/** What ECS has been told of a service's load balancer, and where its releases have got to since. */
export interface ToldService {
    /** Whether visitors come over HTTPS. */
    readonly https: boolean;
    /** Where a release can be asked before visitors reach it; 0: nowhere. */
    readonly rolloutTestPort: number;
    readonly containerPort: number;
    /** The target group that was named first. */
    readonly first: TargetGroupIndex;
    /** The one that visitors are sent to; undefined while a release is under way. */
    readonly serving: TargetGroupIndex | undefined;
}

/** Asks AWS about the stack. What extends it is serialised into the state with it, and uses nothing from outside its functions. */
export class StackCaller extends AwsCaller {
    /**
     * @returns undefined where AWS does not tell whoever asks, as in a pull request's preview (who may make what is asked about may ask),
     * or where nobody can ask, as without credentials: the aws provider says that in its own words
     * @throws Error where AWS would tell another time
     */
    protected async ifTold<T>(asked: Promise<T>): Promise<T | undefined> {
        return asked.catch((error: Error & { readonly $fault?: string }) => {
            const isRefused = error.$fault === "client" && !error.name.startsWith("Throttling");
            if (!isRefused && error.name !== "CredentialsProviderError") throw error;
            return undefined;
        });
    }

    /** @returns undefined where there is no such service, or none yet. @throws Error where AWS does not tell */
    protected async toldService(name: string, region: string): Promise<ToldService | undefined> {
        const elb = await import("@aws-sdk/client-elastic-load-balancing-v2");
        const settings = await this.clientSettings(region);
        const service = await this.service(name, settings);
        const [balancer] = service?.loadBalancers ?? [];
        if (!service || !balancer?.advancedConfiguration) {
            return undefined;
        }
        const { productionListenerRule, testListenerRule } = balancer.advancedConfiguration;
        const client = new elb.ElasticLoadBalancingV2Client(settings("elbv2", "elasticloadbalancingv2"));
        const rules = [productionListenerRule!, ...(testListenerRule ? [testListenerRule] : [])];
        const listenerArns = rules.map((rule) => rule.replace(":listener-rule/", ":listener/").replace(/\/[^/]+$/, ""));
        const [{ Rules = [] }, { Listeners = [] }] = await Promise.all([
            client.send(new elb.DescribeRulesCommand({ RuleArns: rules.slice(0, 1) })),
            client.send(new elb.DescribeListenersCommand({ ListenerArns: listenerArns })),
        ]);
        const [production, test] = listenerArns.map((arn) => Listeners.find(({ ListenerArn }) => ListenerArn === arn));
        const index = (arn = ""): TargetGroupIndex => (arn.includes(":targetgroup/main-alternate-") ? 1 : 0);
        const groups = Rules[0]?.Actions?.[0]?.ForwardConfig?.TargetGroups ?? [];
        const [serves, ...others] = groups.filter(({ Weight = 0 }) => Weight > 0);
        const isUnderWay = service.deployments?.some(({ rolloutState }) => rolloutState === "IN_PROGRESS");
        return {
            https: production?.Protocol === "HTTPS",
            rolloutTestPort: test?.Port ?? 0,
            containerPort: balancer.containerPort!,
            first: index(balancer.targetGroupArn),
            serving: isUnderWay || others.length > 0 ? undefined : index(serves?.TargetGroupArn),
        };
    }

    /**
     * @returns what AWS has of a name and would give to a stack that is to have it: another's cluster answers a request for one, and a
     * revision joins those of a family. @throws Error where AWS does not tell
     */
    protected async holders(name: string, region: string): Promise<string[]> {
        const ecs = await import("@aws-sdk/client-ecs");
        const client = new ecs.ECSClient((await this.clientSettings(region))("ecs"));
        const [{ clusters = [] }, { taskDefinitionArns = [] }] = await Promise.all([
            client.send(new ecs.DescribeClustersCommand({ clusters: [name] })),
            client.send(
                new ecs.ListTaskDefinitionsCommand({
                    familyPrefix: name,
                    status: "ACTIVE",
                    sort: "DESC",
                    maxResults: 1,
                }),
            ),
        ]);
        const cluster = clusters.find(({ status }) => status !== "INACTIVE");
        return [
            ...(cluster ? [`the cluster ${cluster.clusterArn}`] : []),
            ...taskDefinitionArns.map((arn) => `the task definition ${arn}`),
        ];
    }

    /** @returns the DNS name of the load balancer that the service is behind, if there is one. @throws Error where AWS does not tell */
    protected async balancerOf(name: string, region: string): Promise<string | undefined> {
        const elb = await import("@aws-sdk/client-elastic-load-balancing-v2");
        const settings = await this.clientSettings(region);
        const targetGroup = (await this.service(name, settings))?.loadBalancers?.[0]?.targetGroupArn;
        if (targetGroup === undefined) {
            return undefined;
        }
        const client = new elb.ElasticLoadBalancingV2Client(settings("elbv2", "elasticloadbalancingv2"));
        const { TargetGroups } = await client.send(
            new elb.DescribeTargetGroupsCommand({ TargetGroupArns: [targetGroup] }),
        );
        const { LoadBalancerArns = [] } = TargetGroups![0]!;
        if (LoadBalancerArns.length === 0) {
            return undefined; // asked for none in particular, AWS would tell of all
        }
        const { LoadBalancers } = await client.send(new elb.DescribeLoadBalancersCommand({ LoadBalancerArns }));
        return LoadBalancers![0]!.DNSName!.toLowerCase();
    }

    /**
     * @param host the app's own name, by which it is asked over TLS; without one its load balancer is asked
     * @returns the status of the app's answer, undefined where it cannot be asked from here
     */
    protected async answerAt(path: string, host: string, name: string, region: string): Promise<number | undefined> {
        const balancer = host ? undefined : await this.ifTold(this.balancerOf(name, region));
        const origin = host ? `https://${host}` : balancer && `http://${balancer}`;
        if (!origin) {
            return undefined;
        }
        return fetch(`${origin}${path}`, { redirect: "manual", signal: AbortSignal.timeout(5_000) }).then(
            ({ status }) => status,
            () => undefined,
        );
    }

    /** @returns what a public zone of Route 53 has of a name, nothing where there is no such zone. @throws Error where AWS does not tell */
    protected async records(domainName: string, hostedZone: string, region: string) {
        const route53 = await import("@aws-sdk/client-route-53");
        const client = new route53.Route53Client((await this.clientSettings(region))("route53"));
        for await (const { HostedZones = [] } of route53.paginateListHostedZones({ client }, {})) {
            const zone = HostedZones.find(({ Name, Config }) => Name === `${hostedZone}.` && !Config?.PrivateZone);
            if (zone) {
                const { ResourceRecordSets = [] } = await client.send(
                    new route53.ListResourceRecordSetsCommand({ HostedZoneId: zone.Id, StartRecordName: domainName }),
                );
                return ResourceRecordSets.filter(({ Name }) => Name === `${domainName}.`);
            }
        }
        return [];
    }

    /** @throws Error where AWS does not tell */
    protected async service(name: string, settings: ClientSettings) {
        const ecs = await import("@aws-sdk/client-ecs");
        const { services = [] } = await new ecs.ECSClient(settings("ecs"))
            .send(new ecs.DescribeServicesCommand({ cluster: name, services: [name] }))
            .catch((error: Error) => {
                if (error.name === "ClusterNotFoundException") return { services: [] };
                throw error;
            });
        return services.find(({ status }) => status !== "INACTIVE");
    }
}
