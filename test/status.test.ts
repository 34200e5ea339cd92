import assert from "node:assert/strict";
import { statusOf, type Clients } from "../tools/operations/status";
import { screen } from "../tools/operations/statusReport";
import { aStack } from "./operated";

const now = new Date(Date.UTC(2026, 0, 2, 12, 0));
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const commit = "0123456789abcdef0123456789abcdef01234567";
const run = "https://github.com/acme/shop/actions/runs/42";
const definition = (number: number) => `arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:${number}`;
const task = (id: string, revision: number, more: object) => ({
    taskArn: `arn:aws:ecs:eu-west-1:123456789012:task/shop/${id}`,
    taskDefinitionArn: definition(revision),
    ...more,
});
const address = (value: string) => ({ attachments: [{ details: [{ name: "privateIPv4Address", value }] }] });

const running = [
    task("bbbbbbbbbbbb", 8, {
        ...address("10.0.2.2"),
        ...{ lastStatus: "RUNNING", availabilityZone: "eu-west-1b" },
        ...{ createdAt: minutesAgo(2), startedAt: minutesAgo(1) },
    }),
    task("cccccccccccc", 8, { lastStatus: "PROVISIONING", availabilityZone: "eu-west-1a", createdAt: minutesAgo(0) }),
    task("aaaaaaaaaaaa", 7, {
        ...address("10.0.1.1"),
        ...{ lastStatus: "RUNNING", availabilityZone: "eu-west-1a" },
        ...{ createdAt: minutesAgo(181), startedAt: minutesAgo(180) },
    }),
];
const stopped = [
    // It has its last requests to answer yet.
    task("ffffffffffff", 7, {
        ...address("10.0.1.9"),
        ...{ lastStatus: "DEACTIVATING", availabilityZone: "eu-west-1a" },
        ...{ createdAt: minutesAgo(301), startedAt: minutesAgo(300) },
    }),
    task("dddddddddddd", 8, { lastStatus: "STOPPED", stoppedAt: minutesAgo(30), stoppedReason: "Scaling activity" }),
    task("eeeeeeeeeeee", 8, {
        ...{ lastStatus: "STOPPED", stoppedAt: minutesAgo(4), stoppedReason: "Essential container in task exited" },
        containers: [{ name: "app", exitCode: 137, reason: "OutOfMemoryError: Container killed due to memory usage" }],
    }),
];

/** What AWS answers about the service `shop`. */
function clients({
    underWay = true,
    remembered = true,
    alarms = [] as object[],
    target = {},
    events = [] as object[],
    more = [] as ReturnType<typeof task>[],
} = {}): Clients {
    const deployments = [
        ...(remembered
            ? [{ createdAt: minutesAgo(200), finishedAt: minutesAgo(190), status: "SUCCESSFUL", revision: 7 }]
            : []),
        ...(underWay ? [{ createdAt: minutesAgo(3), status: "IN_PROGRESS", revision: 8 }] : []),
    ];
    const tasks = [...running, ...stopped, ...more];
    return {
        ecs: {
            describeServices: async () => ({
                services: [
                    {
                        ...{ desiredCount: 2, runningCount: 2, pendingCount: 1, taskDefinition: definition(8) },
                        events,
                        loadBalancers: [
                            { targetGroupArn: "one", advancedConfiguration: { alternateTargetGroupArn: "two" } },
                        ],
                    },
                ],
            }),
            listServiceDeployments: async () => ({
                serviceDeployments: deployments.map(({ revision, ...each }) => ({
                    ...each,
                    serviceDeploymentArn: `deployment/${revision}`,
                    targetServiceRevisionArn: `revision/${revision}`,
                })),
            }),
            describeServiceRevisions: async ({ serviceRevisionArns: arns }: { serviceRevisionArns: string[] }) => ({
                serviceRevisions: arns.map((arn) => ({
                    serviceRevisionArn: arn,
                    taskDefinition: definition(Number(arn.split("/")[1])),
                })),
            }),
            describeTaskDefinition: async () => ({
                taskDefinition: {
                    containerDefinitions: [{ image: `registry/shop:${commit}-X64`, dockerLabels: { run } }],
                },
            }),
            describeServiceDeployments: async ({
                serviceDeploymentArns: [arn],
            }: {
                serviceDeploymentArns: string[];
            }) =>
                arn === "deployment/8"
                    ? {
                          serviceDeployments: [
                              {
                                  ...{ status: "IN_PROGRESS", lifecycleStage: "PRODUCTION_TRAFFIC_SHIFT" },
                                  createdAt: minutesAgo(3),
                                  targetServiceRevision: {
                                      ...{ requestedProductionTrafficWeight: 10, requestedTaskCount: 2 },
                                      runningTaskCount: 1,
                                  },
                                  ...target,
                              },
                          ],
                      }
                    : {},
            // In pages, as ECS has more than it tells at once.
            listTasks: async ({ desiredStatus, nextToken }: { desiredStatus: string; nextToken?: string }) => {
                const all = [
                    ...(desiredStatus === "RUNNING" ? running : stopped),
                    ...more.filter((each) => desiredStatus === Reflect.get(each, "lastStatus")),
                ];
                const page = nextToken ? all.slice(1) : all.slice(0, 1);
                return { taskArns: page.map(({ taskArn }) => taskArn), nextToken: nextToken ? undefined : "more" };
            },
            describeTasks: async ({ tasks: arns }: { tasks: string[] }) => ({
                tasks: tasks.filter(({ taskArn }) => arns.includes(taskArn)),
            }),
        } as unknown as Clients["ecs"],
        cloudWatch: {
            describeAlarms: async ({ ActionPrefix, NextToken }: { ActionPrefix: string; NextToken?: string }) => {
                assert.equal(ActionPrefix, aStack.alarmTopicArn);
                return NextToken
                    ? { MetricAlarms: alarms.slice(1) }
                    : { MetricAlarms: alarms.slice(0, 1), NextToken: "more" };
            },
        } as unknown as Clients["cloudWatch"],
        elb: {
            describeTargetHealth: async ({ TargetGroupArn: group }: { TargetGroupArn: string }) => ({
                TargetHealthDescriptions: [
                    group === "one"
                        ? { Target: { Id: "10.0.1.1" }, TargetHealth: { State: "healthy" } }
                        : {
                              Target: { Id: "10.0.2.2" },
                              TargetHealth: { State: "unhealthy", Description: "Health checks failed" },
                          },
                ],
            }),
        } as unknown as Clients["elb"],
    };
}

