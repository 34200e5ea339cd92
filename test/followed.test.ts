import assert from "node:assert/strict";
import {
    commandsIn,
    commit,
    definition,
    deployment,
    ecs,
    revision,
    runScript,
    settings,
    type Answers,
} from "./pipelineScripts";

/** A deployment as DescribeServiceDeployments tells it. */
const state = (status: string, more: object = {}, tasks = [0, 2]) => ({
    serviceDeployments: [
        {
            serviceDeploymentArn: deployment,
            status,
            ...{ clusterArn: ecs("cluster/shop"), serviceArn: ecs("service/shop/shop") },
            createdAt: 1001,
            targetServiceRevision: { runningTaskCount: tasks[0], requestedTaskCount: tasks[1] },
            ...more,
        },
    ],
});

const found: Answers = {
    "ecs describe-services": [{ services: [{ events: [] }] }],
    "ecs describe-task-definition": [{ taskDefinition: definition }],
    "ecs list-service-deployments": [
        { serviceDeployments: [] },
        {
            serviceDeployments: [
                { serviceDeploymentArn: "other", targetServiceRevisionArn: "revision/6", createdAt: 1001 },
                { serviceDeploymentArn: deployment, targetServiceRevisionArn: "revision/7", createdAt: 1001 },
            ],
        },
    ],
    "ecs describe-service-revisions": [
        {
            serviceRevisions: [
                { serviceRevisionArn: "revision/6", taskDefinition: ecs("task-definition/shop:6") },
                { serviceRevisionArn: "revision/7", taskDefinition: revision },
            ],
        },
    ],
};

/** The lines about the deployment, without the times before them. */
const linesOf = (output: string) => [...output.matchAll(/^\d+:\d\d {2}(.*)$/gm)].map(([, line]) => line);

