import assert from "node:assert/strict";
import * as outcome from "../infra/service/outcome";
import { problemOf, warningOf, type Wanted } from "../infra/service/outcome";
import { account } from "../tools/fakeCloud";
import { record } from "./record";
import { standard } from "./scenarios";

/**
 * terraform-provider-aws 6.34 (service.go, resourceServiceUpdate) fails once where a rollout is taken back, and leaves in the state what it had asked
 * for: the next update has no change, and so neither calls AWS nor waits.
 */
describe("the outcome of an update", () => {
    const revision = (number: number) => `arn:aws:ecs:ap-northeast-1:${account}:task-definition/shop:${number}`;

    const wanted: Wanted = {
        subnets: ["subnet-1", "subnet-2"],
        assignPublicIp: false,
        capacity: [{ capacityProvider: "FARGATE", base: 0, weight: 1 }],
        containerPort: 8080,
        rules: ["arn:aws:elasticloadbalancing:r:1:listener-rule/app/shop/1/80/1", undefined],
    };
    /** A service that has this many tasks of each revision, the newest deployment first. */
    const serviceWith = (...tasks: readonly (readonly [revision: number, tasks: number])[]) => ({
        serviceName: "shop",
        desiredCount: 2,
        runningCount: tasks.reduce((sum, [, count]) => sum + count, 0),
        networkConfigurations: [
            { subnets: ["subnet-2", "subnet-1"], securityGroups: ["sg-by-hand"], assignPublicIp: false },
        ],
        capacityProviderStrategies: [...wanted.capacity],
        loadBalancers: [
            {
                targetGroupArn: "arn:group",
                advancedConfigurations: [
                    {
                        productionListenerRule: wanted.rules[0]!,
                        testListenerRule: "",
                        alternateTargetGroupArn: "arn:alternate",
                        roleArn: "arn:role",
                    },
                ],
                containerName: "app",
                containerPort: 8080,
                elbName: "",
            },
        ],
        deployments: tasks.map(([number], index) => ({
            status: index === 0 ? "PRIMARY" : "ACTIVE",
            taskDefinition: revision(number),
        })),
    });

    /** What `pulumi up` says at its end of such a service. */
    const outcomeOf = (
        released: string | undefined,
        ...tasks: readonly (readonly [revision: number, tasks: number])[]
    ) => problemOf(serviceWith(...tasks), { ...wanted, released });

    it("is good where what was asked for runs", () => {
        assert.equal(outcomeOf(revision(2), [2, 2]), undefined);
    });

    it("is a failure, again and again, where ECS has gone back to the release before, and says how to try once more", () => {
        const message = outcomeOf(revision(2), [1, 2])!;
        assert.match(message, /^ECS has taken the last release of shop back: shop:1 runs in place of shop:2\./);
        assert.match(message, /`pulumi up --refresh` tries the same once more/);
    });

    // Revisions are numbered in the order in which they were registered.
    it("is not taken for one that ECS has gone back from where something else has released since", () => {
        const message = outcomeOf(revision(9), [10, 2])!;
        assert.match(message, /^shop runs shop:10, which something else has released since the last `pulumi up`/);
        assert.match(message, /`pulumi up --refresh` goes back to shop:9\. .* set releasedBy to pipeline\.$/s);
    });

    it("is a failure where nothing runs, as after a first release that had none to go back to", () => {
        for (const released of [revision(1), undefined]) {
            assert.match(outcomeOf(released, [1, 0])!, /^No task of shop runs:/);
        }
    });

    it("is a failure, whoever releases, where ECS has gone back to where the tasks were before, which the rest of the update would delete", () => {
        const spot = { capacityProvider: "FARGATE_SPOT", base: 0, weight: 1 };
        const former = serviceWith([7, 2]);
        const asked: readonly Partial<Wanted>[] = [
            { subnets: ["subnet-1"] },
            { assignPublicIp: true },
            { capacity: [spot] },
            { containerPort: 3000 },
            { rules: ["arn:aws:elasticloadbalancing:r:1:listener-rule/app/shop/1/443/1"] },
            {
                rules: [
                    ...wanted.rules.slice(0, 1),
                    "arn:aws:elasticloadbalancing:r:1:listener-rule/app/shop/1/9000/1",
                ],
            },
        ];
        for (const change of asked) {
            assert.match(
                problemOf(former, { ...wanted, ...change })!,
                /^ECS has taken the last change of shop back, .*: its tasks have subnet-1, subnet-2, no public addresses, FARGATE \(base 0, weight 1\), port 8080 and listener-rule\/app\/shop\/1\/80\/1 in place of .*`pulumi up --refresh` tries/s,
            );
        }
        assert.equal(problemOf(former, wanted), undefined);
    });

    it("is a warning where nothing is to run, unless there are hours for that", () => {
        const of = (desiredCount: number) => ({ serviceName: "shop", desiredCount });
        assert.match(
            warningOf(of(0), false)!,
            /^shop is to run no task at the moment, .* `pulumi up --refresh` sees that, and sets minTasks again/,
        );
        assert.deepEqual([warningOf(of(0), true), warningOf(of(1), false)], [undefined, undefined]);
    });

    it("is not for pulumi up to judge where the pipeline releases, or is about to", () => {
        assert.equal(outcomeOf(undefined, [7, 2]), undefined);
        assert.equal(outcomeOf(undefined, [8, 0], [7, 2]), undefined);
    });

    it("is measured by what the service was told", async () => {
        const module = outcome as { verifyRunning: typeof outcome.verifyRunning };
        const { verifyRunning } = module;
        let wants: Promise<Wanted>;
        module.verifyRunning = (service, asked, ...others) => {
            wants = new Promise((resolve) => asked.apply(resolve));
            return verifyRunning(service, asked, ...others);
        };
        const run = await record({ values: { rolloutTestPort: "9000", capacity: "spot" } }).finally(() =>
            Object.assign(module, { verifyRunning }),
        );
        const { networkConfiguration, capacityProviderStrategies, loadBalancers } =
            run.one("aws:ecs/service:Service").inputs;
        const { subnets, assignPublicIp } = networkConfiguration as Pick<Wanted, "subnets" | "assignPublicIp">;
        const [told] = loadBalancers as [{ containerPort: number; advancedConfiguration: Record<string, string> }];
        assert.deepEqual(await wants!, {
            ...{ subnets, assignPublicIp, capacity: capacityProviderStrategies, released: undefined },
            containerPort: told.containerPort,
            rules: [told.advancedConfiguration.productionListenerRule, told.advancedConfiguration.testListenerRule],
        });
    });

    it("is looked at once the service is there, by its cluster's ARN", async () => {
        const run = await standard();
        const asked = run.lookups.filter(({ token }) => token === "aws:ecs/getService:getService");
        assert.deepEqual(
            asked.map(({ inputs }) => inputs.clusterArn),
            ["fargate-cicd-dev", run.one("aws:ecs/cluster:Cluster").outputs.arn],
        );
    });

    it("is looked at in no preview, as what is about to be mended may be broken", async () => {
        const { lookups } = await record({ preview: true });
        assert.equal(lookups.filter(({ token }) => token === "aws:ecs/getService:getService").length, 1);
    });
});
