import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { newRole, policyDocument, type Statement } from "../iam";
import type { TargetGroupIndex } from "../runningStack/stackCaller";

export interface TrafficShiftArgs {
    /** In one of them the running release serves; the next one starts in the other, or with a rolling release in the same. */
    readonly targetGroups: readonly [aws.lb.TargetGroup, aws.lb.TargetGroup];
    /** Where the running release is when a listener is made, or the service is told of another. */
    readonly serving: pulumi.Input<TargetGroupIndex>;
    /** The listener that visitors reach, with its protocol, and that for tests where there is one. */
    readonly production: aws.lb.Listener;
    readonly protocol: "HTTP" | "HTTPS";
    readonly test?: aws.lb.Listener;
}

export interface TrafficShift {
    /** As the service is told: the target group that serves, and what else ECS shifts requests with. */
    readonly targetGroupArn: pulumi.Output<string>;
    readonly configuration: aws.types.input.ecs.ServiceLoadBalancerAdvancedConfiguration;
    /** ECS refuses a role that may not read the listeners yet, and needs it to the last. */
    readonly ready: readonly pulumi.Resource[];
}

/**
 * What ECS shifts a release's requests with: a rule of each listener that forwards to two target groups by weight, and the role as
 * which it changes the weights. They are there with a rolling release, too: after the last gradual one the tasks may be in either
 * group, which ECS goes on using, and a service that has them already changes its strategy in place ("Update the Amazon ECS
 * deployment strategy" in the ECS Developer Guide asks for a rolling deployment with them first).
 */
export function trafficShift(
    name: string,
    { targetGroups, serving, production, protocol, test }: TrafficShiftArgs,
    { parent }: { readonly parent: pulumi.Resource },
): TrafficShift {
    const first = pulumi.output(serving);
    const rule = (kind: string, listener: aws.lb.Listener, formerName?: string) =>
        new aws.lb.ListenerRule(
            `${name}-${kind}`,
            {
                listenerArn: listener.arn,
                priority: 1,
                conditions: [{ pathPattern: { values: ["/*"] } }],
                actions: [
                    {
                        type: "forward",
                        forward: {
                            targetGroups: targetGroups.map(({ arn }, index) => ({
                                arn,
                                weight: first.apply((group) => (index === group ? 1 : 0)),
                            })),
                        },
                    },
                ],
            },
            // The weights are ECS's from the first release on: they say which version answers.
            { parent, ignoreChanges: ["actions"], aliases: formerName === undefined ? [] : [{ name: formerName }] },
        );
    // One for another protocol is a resource of its own: of one that is replaced, the engine would keep the actions that are ignored.
    const productionRule = rule(`production-${protocol.toLowerCase()}`, production, `${name}-production`);
    const testRule = test && rule(`test-${protocol.toLowerCase()}`, test, `${name}-test`);

    const role = newRole(
        `${name}-shift`,
        {
            description: "ECS: moves tasks in and out of the target groups, and requests between them",
            trust: { principal: { Service: "ecs.amazonaws.com" }, action: "sts:AssumeRole" },
        },
        { parent },
    );
    // AWS's own AmazonECSInfrastructureRolePolicyForLoadBalancers, as far as it is about an Application Load Balancer, and on this one's
    // parts alone.
    const moveTasks: readonly Statement[] = [
        {
            // Elastic Load Balancing describes for the whole account or not at all.
            sid: "ReadLoadBalancers",
            actions: [
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            resources: ["*"],
        },
        {
            sid: "MoveTasks",
            actions: ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
            resources: targetGroups.map(({ arn }) => arn),
        },
    ];
    const rights = (policyName: string, statements: readonly Statement[]) =>
        new aws.iam.RolePolicy(policyName, { role: role.name, policy: policyDocument(statements) }, { parent });
    const ready = [
        // IAM takes seconds to tell its services, and ECS gives a deployment up that it may not register tasks for: what the first tasks
        // need is there while the load balancer is made, which takes minutes.
        rights(`${name}-shift-tasks`, moveTasks),
        rights(`${name}-shift`, [
            ...moveTasks,
            {
                sid: "ShiftRequests",
                actions: ["elasticloadbalancing:ModifyRule"],
                resources: [productionRule, ...(testRule ? [testRule] : [])].map(({ arn }) => arn),
            },
            {
                sid: "ShiftRequestsOfListeners",
                actions: ["elasticloadbalancing:ModifyListener"],
                resources: [production, ...(test ? [test] : [])].map(({ arn }) => arn),
            },
        ]),
    ];

    return {
        targetGroupArn: first.apply((group) => targetGroups[group].arn),
        configuration: {
            alternateTargetGroupArn: first.apply((group) => targetGroups[group === 0 ? 1 : 0].arn),
            productionListenerRule: productionRule.arn,
            testListenerRule: testRule?.arn,
            roleArn: role.arn,
        },
        ready,
    };
}
