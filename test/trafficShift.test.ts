import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { assertVerdicts, policyOf, type Call } from "./iam";
import { trafficShift } from "../infra/network/trafficShift";
import { record, type Recording } from "./record";
import { standard, withDomain } from "./scenarios";

const ruleType = "aws:lb/listenerRule:ListenerRule";
const listenerType = "aws:lb/listener:Listener";

/** Without the tags, which every resource has. */
const own = ({ tags: _, ...inputs }: Readonly<Record<string, unknown>>) => inputs;

describe("the shift of a release's requests", () => {
    let run: Recording;
    let tested: Recording;
    before(async () => {
        run = await standard();
        tested = await record({
            values: {
                rolloutTestPort: "9000",
                rollout: "canary",
                domainName: "shop.example.com",
                hostedZone: "example.com",
            },
        });
    });

    const groupArns = (recording: Recording) =>
        recording.of("aws:lb/targetGroup:TargetGroup").map(({ outputs }) => outputs.arn);

    it("is by the weights of a rule that every request fits, in the beginning to the first group alone", () => {
        assert.deepEqual(own(run.one(ruleType).inputs), {
            listenerArn: run.one(listenerType, "main-http").outputs.arn,
            priority: 1,
            conditions: [{ pathPattern: { values: ["/*"] } }],
            actions: [
                {
                    type: "forward",
                    forward: { targetGroups: groupArns(run).map((arn, index) => ({ arn, weight: 1 - index })) },
                },
            ],
        });
    });

    it("is ECS's from then on: pulumi up leaves the weights as they are", () => {
        for (const { ignoreChanges, name } of [...run.of(ruleType), ...tested.of(ruleType)]) {
            assert.deepEqual(ignoreChanges, ["actions"], name);
        }
    });

    it("is on the listener that visitors reach, with a domain as well", async () => {
        const domain = await withDomain();
        const { listenerArn } = domain.one(ruleType).inputs;
        assert.equal(listenerArn, domain.one(listenerType, "main-https").outputs.arn);
    });

    it("begins behind a new listener where the running release is, in a rule that takes nothing over from the former", async () => {
        const domain = await record({
            program: () => {
                const targetGroup = (name: string) => new aws.lb.TargetGroup(name, { port: 80 });
                const listener = (name: string) =>
                    new aws.lb.Listener(name, { loadBalancerArn: "arn", defaultActions: [] });
                trafficShift(
                    "main",
                    {
                        targetGroups: [targetGroup("main"), targetGroup("main-alternate")],
                        serving: 1,
                        production: listener("main-https"),
                        test: listener("main-test"),
                        protocol: "HTTPS",
                    },
                    { parent: new pulumi.ComponentResource("fargate-cicd:test:Test", "any") },
                );
            },
        });
        for (const name of ["main-production-https", "main-test-https"]) {
            const [{ forward }] = domain.one(ruleType, name).inputs.actions as [{ forward: unknown }];
            assert.deepEqual(
                forward,
                { targetGroups: groupArns(domain).map((arn, weight) => ({ arn, weight })) },
                name,
            );
        }
    });

    it("shows the new version on the test port first, over the same protocol, to whoever asks there", () => {
        const { port, protocol, certificateArn, defaultActions } = tested.one(listenerType, "main-test").inputs;
        // terraform-provider-aws 6.34, listener.go, sends the SSL policy that it had, and ELB: "An SSL policy cannot be specified for HTTP
        // listeners" (hashicorp/terraform-provider-aws#1851).
        const { replaceOnChanges, deleteBeforeReplace } = tested.one(listenerType, "main-test");
        assert.deepEqual([replaceOnChanges, deleteBeforeReplace], [["protocol"], true]);
        const https = tested.one(listenerType, "main-https").inputs;
        assert.deepEqual([port, protocol, certificateArn], [9000, "HTTPS", https.certificateArn]);
        // "Application Load Balancer resources for blue/green, linear, and canary deployments": none but forward actions.
        assert.deepEqual(defaultActions, https.defaultActions);
        assert.equal(
            tested.one(ruleType, "main-test-https").inputs.listenerArn,
            tested.one(listenerType, "main-test").outputs.arn,
        );
        const { fromPort, toPort, cidrIpv4 } = tested.one(
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "main-alb-test",
        ).inputs;
        assert.deepEqual([fromPort, toPort, cidrIpv4], [9000, 9000, "0.0.0.0/0"]);
        const [balancer] = tested.one("aws:ecs/service:Service").inputs.loadBalancers as [
            { advancedConfiguration: Record<string, unknown> },
        ];
        const { testListenerRule } = balancer.advancedConfiguration;
        assert.equal(testListenerRule, tested.one(ruleType, "main-test-https").outputs.arn);
    });

    it("is done by ECS as a role that only ECS assumes, and that has this load balancer's parts alone", async () => {
        const role = tested.one("aws:iam/role:Role", "main-shift");
        const [trust] = policyOf(role, "assumeRolePolicy").Statement;
        assert.deepEqual([trust!.Principal, trust!.Action], [{ Service: "ecs.amazonaws.com" }, "sts:AssumeRole"]);
        const named = (name: string) => tested.one("aws:iam/rolePolicy:RolePolicy", name);
        const policy = policyOf(named("main-shift"));
        // There while the load balancer is made: IAM tells its services seconds later.
        const early = named("main-shift-tasks");
        assert.deepEqual(policyOf(early).Statement, policy.Statement.slice(0, 2));
        const arnOf = (type: string, name: string) => String(tested.one(type, name).outputs.arn);
        const groups = groupArns(tested).map(String);
        const [group] = groups;
        await assertVerdicts(policy, "allowed", [
            ["elasticloadbalancing:DescribeTargetHealth", "*"],
            ...groups.flatMap((each): Call[] => [
                ["elasticloadbalancing:RegisterTargets", each],
                ["elasticloadbalancing:DeregisterTargets", each],
            ]),
            ["elasticloadbalancing:ModifyListener", arnOf(listenerType, "main-test")],
            ["elasticloadbalancing:ModifyRule", arnOf(ruleType, "main-production-https")],
            ["elasticloadbalancing:ModifyRule", arnOf(ruleType, "main-test-https")],
            ["elasticloadbalancing:ModifyListener", arnOf(listenerType, "main-https")],
        ]);
        await assertVerdicts(policy, "denied", [
            ["elasticloadbalancing:RegisterTargets", `${group}0`],
            ["elasticloadbalancing:ModifyRule", `${arnOf(ruleType, "main-production-https")}0`],
            ["elasticloadbalancing:ModifyListener", arnOf(listenerType, "main-http")],
            ["elasticloadbalancing:DeleteRule", arnOf(ruleType, "main-production-https")],
            ["elasticloadbalancing:DeleteTargetGroup", group!],
        ]);
    });
});
