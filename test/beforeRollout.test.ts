import assert from "node:assert/strict";
import { commandsIn, commit, definition, ecs, revision, runScript, settings, type Answers } from "./pipelineScripts";

describe("the release command", () => {
    const env = { ...settings, GITHUB_RUN_ID: "42", RELEASE_COMMAND: '["bin/migrate", "--all"]' };
    const networkConfiguration = { awsvpcConfiguration: { subnets: ["subnet-1"], assignPublicIp: "DISABLED" } };
    const task = (lastStatus: string, exitCode?: number, more: object = {}) => ({
        taskArn: ecs("task/shop/abc"),
        lastStatus,
        startedBy: "release/42",
        stopCode: exitCode === undefined ? undefined : "EssentialContainerExited",
        containers: [{ name: "app", exitCode }],
        ...more,
    });
    const written = (text: string, nextForwardToken: string) => ({ events: [{ message: text }], nextForwardToken });
    const nothing = { events: [], nextForwardToken: "end" };
    const answers: Answers = {
        "ecs list-tasks": [{ taskArns: [] }],
        "ecs describe-services": [{ services: [{ networkConfiguration }] }],
        "ecs describe-task-definition": [{ taskDefinition: definition }],
        "ecs run-task": [{ tasks: [task("PROVISIONING")], failures: [] }],
        "ecs describe-tasks": [{ tasks: [task("RUNNING")] }, { tasks: [task("STOPPED", 0)] }],
        "logs get-log-events": [
            "An error occurred (ResourceNotFoundException) when calling the GetLogEvents operation: not yet",
            written("one", "a"),
            written("two", "b"),
            nothing,
        ],
    };
    const operations = ({ calls }: ReturnType<typeof runScript>) => calls.map(({ operation }) => operation);

    it("runs in a task of the new revision where the service's tasks run, and all that it writes is shown once", () => {
        const run = runScript("releaseCommand.js", env, answers);
        assert.equal(run.code, 0, run.output);
        assert.equal(run.output, 'Task abc runs ["bin/migrate", "--all"]\none\ntwo\n');
        assert.deepEqual(run.calls.find(({ operation }) => operation === "ecs run-task")!.parameters, {
            cluster: "shop",
            taskDefinition: revision,
            launchType: "FARGATE",
            networkConfiguration,
            startedBy: "release/42",
            overrides: { containerOverrides: [{ name: "app", command: ["bin/migrate", "--all"] }] },
        });
    });

    // "Partially full or empty pages don't necessarily mean that pagination is finished": GetLogEvents in the CloudWatch Logs API Reference.
    it("is waited for where ECS does not show it at once, and shown to the end of its log, beyond a page that is empty", () => {
        const run = runScript("releaseCommand.js", env, {
            ...answers,
            "ecs describe-tasks": [{ tasks: [], failures: [{ reason: "MISSING" }] }, { tasks: [task("STOPPED", 0)] }],
            "logs get-log-events": [{ events: [], nextForwardToken: "a" }, written("last words", "b"), nothing],
        });
        assert.equal(run.code, 0, run.output);
        assert.equal(run.output, 'Task abc runs ["bin/migrate", "--all"]\nlast words\n');
        const never = runScript("releaseCommand.js", env, { ...answers, "ecs describe-tasks": [{ tasks: [] }] });
        assert.equal(never.code, 1);
        assert.match(never.output, /::error::ECS has started task abc and does not show it/);
    });

    it("runs once for each release: another try of the run waits for it, or goes on, and tries again only what failed", () => {
        const before = (...tasks: object[]): Answers => ({
            ...answers,
            "ecs list-tasks": [{ taskArns: ["abc"] }, { taskArns: [] }],
            "ecs describe-tasks": [{ tasks }, { tasks: [task("STOPPED", 0)] }],
            "logs get-log-events": [nothing],
        });
        const done = runScript("releaseCommand.js", env, before(task("STOPPED", 1), task("STOPPED", 0)));
        assert.equal(done.output, "Task abc has run it for this release already.\n");
        assert.deepEqual(operations(done), ["ecs list-tasks", "ecs describe-tasks", "ecs list-tasks"]);
        const waits = runScript("releaseCommand.js", env, before(task("RUNNING")));
        assert.deepEqual([waits.code, operations(waits).includes("ecs run-task")], [0, false]);
        // StopTask sends SIGTERM, upon which a command may end with 0.
        const stopped = task("STOPPED", 0, { stopCode: "UserInitiated" });
        const others = [task("STOPPED", 1), task("STOPPED", 0, { startedBy: "release/41" }), task("STOPPED"), stopped];
        for (const other of others) {
            const again = runScript("releaseCommand.js", env, before(other));
            assert.deepEqual([again.code, operations(again).includes("ecs run-task")], [0, true]);
        }
    });

    it("starts only once no other release's goes on, which may do so after its run was cancelled", () => {
        const of = (lastStatus: string, more: object = {}) =>
            task(lastStatus, undefined, { taskArn: ecs("task/shop/old"), startedBy: "release/41", ...more });
        const others = [of("RUNNING", { taskArn: ecs("task/shop/scheduled"), startedBy: "schedule/1" })];
        const run = runScript("releaseCommand.js", env, {
            ...answers,
            // Of those that are to run and of those that are to stop, each time.
            "ecs list-tasks": ["old", undefined, "old", undefined, undefined, "old", "scheduled", "old"].map((id) => ({
                taskArns: id ? [id] : [],
            })),
            "ecs describe-tasks": [
                { tasks: [of("PENDING")] },
                { tasks: [of("RUNNING")] },
                { tasks: [of("DEPROVISIONING")] },
                { tasks: others },
                { tasks: [of("STOPPED")] },
                { tasks: [task("RUNNING")] },
                { tasks: [task("STOPPED", 0)] },
            ],
        });
        assert.equal(run.code, 0, run.output);
        const [waits, starts, ...log] = run.output.trim().split("\n");
        assert.equal(waits, "Task old still runs the command of run 41: this release's starts once it has stopped.");
        assert.equal(starts, 'Task abc runs ["bin/migrate", "--all"]');
        assert.deepEqual(log, ["one", "two"]);
        const called = operations(run);
        assert.equal(called.filter((each) => each === "ecs run-task").length, 1);
        assert.equal(
            called.slice(0, called.indexOf("ecs run-task")).filter((each) => each === "ecs list-tasks").length,
            8,
        );
    });

    it("gives the runner no command that the app has written, and stops none of the script's own", () => {
        const foreign = "##[add-path]/tmp\n  ::add-path::/tmp\nsaid ##[error]no";
        const run = runScript("releaseCommand.js", env, {
            ...answers,
            "ecs describe-tasks": [{ tasks: [task("RUNNING")] }, { tasks: [task("STOPPED", 1)] }],
            "logs get-log-events": [written("one", "a"), written(foreign, "b"), written(foreign, "c"), nothing],
        });
        const [error, ...others] = commandsIn(run.output);
        assert.match(error!, /^::error::The release command failed, /);
        assert.deepEqual(others, []);
        assert.equal(run.output.split(foreign).length, 3, run.output);
        const tokens = [...run.output.matchAll(/^::stop-commands::(.*)$/gm)].map(([, token]) => token);
        assert.deepEqual([tokens.length, new Set(tokens).size], [2, 2]);
    });

    it("fails the release with its exit code, or with why its task never ran", () => {
        const ends = (tasks: object[], more: Answers = {}) => {
            const run = runScript("releaseCommand.js", env, { ...answers, "ecs describe-tasks": [{ tasks }], ...more });
            assert.equal(run.code, 1, run.output);
            return run.output.trim().split("\n").at(-1);
        };
        assert.equal(
            ends([task("STOPPED", 3, { stoppedReason: "Essential container in task exited" })]),
            "::error::The release command failed, and nothing was rolled out. Task abc: Essential container in task exited; app exited with 3",
        );
        const stopped = { stopCode: "UserInitiated", stoppedReason: "Task stopped by user" };
        assert.match(
            ends([task("STOPPED", 0, stopped)])!,
            /nothing was rolled out\. Task abc: Task stopped by user; app exited with 0$/,
        );
        const beside = {
            stopCode: "EssentialContainerExited",
            containers: [
                { name: "aws-guardduty-agent", exitCode: 0 },
                { name: "app", exitCode: 3 },
            ],
        };
        assert.match(ends([task("STOPPED", undefined, beside)])!, /^::error::The release command failed/);
        assert.match(
            ends([task("STOPPED", undefined, { stoppedReason: "CannotPullContainerError: gone" })])!,
            /nothing was rolled out\. Task abc: CannotPullContainerError: gone$/,
        );
        assert.equal(
            ends([], {
                "ecs run-task": [{ tasks: [], failures: [{ reason: "Capacity is unavailable at this time" }] }],
            }),
            "::error::ECS started no task for the release command (Capacity is unavailable at this time), and nothing was rolled out: re-run this run.",
        );
    });
});