describe("a release that is followed", () => {
    it("has a line at each change, the verdict, and what was released on the page of the run", () => {
        const run = runScript("follow.js", settings, {
            ...found,
            "ecs describe-service-deployments": [
                state("PENDING"),
                state("IN_PROGRESS", {}, [1, 2]),
                state("IN_PROGRESS", {}, [1, 2]),
                state("IN_PROGRESS", {}, [2, 2]),
                state("SUCCESSFUL", { finishedAt: "1970-01-01T00:18:06.000000+00:00" }, [2, 2]),
            ],
        });
        assert.equal(run.code, 0, run.output);
        assert.deepEqual(linesOf(run.output), [
            "PENDING: 0 of 2 tasks running",
            "IN_PROGRESS: 1 of 2 tasks running",
            "IN_PROGRESS: 2 of 2 tasks running",
            "SUCCESSFUL: 2 of 2 tasks running",
        ]);
        assert.match(run.output, /^SUCCESSFUL$/m);
        assert.deepEqual(run.summary.trim().split("\n"), [
            "### shop: released",
            "| | |",
            "| --- | --- |",
            `| Commit | [0123456789ab](https://github.com/acme/shop/commit/${commit}) |`,
            `| Image | \`registry/shop:${commit}-X64\` |`,
            "| Revision | `shop:7` |",
            "| Strategy | ROLLING |",
            "| Duration | 1 min 25 s |",
            "| Address | http://shop.example.com |",
            "| ECS | SUCCESSFUL |",
        ]);
        assert.equal(run.outputs, "tasks=2\n");
        // What is older than the revision is none of its deployments, by ECS's own clock.
        const { parameters } = run.calls.find(({ operation }) => operation === "ecs list-service-deployments")!;
        assert.deepEqual(parameters, {
            cluster: "shop",
            service: "shop",
            createdAt: { after: 1000 },
            maxResults: 100,
        });
    });

    it("tells the next step, and the page of the run, where the service is to have no task at this hour", () => {
        const run = runScript("follow.js", settings, {
            ...found,
            "ecs describe-service-deployments": [state("SUCCESSFUL", { finishedAt: 1002 }, [0, 0])],
        });
        assert.equal(run.code, 0, run.output);
        assert.equal(run.outputs, "tasks=0\n");
        const said = "shop is to have no task at this hour: nobody is asked for the new version.";
        assert.ok(run.output.includes(said), run.output);
        assert.ok(run.summary.includes(`| Tasks | ${said} |`), run.summary);
    });

    // The stages in their order: "Lifecycle stages" of Amazon ECS blue/green, linear and canary deployments in the Developer Guide.
    it("tells the stage, the share of requests and the minutes that are left by the configuration", () => {
        const share = (percent: number) => ({
            targetServiceRevision: {
                runningTaskCount: 2,
                requestedTaskCount: 2,
                requestedProductionTrafficWeight: percent,
            },
        });
        const at = (lifecycleStage: string, percent: number, deploymentConfiguration: object) =>
            state("IN_PROGRESS", { lifecycleStage, deploymentConfiguration, ...share(percent) });
        const followed = (configuration: object, ...stages: readonly [string, number][]) => {
            const run = runScript("follow.js", settings, {
                ...found,
                "ecs describe-service-deployments": [
                    ...stages.map(([stage, percent]) => at(stage, percent, configuration)),
                    state("SUCCESSFUL", { deploymentConfiguration: configuration, finishedAt: 1002, ...share(100) }),
                ],
            });
            assert.equal(run.code, 0, run.output);
            return linesOf(run.output).slice(0, -1);
        };
        const canary = {
            strategy: "CANARY",
            bakeTimeInMinutes: 5,
            canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes: 10 },
            linearConfiguration: { stepPercent: 30, stepBakeTimeInMinutes: 2 }, // of the strategy before
        };
        assert.deepEqual(
            followed(
                canary,
                ["SCALE_UP", 0],
                ["PRODUCTION_TRAFFIC_SHIFT", 10],
                ["PRODUCTION_TRAFFIC_SHIFT", 100],
                ["BAKE_TIME", 100],
                ["CLEAN_UP", 100],
            ),
            [
                "IN_PROGRESS SCALE_UP: 0 % of requests, 2 of 2 tasks running, about 15 min left",
                "IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT: 10 % of requests, 2 of 2 tasks running, about 15 min left",
                "IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT: 100 % of requests, 2 of 2 tasks running, about 5 min left",
                "IN_PROGRESS BAKE_TIME: 100 % of requests, 2 of 2 tasks running, about 5 min left",
                "IN_PROGRESS CLEAN_UP: 100 % of requests, 2 of 2 tasks running",
            ],
        );
        const linear = { ...canary, strategy: "LINEAR", bakeTimeInMinutes: 3 };
        const left = followed(
            linear,
            ["SCALE_UP", 0],
            ["PRODUCTION_TRAFFIC_SHIFT", 30],
            ["PRODUCTION_TRAFFIC_SHIFT", 60],
            ["PRODUCTION_TRAFFIC_SHIFT", 90],
            ["BAKE_TIME", 100],
        ).map((line) => /about (\d+) min left/.exec(line!)?.[1]);
        assert.deepEqual(left, ["9", "9", "7", "5", "3"]);
        const [blueGreen] = followed({ strategy: "BLUE_GREEN", bakeTimeInMinutes: 4 }, ["SCALE_UP", 0]);
        assert.match(blueGreen!, /about 4 min left$/);
    });

    const stopped = (id: string, stoppedAt: number, stoppedReason: string, more: object = {}) => ({
        taskArn: ecs(`task/shop/${id}`),
        taskDefinitionArn: revision,
        stoppedAt,
        stoppedReason,
        containers: [],
        ...more,
    });
    const statusReason = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
    const takenBack = state("ROLLBACK_SUCCESSFUL", { finishedAt: 1060, statusReason });

    it("fails with ECS's verdict, why a task of it stopped, and the end of that task's log", () => {
        const run = runScript("follow.js", settings, {
            ...found,
            "ecs describe-service-deployments": [
                state("ROLLBACK_IN_PROGRESS", { rollback: { reason: "The circuit breaker has had enough." } }),
                takenBack,
            ],
            "ecs list-tasks": [{ taskArns: ["a", "b", "c", "d"] }],
            "ecs describe-tasks": [
                {
                    tasks: [
                        stopped("first", 1010, "Essential container in task exited"),
                        stopped("last", 1020, "Essential container in task exited", {
                            containers: [{ name: "app", exitCode: 3, reason: "OutOfMemoryError" }],
                        }),
                        stopped("drained", 1030, "Scaling activity initiated by (deployment ecs-svc/1)"),
                        { ...stopped("old", 1040, "Essential container in task exited"), taskDefinitionArn: "other" },
                    ],
                },
            ],
            "logs get-log-events": [{ events: [{ message: "starting" }, { message: "no database" }] }],
        });
        assert.equal(run.code, 1);
        assert.deepEqual(
            linesOf(run.output)[0],
            "ROLLBACK_IN_PROGRESS: 0 of 2 tasks running. The circuit breaker has had enough.",
        );
        const verdict = `ROLLBACK_SUCCESSFUL: ${statusReason}`;
        const why = "Task last: Essential container in task exited; app exited with 3; app: OutOfMemoryError";
        assert.match(run.output, /The last lines of its log:\nstarting\nno database\n/);
        assert.ok(run.output.includes(`::error::shop:7 is not live. ${verdict} ${why}\n`), run.output);
        assert.match(run.summary, /^### shop: not released\n/);
        assert.ok(run.summary.includes(`| Why | ${why} |`), run.summary);
        const parametersOf = (name: string) => run.calls.find(({ operation }) => operation === name)?.parameters;
        assert.deepEqual(parametersOf("ecs list-tasks"), {
            cluster: "shop",
            serviceName: "shop",
            desiredStatus: "STOPPED",
        });
        assert.deepEqual(parametersOf("logs get-log-events"), {
            logGroupName: "/ecs/shop",
            logStreamName: "app/app/last",
            startFromHead: false,
            limit: 20,
        });
    });

    // "Amazon ECS service event messages" in the Developer Guide. Of a task that cannot be placed nothing else tells, and ECS goes on trying.
    it("tells what the service's events complain of, once, and fails with that where no task has stopped", () => {
        const event = (createdAt: number, message: string) => ({ createdAt, message: `(service shop) ${message}` });
        const noRoom = "was unable to place a task. Reason: You've reached the limit on the number of vCPUs.";
        const unhealthy =
            "(task 1f) (port 8080) is unhealthy in (target-group tg) due to (reason Health checks failed)";
        const events = [
            event(1012, noRoom),
            event(1011, unhealthy),
            event(1010, noRoom),
            event(1009, noRoom),
            event(1008, "has started 1 tasks: (task 1f)."),
            event(1000, "is unable to consistently start tasks successfully."), // before this deployment
        ];
        const run = runScript("follow.js", settings, {
            ...found,
            "ecs describe-services": [{ services: [{ events: events.slice(2) }] }, { services: [{ events }] }],
            "ecs describe-service-deployments": [
                state("IN_PROGRESS", {}, [0, 2]),
                state("IN_PROGRESS", {}, [1, 2]),
                takenBack,
            ],
            "ecs list-tasks": [{ taskArns: [] }],
        });
        const lines = run.output.split("\n").map((line) => line.replace(/^ *\d+:\d\d {2}/, ""));
        assert.deepEqual(lines.slice(0, 4), [
            "IN_PROGRESS: 0 of 2 tasks running",
            `      (service shop) ${noRoom}`,
            "IN_PROGRESS: 1 of 2 tasks running",
            `      (service shop) ${unhealthy}`,
        ]);
        assert.ok(
            run.output.includes(
                `::error::shop:7 is not live. ROLLBACK_SUCCESSFUL: ${statusReason} (service shop) ${noRoom}\n`,
            ),
            run.output,
        );
        assert.ok(run.summary.includes(`| Why | (service shop) ${noRoom} |`), run.summary);
        const { parameters } = run.calls.find(({ operation }) => operation === "ecs describe-services")!;
        assert.deepEqual(parameters, { cluster: ecs("cluster/shop"), services: [ecs("service/shop/shop")] });
    });

    it("shows the end of a log that begins with a page that is empty", () => {
        const run = runScript("follow.js", settings, {
            ...found,
            "ecs describe-service-deployments": [takenBack],
            "ecs list-tasks": [{ taskArns: ["a"] }],
            "ecs describe-tasks": [{ tasks: [stopped("a", 1010, "Essential container in task exited")] }],
            "logs get-log-events": [
                { events: [], nextBackwardToken: "b/1" },
                { events: [{ message: "no database" }], nextBackwardToken: "b/0" },
            ],
        });
        assert.match(run.output, /The last lines of its log:\nno database\n/);
        const pages = run.calls.filter(({ operation }) => operation === "logs get-log-events");
        assert.deepEqual(
            pages.map(({ parameters }) => [parameters.nextToken, parameters.startFromHead]),
            [
                [undefined, false],
                ["b/1", false],
            ],
        );
    });

    it("gives the runner no command that is in the app's log or in a reason", () => {
        const foreign = "##[add-path]/tmp";
        const run = runScript("follow.js", settings, {
            ...found,
            "ecs describe-service-deployments": [
                state("ROLLBACK_IN_PROGRESS", { rollback: { reason: foreign } }),
                state("ROLLBACK_SUCCESSFUL", { finishedAt: 1060, statusReason: foreign }),
            ],
            "ecs list-tasks": [{ taskArns: ["a"] }],
            "ecs describe-tasks": [{ tasks: [stopped("a", 1010, foreign)] }],
            "logs get-log-events": [{ events: [{ message: "::add-path::/tmp" }, { message: foreign }] }],
        });
        const [error, ...others] = commandsIn(run.output);
        assert.match(error!, /^::error::shop:7 is not live\. /);
        assert.deepEqual(others, []);
        assert.match(run.output, /^::add-path::\/tmp\n##\[add-path\]\/tmp$/m);
    });

    it("fails as well where no task of it ever ran, or one that wrote nothing", () => {
        const answers = { ...found, "ecs describe-service-deployments": [takenBack] };
        const none = runScript("follow.js", settings, { ...answers, "ecs list-tasks": [{ taskArns: [] }] });
        assert.equal(none.code, 1);
        assert.match(none.output, /::error::shop:7 is not live\. ROLLBACK_SUCCESSFUL: Service .* exceeded\.\n/);
        const silent = runScript("follow.js", settings, {
            ...answers,
            "ecs list-tasks": [{ taskArns: ["a"] }],
            "ecs describe-tasks": [{ tasks: [stopped("a", 1010, "CannotPullContainerError: gone")] }],
            "logs get-log-events": [
                "An error occurred (ResourceNotFoundException) when calling the GetLogEvents operation: none",
            ],
        });
        assert.equal(silent.code, 1);
        assert.match(silent.output, /It has written no log\.\n/);
        assert.match(silent.output, /::error::.*Task a: CannotPullContainerError: gone\n/);
    });

    // "The deployment was stopped because it was replaced": the states of ServiceDeployment in the ECS API reference.
    it("goes on in the deployment that a pulumi up puts in its place, of the same revision", () => {
        const newer = {
            serviceDeploymentArn: "newer",
            targetServiceRevisionArn: "revision/8",
            createdAt: "1970-01-01T00:20:00.000000+00:00",
        };
        const [, first] = found["ecs list-service-deployments"] as { serviceDeployments: object[] }[];
        const [known] = found["ecs describe-service-revisions"] as { serviceRevisions: object[] }[];
        const run = runScript("follow.js", settings, {
            ...found,
            "ecs list-service-deployments": [first!, { serviceDeployments: [...first!.serviceDeployments, newer] }],
            "ecs describe-service-revisions": [
                {
                    serviceRevisions: [
                        ...known!.serviceRevisions,
                        { serviceRevisionArn: "revision/8", taskDefinition: revision },
                    ],
                },
            ],
            "ecs describe-service-deployments": [
                state("IN_PROGRESS"),
                state("STOPPED", { finishedAt: 1002 }),
                state("SUCCESSFUL", { finishedAt: 1010 }),
            ],
        });
        assert.equal(run.code, 0, run.output);
        assert.deepEqual(
            run.calls
                .filter(({ operation }) => operation === "ecs describe-service-deployments")
                .map(({ parameters }) => parameters.serviceDeploymentArns),
            [[deployment], [deployment], ["newer"]],
        );
        assert.match(run.summary, /^### shop: released$/m);
    });

    it("has failed where its deployment was stopped, and none of it has come since", () => {
        const run = runScript("follow.js", settings, {
            ...found,
            "ecs describe-service-deployments": [state("STOPPED", { finishedAt: 1002 })],
            "ecs list-tasks": [{ taskArns: [] }],
        });
        assert.equal(run.code, 1);
        assert.match(run.output, /^::error::shop:7 is not live\. STOPPED/m);
    });

    it("waits for a deployment that ECS does not show at once, but not for ever", () => {
        const later = runScript("follow.js", settings, {
            ...found,
            "ecs describe-service-deployments": [{ serviceDeployments: [] }, state("SUCCESSFUL", { finishedAt: 1002 })],
        });
        assert.equal(later.code, 0, later.output);
        const never = { ...found, "ecs describe-service-deployments": [{ serviceDeployments: [] }] };
        assert.match(
            runScript("follow.js", settings, never).output,
            /^::error::ECS has begun deployment new and does not show it: see it in the console\.$/m,
        );
    });

    it("fails where ECS never shows its deployment, and says where to look", () => {
        const none = { ...found, "ecs list-service-deployments": [{ serviceDeployments: [] }] };
        const run = runScript("follow.js", settings, none);
        assert.equal(run.code, 1);
        assert.equal(
            run.output.trim(),
            "::error::ECS shows no deployment of shop:7 to shop: see what the service's events say, and re-run this run.",
        );
    });

    it("fails with AWS's words where it may not look", () => {
        const denied =
            "An error occurred (AccessDeniedException) when calling the DescribeTaskDefinition operation: no";
        const run = runScript("follow.js", settings, { "ecs describe-task-definition": [denied] });
        assert.equal(run.code, 1);
        assert.equal(run.output.trim(), `::error::${denied}`);
    });
});

describe("a release after one that an alarm has taken back", () => {
    const { CLUSTER, SERVICE } = settings;
    const service = (alarmNames?: string[]) => ({
        services: [{ deploymentConfiguration: alarmNames ? { alarms: { alarmNames, enable: true } } : {} }],
    });
    const raised = { MetricAlarms: [{ AlarmName: "shop-app-errors" }] };
    const over = { MetricAlarms: [] };
    const last = (status: string, finishedAt: Date | undefined = new Date()) => ({
        serviceDeployments: [
            { status: "SUCCESSFUL", createdAt: 1000 },
            {
                ...{ status, finishedAt, createdAt: "1970-01-01T00:20:00.000000+00:00" },
                serviceDeploymentArn: deployment,
            },
            { status: "SUCCESSFUL", createdAt: 1100 },
        ],
    });
    const attempt = (
        status: string,
        alarms: object[],
        named: string[] | undefined = ["shop-app-errors"],
        deployments: object[] = [last(status)],
        triggeredAlarmNames = ["shop-app-errors"],
        WAIT_SECONDS = "20",
    ) => {
        const run = runScript(
            "awaitAlarms.js",
            { CLUSTER, SERVICE, WAIT_SECONDS },
            {
                "ecs describe-services": [service(named)],
                "ecs list-service-deployments": deployments,
                "ecs describe-service-deployments": [{ serviceDeployments: [{ alarms: { triggeredAlarmNames } }] }],
                "cloudwatch describe-alarms": alarms,
            },
        );
        assert.equal(run.code, 0, run.output);
        const asked = run.calls.filter(({ operation }) => operation === "cloudwatch describe-alarms");
        return { ...run, looks: asked.length, asked: asked[0]?.parameters };
    };

    it("waits until that is over, as ECS would take it back by no alarm that is raised already", () => {
        const { output, looks, asked } = attempt("ROLLBACK_SUCCESSFUL", [raised, raised, over]);
        assert.equal(output, "Waiting until shop-app-errors is over, which has taken the last release back.\n");
        assert.equal(looks, 3);
        assert.deepEqual(asked, { AlarmNames: ["shop-app-errors"], StateValue: "ALARM" });
    });

    it("waits as well where that had begun days before, and not where it was over long ago", () => {
        const ago = (hours: number) => new Date(Date.now() - hours * 3600 * 1000);
        const after = (finishedAt: Date) => {
            const listed = [{ serviceDeployments: [] }, last("ROLLBACK_SUCCESSFUL", finishedAt)];
            const { looks, calls } = attempt("", [raised, over], undefined, listed);
            const asked = calls.filter(({ operation }) => operation === "ecs list-service-deployments");
            const days = asked.map(({ parameters }) => {
                const { after: since } = parameters.createdAt as { after: string };
                return Math.round((Date.now() - Date.parse(since)) / (24 * 3600 * 1000));
            });
            assert.deepEqual(days, [0, 31]);
            return looks;
        };
        assert.equal(after(ago(0.1)), 2);
        assert.equal(after(ago(4)), 1);
        // One that is not over has no time yet; and of one that is, ECS need not tell any.
        for (const [status, looks] of [
            ["ROLLBACK_IN_PROGRESS", 2],
            ["ROLLBACK_SUCCESSFUL", 1],
        ] as const) {
            const deployments = last(status).serviceDeployments.map((each) => ({ ...each, finishedAt: undefined }));
            assert.equal(attempt("", [raised, over], undefined, [{ serviceDeployments: deployments }]).looks, looks);
        }
    });

    it("waits for no other that is raised, such as where tasks that did not start have taken the last one back", () => {
        const { output, looks } = attempt("ROLLBACK_SUCCESSFUL", [raised], undefined, undefined, []);
        assert.match(output, /^::warning::shop-app-errors is raised already/);
        assert.equal(looks, 1);
        const names = ["shop-app-errors", "shop-load-balancer-errors"];
        const both = { MetricAlarms: names.map((AlarmName) => ({ AlarmName })) };
        const one = attempt("ROLLBACK_SUCCESSFUL", [both, raised], names, undefined, names.slice(1));
        assert.match(
            one.output,
            /^Waiting until shop-load-balancer-errors is over,.*\n::warning::shop-app-errors is raised/,
        );
        assert.equal(one.looks, 2);
    });

    it("is not held up where none is raised, or none is watched", () => {
        const quiet = attempt("ROLLBACK_SUCCESSFUL", [over]);
        assert.deepEqual([quiet.output, quiet.looks], ["", 1]);
        assert.equal(attempt("SUCCESSFUL", [], []).looks, 0);
    });

    it("goes on with a warning where what is live fails by itself, as that may be what it mends, and after a quarter of an hour", () => {
        const warning =
            /^::warning::shop-app-errors is raised already, and so ECS does not take this release back by it/m;
        const mending = attempt("SUCCESSFUL", [raised]);
        assert.match(mending.output, warning);
        assert.equal(mending.looks, 1);
        const long = attempt("ROLLBACK_FAILED", [raised], undefined, undefined, undefined, "0.1");
        assert.match(long.output, warning);
        assert.ok(long.looks > 1, String(long.looks));
    });

    it("fails with AWS's words where it may not look", () => {
        const denied = "An error occurred (AccessDenied) when calling the DescribeAlarms operation: no";
        const run = runScript(
            "awaitAlarms.js",
            { CLUSTER, SERVICE },
            {
                "ecs describe-services": [service(["shop-app-errors"])],
                "cloudwatch describe-alarms": [denied],
            },
        );
        assert.deepEqual([run.code, run.output.trim()], [1, `::error::${denied}`]);
    });
});

describe("a release that is taken back", () => {
    const { CLUSTER, SERVICE } = settings;
    const listed = (status: string): Answers => ({
        "ecs list-service-deployments": [{ serviceDeployments: [{ serviceDeploymentArn: deployment, status }] }],
        "ecs stop-service-deployment": [{ serviceDeploymentArn: deployment }],
        "ecs describe-services": [{ services: [{ events: [] }] }],
        "ecs describe-service-deployments": [state("ROLLBACK_IN_PROGRESS"), state("ROLLBACK_SUCCESSFUL")],
    });
    const operations = (answers: Answers) => {
        const run = runScript("takeBack.js", { CLUSTER, SERVICE }, answers);
        assert.equal(run.code, 0, run.output);
        return run.calls.map(({ operation }) => operation.replace("ecs ", ""));
    };
    const followed = ["describe-service-deployments", "describe-services", "describe-service-deployments"];

    it("is stopped with a rollback, and waited for", () => {
        const run = runScript("takeBack.js", { CLUSTER, SERVICE }, listed("IN_PROGRESS"));
        assert.equal(run.code, 0, run.output);
        // One that ends already is waited for as well.
        const status = ["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"];
        assert.deepEqual(run.calls[0]!.parameters.status, status);
        assert.deepEqual(run.calls[1], {
            operation: "ecs stop-service-deployment",
            parameters: { serviceDeploymentArn: deployment, stopType: "ROLLBACK" },
        });
        assert.deepEqual(linesOf(run.output), [
            "ROLLBACK_IN_PROGRESS: 0 of 2 tasks running",
            "ROLLBACK_SUCCESSFUL: 0 of 2 tasks running",
        ]);
    });

    it("is over in whichever state ECS ends it", () => {
        for (const end of ["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"]) {
            const ends = { ...listed("IN_PROGRESS"), "ecs describe-service-deployments": [state(end)] };
            assert.equal(operations(ends).length, 3, end);
        }
    });

    // The states in which ECS takes the call: "Stopping Amazon ECS service deployments" in the Developer Guide.
    it("is not stopped twice, and not where it is over", () => {
        assert.deepEqual(operations(listed("ROLLBACK_IN_PROGRESS")), ["list-service-deployments", ...followed]);
        const conflict = "An error occurred (ConflictException) when calling the StopServiceDeployment operation: over";
        // The API Reference has three errors for it, and none of them more than the others.
        for (const name of ["ConflictException", "InvalidParameterException", "ClientException"]) {
            for (const at of [state("ROLLBACK_IN_PROGRESS"), state("IN_PROGRESS", { lifecycleStage: "CLEAN_UP" })]) {
                const over = {
                    ...listed("IN_PROGRESS"),
                    "ecs stop-service-deployment": [conflict.replace("ConflictException", name)],
                    "ecs describe-service-deployments": [at, state("SUCCESSFUL")],
                };
                const asked = ["list-service-deployments", "stop-service-deployment"];
                assert.deepEqual(operations(over).slice(0, 2), asked);
            }
        }
        const none = { "ecs list-service-deployments": [{ serviceDeployments: [] }] };
        assert.deepEqual(operations(none), ["list-service-deployments"]);
    });

    it("fails with AWS's words where it may not be stopped", () => {
        const denied = "An error occurred (AccessDeniedException) when calling the StopServiceDeployment operation: no";
        for (const at of [state("PENDING"), state("IN_PROGRESS", { lifecycleStage: "BAKE_TIME" })]) {
            const stop = { "ecs stop-service-deployment": [denied], "ecs describe-service-deployments": [at] };
            const run = runScript("takeBack.js", { CLUSTER, SERVICE }, { ...listed("PENDING"), ...stop });
            assert.equal(run.code, 1);
            assert.ok(run.output.endsWith(`::error::${denied}\n`), run.output);
        }
    });
});