const alarm = (AlarmName: string, StateValue: string, AlarmActions = [aStack.alarmTopicArn]) => ({
    ...{ AlarmName, StateValue, AlarmActions },
    StateTransitionedTimestamp: minutesAgo(7),
    StateReason: `Why ${AlarmName} is so.`,
});

const shown = async (given: Parameters<typeof clients>[0] = {}) =>
    screen(aStack, await statusOf(clients(given), aStack), now).split("\n");

describe("the status of a stack", () => {
    // ECS keeps the deployments of 90 days.
    it("tells what runs where that was released longer ago than AWS remembers, and not where a first release is under way", async () => {
        assert.deepEqual((await shown({ underWay: false, remembered: false })).slice(2, 6), [
            "Live: shop:8 for longer than AWS remembers releases",
            `  commit   0123456789ab by ${run}`,
            `  image    registry/shop:${commit}-X64`,
            "  address  https://shop.example.com",
        ]);
        assert.equal((await shown({ remembered: false }))[2], "Live: no release has succeeded that AWS remembers");
    });

    it("is one screen: what is live, what is under way, the tasks, why some stopped, and the last releases", async () => {
        assert.deepEqual(await shown(), [
            "shop in eu-west-1, 2026-01-02 12:00 UTC",
            "",
            "Live: shop:7 since 2026-01-02 08:50 (3 h)",
            `  commit   0123456789ab by ${run}`,
            `  image    registry/shop:${commit}-X64`,
            "  address  https://shop.example.com",
            "",
            "Deployment under way since 2026-01-02 11:57: IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT, 10 % of the requests, 1 of 2 tasks running",
            "",
            "Tasks: 2 desired, 2 running, 1 pending",
            "  task      revision  zone        state         health                           started",
            "  ffffffff  shop:7    eu-west-1a  DEACTIVATING  unknown                          2026-01-02 07:00 (5 h)",
            "  bbbbbbbb  shop:8    eu-west-1b  RUNNING       unhealthy: Health checks failed  2026-01-02 11:59 (1 min)",
            "  cccccccc  shop:8    eu-west-1a  PROVISIONING  unknown",
            "  aaaaaaaa  shop:7    eu-west-1a  RUNNING       healthy                          2026-01-02 09:00 (3 h)",
            "",
            "Stopped in the last hour: 2",
            "  eeeeeeee  shop:8  2026-01-02 11:56  Essential container in task exited; app exited with 137; " +
                "app: OutOfMemoryError: Container killed due to memory usage",
            "  dddddddd  shop:8  2026-01-02 11:30  Scaling activity",
            "",
            "Alarms: 0 raised of 0",
            "",
            "The last releases",
            `     when (UTC)        commit        revision  by${" ".repeat(42)}  how it ended`,
            `     2026-01-02 11:57  0123456789ab  shop:8    ${run}  IN_PROGRESS`,
            `  →  2026-01-02 08:40  0123456789ab  shop:7    ${run}  SUCCESSFUL, live`,
        ]);
    });

    it("says what ECS complains of since the service was steady last, such as why a task cannot be placed", async () => {
        const event = (minutes: number, message: string) => ({
            ...{ createdAt: minutesAgo(minutes), message: `(service shop) ${message}` },
        });
        const noRoom = "was unable to place a task. Reason: You've reached the limit on the number of vCPUs.";
        const before = [event(9, "has reached a steady state."), event(10, "is unable to consistently start tasks.")];
        const lines = await shown({
            events: [
                event(1, noRoom),
                event(2, "has started 1 tasks: (task 1f)."),
                event(3, noRoom),
                event(4, "(task 1f) (port 8080) is unhealthy in (target-group tg)"),
                event(5, "operations are being throttled on ELB. Will try again later."),
                ...before,
            ],
        });
        const first = lines.indexOf("ECS says");
        assert.deepEqual(lines.slice(first - 1, first + 5), [
            "  aaaaaaaa  shop:7    eu-west-1a  RUNNING       healthy                          2026-01-02 09:00 (3 h)",
            "ECS says",
            `  2026-01-02 11:59 (1 min)  (service shop) ${noRoom}`,
            "  2026-01-02 11:56 (4 min)  (service shop) (task 1f) (port 8080) is unhealthy in (target-group tg)",
            "  and 1 more",
            "",
        ]);
        assert.ok(!(await shown({ events: before })).includes("ECS says"));
    });

    it("has the alarms that are raised first, since when and why, and none that tells another topic", async () => {
        const alarms = [
            alarm("shop-high-cpu", "INSUFFICIENT_DATA"),
            alarm("shop-2-app-errors", "ALARM", [`${aStack.alarmTopicArn}-2`]),
            alarm("shop-no-healthy-task", "OK"),
            alarm("shop-app-errors", "ALARM"),
        ];
        const lines = await shown({ alarms });
        const first = lines.indexOf("Alarms: 1 raised of 3");
        assert.deepEqual(lines.slice(first + 1, first + 4), [
            "  ALARM              shop-app-errors  2026-01-02 11:53 (7 min)  Why shop-app-errors is so.",
            "  INSUFFICIENT_DATA  shop-high-cpu    2026-01-02 11:53 (7 min)  Why shop-high-cpu is so.",
            "",
        ]);
    });

    it("stays one screen with many tasks and alarms: the first are those that need a look", async () => {
        const many = (count: number, lastStatus: string, state: object) =>
            Array.from({ length: count }, (_, index) =>
                task(`10000000-${lastStatus}-${index}`, 7, { lastStatus, createdAt: minutesAgo(900), ...state }),
            );
        const more = [
            ...many(50, "RUNNING", { ...address("10.0.1.1"), startedAt: minutesAgo(899) }),
            ...many(20, "STOPPED", { stoppedAt: minutesAgo(59), stoppedReason: "Scaling activity" }),
        ];
        const alarms = Array.from({ length: 30 }, (_, index) => alarm(`shop-${index}`, index < 20 ? "OK" : "ALARM"));
        const reason = "Service deployment rolled back because an alarm was detected.";
        const events = ["one", "two", "three"].map((each) => ({
            message: `(service shop) is unable to start ${each}.`,
        }));
        const lines = await shown({ more, alarms, events, target: { rollback: { reason } } });
        assert.ok(lines.length <= 40, `${lines.length} lines`);
        const tasks = lines.slice(lines.findIndex((line) => line.startsWith("  task ")) + 1);
        const ids = tasks.slice(0, 4).map((line) => line.trim().split(" ")[0]);
        assert.deepEqual(ids, ["ffffffff", "bbbbbbbb", "cccccccc", "10000000"]);
        assert.equal(tasks[6], "  and 48 more");
        const first = lines.indexOf("Alarms: 10 raised of 30");
        assert.deepEqual(
            lines.slice(first + 1, first + 6).map((line) => line.trim().split(/ {2,}/)[1] ?? line),
            ["shop-20", "shop-21", "shop-22", "shop-23", "  and 6 more"],
        );
    });

    it("says why a deployment is taken back, and nothing of one where none is under way", async () => {
        const reason = "Service deployment rolled back because an alarm was detected.";
        const lines = await shown({ target: { status: "ROLLBACK_IN_PROGRESS", rollback: { reason } } });
        const at = lines.findIndex((line) => /^Deployment under way since .+: ROLLBACK_IN_PROGRESS/.test(line));
        assert.equal(lines[at + 1], `  ${reason}`);
        assert.ok((await shown({ underWay: false })).every((line) => !line.includes("under way")));
    });

    it("is refused as by ECS's other calls where the service is gone", async () => {
        const { ecs, ...others } = clients();
        const gone = { ...ecs, describeServices: async () => ({ services: [] }) } as unknown as Clients["ecs"];
        await assert.rejects(statusOf({ ecs: gone, ...others }, aStack), {
            ...{ name: "ServiceNotFoundException", message: "ECS has no service shop." },
        });
    });
});