describe("the image of a commit", () => {
    const image = `registry/shop:${commit}-X64`;
    const look = (answer: object | string) =>
        runScript("findImage.js", { ECR_REPOSITORY: "shop", IMAGE: image }, { "ecr batch-get-image": [answer] });
    const failing = (failureCode: string, failureReason: string) => ({
        images: [],
        failures: [{ failureCode, failureReason }],
    });

    it("is told to the steps that follow, and whether it is there", () => {
        const there = look({ images: [{ imageManifest: "{}" }], failures: [] });
        assert.deepEqual([there.code, there.outputs], [0, `name=${image}\nexists=true\n`]);
        assert.deepEqual(there.calls[0]!.parameters.imageIds, [{ imageTag: `${commit}-X64` }]);
        const missing = look(failing("ImageNotFound", "Requested image not found"));
        assert.deepEqual([missing.code, missing.outputs], [0, `name=${image}\nexists=false\n`]);
    });

    it("is not taken for missing where ECR does not say so: it would be built, and refused as there already", () => {
        for (const answer of [failing("KmsError", "the key is disabled"), "Could not connect to the endpoint"]) {
            const { code, output, outputs } = look(answer);
            assert.deepEqual([code, outputs], [1, ""]);
            assert.match(output, /^::error::.*(the key is disabled|Could not connect)/m);
        }
    });
});

describe("the scan of an image", () => {
    const env = { ECR_REPOSITORY: "shop", IMAGE: `registry:5000/shop:${commit}-X64`, LOOKS: "5" };
    const scanned = (status: string, severities: Readonly<Record<string, string>> = {}) => ({
        imageScanStatus: { status },
        imageScanFindings: {
            imageScanCompletedAt: 1000,
            findings: Object.entries(severities).map(([name, severity]) => ({
                name,
                severity,
                uri: `https://cve/${name}`,
            })),
            findingSeverityCounts: Object.fromEntries(Object.values(severities).map((severity) => [severity, 1])),
        },
    });
    /** A scan without a result. */
    const failed = (status: string, description?: string) => ({ imageScanStatus: { status, description } });
    const found = { "CVE-2": "LOW", "CVE-1": "CRITICAL" };
    const manifest = (of: object) => ({
        images: [{ imageId: { imageDigest: "sha256:tagged" }, imageManifest: JSON.stringify(of) }],
        failures: [],
    });
    const unscanned = { coveredResources: [{ resourceId: "repository/shop/sha256:other", lastScannedAt: 1000 }] };
    const run = (IMAGE_SCAN: string, image: object, answers: (object | string)[], coverage: object = unscanned) =>
        runScript(
            "imageScan.js",
            { ...env, IMAGE_SCAN },
            {
                "ecr batch-get-image": [image],
                "ecr describe-image-scan-findings": answers,
                "inspector2 list-coverage": [coverage],
            },
        );
    const look = (IMAGE_SCAN: string, ...answers: (object | string)[]) =>
        run(IMAGE_SCAN, manifest({ config: {}, layers: [] }), answers);
    const notYet =
        "An error occurred (ScanNotFoundException) when calling the DescribeImageScanFindings operation: none";

    it("is waited for, and listed with the worst first", () => {
        const listed = look("report", notYet, scanned("IN_PROGRESS"), scanned("COMPLETE", found));
        assert.equal(listed.code, 0, listed.output);
        assert.deepEqual(listed.summary.trim().split("\n"), [
            "### Scan of the image: 1 CRITICAL, 1 LOW",
            "| | |",
            "| --- | --- |",
            "| CRITICAL | [CVE-1](https://cve/CVE-1) |",
            "| LOW | [CVE-2](https://cve/CVE-2) |",
        ]);
        assert.match(listed.output, /^::warning::ECR has found 1 critical in the image: CVE-1\.$/m);
        assert.deepEqual(listed.calls[1]!.parameters, {
            repositoryName: "shop",
            imageId: { imageDigest: "sha256:tagged" },
        });
    });

    // Inspector's severities: "Severity" in its API reference.
    it("lists what has no severity yet as the least", () => {
        const { summary } = look("report", scanned("COMPLETE", { "CVE-3": "UNTRIAGED", "CVE-2": "LOW" }));
        assert.match(summary, /^### Scan of the image: 1 LOW, 1 UNTRIAGED\n[^]*CVE-2[^]*CVE-3/);
    });

    // "Scan images for software vulnerabilities" in ECR's user guide: no index; https://github.com/moby/buildkit/issues/3499.
    it("is that of the image where the tag has an index of it and of what attests to it", () => {
        const manifests = [
            { digest: "sha256:attests", platform: { architecture: "unknown", os: "unknown" } },
            { digest: "sha256:runs", platform: { architecture: "amd64", os: "linux" } },
        ];
        const { code, calls } = run("block", manifest({ manifests }), [scanned("COMPLETE")]);
        assert.equal(code, 0);
        assert.deepEqual(
            calls.map(({ parameters }) => parameters.imageIds ?? parameters.imageId),
            [[{ imageTag: `${commit}-X64` }], { imageDigest: "sha256:runs" }],
        );
        const types = calls[0]!.parameters.acceptedMediaTypes as string[];
        assert.ok(types.includes("application/vnd.oci.image.index.v1+json"), types.join());
    });

    it("says so where the image is gone", () => {
        const failures = [{ failureReason: "Requested image not found" }];
        assert.match(
            run("report", { images: [], failures }, []).output,
            /^::error::registry:5000\/shop:[0-9a-f]{40}-X64: Requested image not found$/m,
        );
    });

    it("fails a release that it may block with a critical finding, and no other", () => {
        const blocked = look("block", scanned("COMPLETE", found));
        assert.equal(blocked.code, 1);
        assert.match(
            blocked.output,
            /^::error::ECR has found 1 critical in the image: CVE-1\. Nothing was rolled out\.$/m,
        );
        for (const passing of [scanned("COMPLETE"), scanned("COMPLETE", { "CVE-3": "HIGH" }), scanned("ACTIVE")]) {
            assert.equal(look("block", passing).code, 0);
        }
    });

    // https://github.com/aws/aws-sdk/issues/289, https://github.com/aws/aws-for-fluent-bit/issues/1105: what Inspector finds comes later
    // than the state of a scan that is over.
    it("is not taken for clean before an enhanced scan has come to its findings", () => {
        for (const status of ["ACTIVE", "COMPLETE"]) {
            const empty = { imageScanStatus: { status }, imageScanFindings: { findings: [] } };
            const later = look("block", empty, empty, scanned(status, found));
            assert.equal(later.code, 1, later.output);
            assert.match(later.output, /^::error::ECR has found 1 critical in the image: CVE-1\. /m);
            assert.equal(later.calls.filter(({ operation }) => operation.startsWith("ecr ")).length, 4);
        }
    });

    // https://github.com/aws/aws-cli/issues/6759: nothing that was found, and no time of it either.
    it("is clean where Inspector has looked into the image and found nothing, of which ECR tells no time", () => {
        const empty = { imageScanStatus: { status: "ACTIVE" }, imageScanFindings: { findings: [] } };
        const covered = (statusCode: string, more: object = {}) => ({
            coveredResources: [
                ...unscanned.coveredResources,
                { resourceId: "repository/shop/sha256:tagged", scanStatus: { statusCode }, ...more },
            ],
        });
        const of = (coverage: object, ...answers: object[]) =>
            run("block", manifest({ config: {}, layers: [] }), answers, coverage);
        const clean = of(covered("ACTIVE", { lastScannedAt: 1000 }), empty);
        assert.equal(clean.code, 0, clean.output);
        assert.match(clean.output, /^ECR's scan: no findings$/m);
        assert.deepEqual(clean.calls.find(({ operation }) => operation === "inspector2 list-coverage")!.parameters, {
            filterCriteria: { ecrRepositoryName: [{ comparison: "EQUALS", value: "shop" }] },
        });
        // What it finds at that moment counts.
        const late = of(covered("ACTIVE", { lastScannedAt: 1000 }), empty, scanned("ACTIVE", found));
        assert.match(late.output, /^::error::ECR has found 1 critical in the image: CVE-1\. /m);
        // A registry that scans on push alone: https://github.com/aws/aws-sdk/issues/289.
        const once = { imageScanStatus: { status: "COMPLETE" }, imageScanFindings: { findings: [] } };
        const scannedOnce = { statusCode: "INACTIVE", reason: "SCAN_FREQUENCY_SCAN_ON_PUSH" };
        assert.equal(of(covered("", { scanStatus: scannedOnce, lastScannedAt: 1000 }), once).code, 0);
        assert.equal(of(covered("", { scanStatus: scannedOnce }), once).code, 1);
        for (const coverage of [covered("ACTIVE"), covered("INACTIVE", { lastScannedAt: 1000 }), unscanned]) {
            assert.match(of(coverage, empty).output, /^::error::ECR's scan of the image has no result: ACTIVE\. /m);
        }
    });

    // ImageScanStatus in the ECR API reference: an image that ECR cannot look into stays so, whatever is done about it.
    it("fails such a release as well where it has no result, but not for ever", () => {
        for (const status of ["FAILED", "ACTIVE"]) {
            const blocked = look("block", failed(status));
            assert.equal(blocked.code, 1, status);
            const said = `::error::ECR's scan of the image has no result: ${status}. Nothing was rolled out.`;
            assert.ok(blocked.output.split("\n").includes(said), blocked.output);
        }
        for (const passing of [look("block", failed("UNSUPPORTED_IMAGE")), look("report", failed("FAILED"))]) {
            assert.equal(passing.code, 0);
            assert.match(passing.output, /^::warning::ECR's scan of the image has no result: /m);
        }
    });

    // https://github.com/aws-observability/aws-otel-collector/issues/2193: a basic scan says so of an image without a distribution.
    it("lets through what a basic scan calls failed as it cannot look into such an image, and no other that failed", () => {
        const unsupported = "UnsupportedImageError: The operating system and/or package manager are not supported.";
        const passing = look("block", failed("FAILED", unsupported));
        assert.equal(passing.code, 0, passing.output);
        assert.match(
            passing.output,
            /^::warning::ECR's scan of the image has no result: FAILED: UnsupportedImageError: .* not supported\.$/m,
        );
        assert.equal(look("block", failed("FAILED", "Not an UnsupportedImageError")).code, 1);
    });

    it("names what an enhanced scan has found by its own fields", () => {
        const details = { vulnerabilityId: "CVE-9", sourceUrl: "https://nvd/CVE-9" };
        const finding = { title: "CVE-9 - openssl", severity: "HIGH", packageVulnerabilityDetails: details };
        const findingSeverityCounts = { HIGH: 1 };
        const imageScanFindings = { imageScanCompletedAt: 1000, enhancedFindings: [finding], findingSeverityCounts };
        const named = look("block", { imageScanStatus: { status: "ACTIVE" }, imageScanFindings });
        assert.equal(named.code, 0, named.output);
        assert.match(named.summary, /\| HIGH \| \[CVE-9\]\(https:\/\/nvd\/CVE-9\) \|/);
        // Inspector's findings are things of their own, and nothing promises that the first is not there before the others.
        const worse = { title: "CVE-1", severity: "CRITICAL" };
        const more = { enhancedFindings: [finding, worse], findingSeverityCounts: { HIGH: 1, CRITICAL: 1 } };
        const [few, all] = [imageScanFindings, { ...imageScanFindings, ...more }].map((findings) => ({
            imageScanStatus: { status: "ACTIVE" },
            imageScanFindings: findings,
        }));
        assert.match(
            look("block", few!, few!, all!).output,
            /^::error::ECR has found 1 critical in the image: CVE-1\. /m,
        );
    });
});

describe("the image that is live", () => {
    const digest = "0a1b2c".repeat(11).slice(0, 64);
    const manifest = { imageManifest: "{}", imageManifestMediaType: "application/vnd.oci.image.index.v1+json" };
    const there = { images: [{ ...manifest, imageId: { imageDigest: `sha256:${digest}` } }] };
    const missing = { images: [], failures: [{ failureReason: "Requested image not found" }] };
    const repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop";
    const keep = (image: string, ...answers: object[]) =>
        runScript(
            "keepImage.js",
            { CLUSTER: "shop", CONTAINER: "app", ECR_REPOSITORY: "shop", SERVICE: "shop" },
            {
                "ecs describe-services": [{ services: [{ taskDefinition: "shop:7" }] }],
                "ecs describe-task-definition": [
                    { taskDefinition: { containerDefinitions: [{ name: "sidecar" }, { name: "app", image }] } },
                ],
                "ecr batch-get-image": answers,
                "ecr put-image": [{}],
            },
        );

    it("gets a tag by which the registry keeps it, whoever has built it, and whatever is pushed later and fails", () => {
        for (const [image, imageId] of [
            [`${repository}:${commit}-X64`, { imageTag: `${commit}-X64` }],
            [`${repository}@sha256:${digest}`, { imageDigest: `sha256:${digest}` }],
        ] as const) {
            const { code, calls } = keep(image, there, missing);
            assert.equal(code, 0);
            const [, , asked, kept, put] = calls;
            assert.deepEqual(asked!.parameters.imageIds, [imageId]);
            assert.deepEqual(kept!.parameters.imageIds, [{ imageTag: `live-${digest}` }]);
            assert.deepEqual(put, {
                operation: "ecr put-image",
                parameters: { repositoryName: "shop", ...manifest, imageTag: `live-${digest}` },
            });
        }
    });

    it("is not looked for where the run has found it already", () => {
        const image = `${repository}:${commit}-X64`;
        const environment = { CLUSTER: "shop", CONTAINER: "app", ECR_REPOSITORY: "shop", LIVE: image, SERVICE: "shop" };
        const { code, calls } = runScript("keepImage.js", environment, {
            "ecr batch-get-image": [there, missing],
            "ecr put-image": [{}],
        });
        assert.equal(code, 0);
        const [asked, , put] = calls;
        assert.deepEqual(asked!.parameters.imageIds, [{ imageTag: `${commit}-X64` }]);
        assert.deepEqual(put!.parameters.imageTag, `live-${digest}`);
    });

    it("has it already where another run has seen it: ECR moves no tag", () => {
        const { calls } = keep(`${repository}:${commit}-X64`, there, there);
        assert.deepEqual(
            calls.filter(({ operation }) => operation === "ecr put-image"),
            [],
        );
    });

    it("is told of where it is gone", () => {
        const { code, output } = keep(`${repository}:${commit}-X64`, missing);
        assert.deepEqual([code, output.trim()], [1, `::error::${repository}:${commit}-X64: Requested image not found`]);
    });
});
