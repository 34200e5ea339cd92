import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { refuseImpossibleChanges } from "../infra/runningStack";
import type { StackCaller } from "../infra/runningStack/stackCaller";
import { record, type Recording } from "./record";
import { alternative, audited, inExistingVpc, internal, kmsKey, production, standard, withDomain } from "./scenarios";
import { serializedProvider } from "./serializedProvider";
import { load } from "./settings";

type Provider = Required<pulumi.dynamic.ResourceProvider>;
type Facts = Readonly<Record<string, unknown>>;

const type = "pulumi-nodejs:dynamic/guard:RunningStack";

describe("a running stack", () => {
    let provider: Provider;
    let made: Facts;
    /** Whether AWS has the stack's service. */
    let runs: boolean;
    /** What has the name that the stack is to have. */
    let holders: readonly string[];
    before(async () => {
        const { inputs } = (await standard()).one(type);
        const { __provider: _source, ...facts } = inputs;
        made = facts;
        provider = serializedProvider(inputs);
        Object.assign(provider, { runs: async () => runs, holders: async () => holders });
    });
    beforeEach(() => {
        runs = true;
        holders = [];
    });

    /** What a check says of a stack that was made with the defaults, by property. */
    async function refusals(changes: Facts, olds: Facts = made): Promise<Record<string, string>> {
        const { inputs, failures = [] } = (await provider.check(olds, {
            ...made,
            ...changes,
        })) as pulumi.dynamic.CheckResult<Facts>;
        assert.deepEqual(inputs, { ...made, ...changes });
        return Object.fromEntries(failures.map(({ property, reason }) => [property, reason]));
    }

    const servers: http.Server[] = [];
    /** A server in AWS's place, and its address. */
    async function answering(
        answer: (request: http.IncomingMessage, body: string, response: http.ServerResponse) => string,
    ): Promise<string> {
        const server = http.createServer((request, response) => {
            void text(request).then((body) => {
                const given = answer(request, body, response);
                response.setHeader("content-type", given.startsWith("<") ? "text/xml" : "application/x-amz-json-1.1");
                response.end(given);
            });
        });
        servers.push(server);
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }
    afterEach(() => {
        for (const server of servers.splice(0)) {
            server.close();
            server.closeAllConnections();
        }
    });

    /** The provider as it is, which calls AWS at these addresses. */
    async function unstubbed(endpoints: object): Promise<Provider> {
        const config: Facts = {
            "aws:endpoints": JSON.stringify([endpoints]),
            "aws:accessKey": "a",
            "aws:secretKey": "s",
        };
        const own = serializedProvider((await standard()).one(type).inputs);
        await own.configure({ config: { get: (key: string) => config[key] } } as never);
        return own;
    }

    it("keeps what it was made with", () => {
        assert.deepEqual(made, {
            name: "fargate-cicd-dev",
            region: "ap-northeast-1",
            vpcCidr: "10.0.0.0/16",
            containerPort: 8080,
            healthCheckPath: "/",
            releasedBy: "pipeline",
            createGithubRepository: false,
            githubOidcProvider: "create",
            vpcId: "",
            loadBalancer: "internet-facing",
            kmsKeyArn: "",
            deletionProtection: false,
            logs: "",
            rolloutTestPort: 0,
            https: false,
            domainName: "",
            hostedZone: "",
            dualStack: false,
            domainOverwrite: false,
            shifted: false,
            serving: 0,
            service: '["on-demand",60,false,{"strategy":"ROLLING"},[2,false]]',
        });
    });

    it("keeps of each other stack what that was made with", async () => {
        const facts = (run: Recording): Facts => run.one(type).inputs;
        const { createGithubRepository, githubOidcProvider } = facts(await alternative());
        assert.deepEqual([createGithubRepository, githubOidcProvider], [true, "existing"]);
        assert.equal(facts(await audited()).kmsKeyArn, kmsKey);
        assert.equal(facts(await internal()).loadBalancer, "internal");
        assert.equal(facts(await inExistingVpc()).vpcId, "vpc-0a1b2c3d");
        assert.equal(facts(await withDomain()).https, true);
        assert.equal(facts(await record({ values: { rollout: "canary" } })).shifted, true);
    });

    it("asks ECS for the service that it was made with, and takes it for running where ECS does not tell", async () => {
        const asked: unknown[] = [];
        let answer: object = {};
        const ecs = await answering((_request, body, response) => {
            asked.push(JSON.parse(body));
            response.statusCode = "__type" in answer ? 400 : 200;
            return JSON.stringify(answer);
        });
        const asking = Object.assign(await unstubbed({ ecs }), { holders: async () => [] });
        for (const [given, refused] of [
            [{ services: [{ status: "ACTIVE" }] }, ["name"]],
            [{ services: [{ status: "DRAINING" }] }, ["name"]],
            [{ services: [{ status: "INACTIVE" }] }, []],
            [{ services: [] }, []],
            [{ __type: "ClusterNotFoundException" }, []],
            [{ __type: "AccessDeniedException" }, ["name"]],
        ] as const) {
            answer = given;
            const { failures = [] } = await asking.check(made, { ...made, name: "shop" });
            assert.deepEqual(
                failures.map(({ property }) => property),
                refused,
                JSON.stringify(given),
            );
        }
        assert.deepEqual(asked[0], { cluster: "fargate-cicd-dev", services: ["fargate-cicd-dev"] });
    });

    // CreateCluster answers with a cluster that is there, and RegisterTaskDefinition adds to a family that is: the ECS API Reference.
    it("takes over no cluster and no task family of something else, which it would change, and delete with the stack", async () => {
        const asked: string[] = [];
        let [status, revisions]: [string | undefined, readonly string[]] = [undefined, []];
        let denied = false;
        const ecs = await answering((request, body, response) => {
            const action = String(request.headers["x-amz-target"]).split(".")[1]!;
            const given = JSON.parse(body) as { clusters?: string[]; familyPrefix?: string; status?: string };
            asked.push([action, given.clusters?.[0], given.familyPrefix, given.status].filter(Boolean).join(" "));
            response.statusCode = denied ? 400 : 200;
            return JSON.stringify(
                denied
                    ? { __type: "AccessDeniedException" }
                    : {
                          clusters: status ? [{ clusterArn: "arn:cluster", status }] : [],
                          taskDefinitionArns: revisions,
                      },
            );
        });
        const asking = Object.assign(await unstubbed({ ecs }), { runs: async () => false });
        const said = async (olds: Facts) => {
            const { failures = [] } = await asking.check(olds, { ...made, name: "shop" });
            return failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n");
        };
        assert.equal(await said({}), "");
        assert.deepEqual(asked.sort(), ["DescribeClusters shop", "ListTaskDefinitions shop ACTIVE"]);
        [status, revisions] = ["INACTIVE", []]; // as one that was deleted is for a while
        assert.equal(await said({}), "");
        [status, revisions] = ["ACTIVE", ["arn:shop:7"]];
        const refusal =
            /^name: AWS has the cluster arn:cluster and the task definition arn:shop:7 already, .*"pulumi config set name <another name>"/;
        assert.match(await said({}), refusal);
        assert.match(await said(made), refusal, "where a first up under another name has ended half-way");
        status = undefined;
        assert.match(await said({}), /^name: AWS has the task definition arn:shop:7 already/);
        assert.equal(await said({ ...made, name: "shop" }), "", "its own");
        assert.match(await said({ ...made, name: "shop", region: "eu-west-1" }), /^name: AWS has the task definition/);
        denied = true; // as for a pull request's preview
        assert.equal(await said({}), "");
    });

    it("refuses to delete the repository that it made, or to make one that is there", async () => {
        const { createGithubRepository: kept } = await refusals(
            { createGithubRepository: false },
            { ...made, createGithubRepository: true },
        );
        assert.match(kept!, /would delete it with all that is in it.*"pulumi config set createGithubRepository true"/);
        const { createGithubRepository: there } = await refusals({ createGithubRepository: true });
        assert.match(there!, /is there already.*"pulumi config set createGithubRepository false"/);
    });

    it("refuses to delete the account's OIDC provider that it made, or to make a second one", async () => {
        const { githubOidcProvider: kept } = await refusals({ githubOidcProvider: "existing" });
        assert.match(kept!, /would delete it.*"pulumi config set githubOidcProvider create"/);
        const { githubOidcProvider: second } = await refusals({}, { ...made, githubOidcProvider: "existing" });
        assert.match(second!, /only one.*"pulumi config set githubOidcProvider existing"/);
    });

    it("takes other settings where the first up ended half-way, but keeps a repository that it has made", async () => {
        runs = false;
        const others = { githubOidcProvider: "existing", region: "eu-west-1", vpcId: "vpc-1", name: "shop" };
        assert.deepEqual(await refusals({ ...others, createGithubRepository: true }), {});
        const kept = { ...made, createGithubRepository: true };
        assert.deepEqual(Object.keys(await refusals(others, kept)), ["createGithubRepository"]);
    });

    it("refuses to be called otherwise, such as after a rename, and tells the command that keeps it", async () => {
        const { name, ...others } = await refusals({ name: "fargate-cicd-staging" });
        assert.match(name!, /this stack runs as "fargate-cicd-dev"/);
        assert.match(name!, /"pulumi config set name fargate-cicd-dev"/);
        assert.deepEqual(others, {});
    });

    it("refuses another region and another range, and tells the commands that keep them", async () => {
        const { region, vpcCidr, ...others } = await refusals({ region: "eu-west-1", vpcCidr: "10.1.0.0/16" });
        assert.match(region!, /runs in ap-northeast-1.*"pulumi config set aws:region ap-northeast-1"/);
        assert.match(vpcCidr!, /runs in 10\.0\.0\.0\/16.*"pulumi config set vpcCidr 10\.0\.0\.0\/16"/);
        assert.deepEqual(others, {});
    });

    it("refuses to move to another VPC, and a load balancer that others reach", async () => {
        const moved = { vpcId: "vpc-0a1b2c3d", loadBalancer: "internal" };
        const { vpcId, loadBalancer, ...others } = await refusals(moved);
        assert.match(vpcId!, /runs in a VPC of its own.*"pulumi config rm vpcId"/);
        assert.match(loadBalancer!, /is internet-facing.*"pulumi config set loadBalancer internet-facing"/);
        assert.deepEqual(others, {});
        const back = await refusals({}, { ...made, ...moved });
        assert.match(back.vpcId!, /runs in vpc-0a1b2c3d.*"pulumi config set vpcId vpc-0a1b2c3d"/);
        assert.match(back.loadBalancer!, /is internal.*"pulumi config set loadBalancer internal"/);
    });

    it("knows that a stack from before there was a choice has a VPC of its own, that anybody reaches", async () => {
        const { vpcId: _vpc, loadBalancer: _balancer, ...older } = made;
        assert.deepEqual(await refusals({}, older), {});
        const moved = { vpcId: "vpc-0a1b2c3d", loadBalancer: "internal" };
        assert.deepEqual(Object.keys(await refusals(moved, older)).sort(), ["loadBalancer", "vpcId"]);
    });

    it("refuses another port where the pipeline releases, and tells how to change it", async () => {
        const { containerPort, ...others } = await refusals({ containerPort: 9000 });
        assert.match(containerPort!, /listens on 8080\b.*"pulumi config set releasedBy pulumi".*listens on 9000\b/);
        assert.deepEqual(others, {});
        // The run that gives releases back to the pipeline cannot change the port as well.
        assert.deepEqual(Object.keys(await refusals({ containerPort: 9000 }, { ...made, releasedBy: "pulumi" })), [
            "containerPort",
        ]);
    });

    // As after an up to another port whose rollout ECS took back, with releases given to the pipeline since.
    it("goes by the port that runs, where AWS tells it, and not by one that was asked for", async () => {
        let answer: object = { services: [{ status: "ACTIVE", loadBalancers: [{ containerPort: 8080 }] }] };
        const ecs = await answering((_request, _body, response) => {
            response.statusCode = "__type" in answer ? 400 : 200;
            return JSON.stringify(answer);
        });
        const asking = await unstubbed({ ecs });
        const reasons = async (port: number) => {
            const { failures = [] } = await asking.check(
                { ...made, containerPort: 3000 },
                { ...made, containerPort: port },
            );
            return failures.map(({ reason }) => reason).join("\n");
        };
        assert.equal(await reasons(8080), "", "back to what runs");
        assert.match(
            await reasons(9000),
            /the release that runs listens on 8080\b.*"pulumi config set containerPort 8080"/,
        );
        answer = { __type: "AccessDeniedException" };
        assert.match(await reasons(8080), /the release that runs listens on 3000\b/);
    });

    // A target group's new path is asked of the targets that are registered: "ModifyTargetGroup" in the ELB API Reference.
    it("refuses another path for health checks where the release that runs does not answer there", async () => {
        let status = 200;
        const asked: (string | undefined)[] = [];
        const app = await answering((request, _body, response) => {
            asked.push(request.url);
            response.statusCode = status;
            return "";
        });
        let balancer: string | undefined = app.replace("http://", "");
        Object.assign(provider, { balancerOf: async () => balancer });
        const to = (healthCheckPath: string, olds = made) => refusals({ healthCheckPath }, olds);
        for (const [answer, isRefused] of [
            ...([200, 302, 403, 429, 503] as const).map((each) => [each, false] as const),
            ...([401, 404] as const).map((each) => [each, true] as const),
        ]) {
            status = answer;
            const { healthCheckPath, ...others } = await to("/healthz");
            assert.equal(healthCheckPath !== undefined, isRefused, `${answer}: ${healthCheckPath}`);
            assert.deepEqual(others, {});
        }
        assert.deepEqual(asked, Array(7).fill("/healthz"));
        const { healthCheckPath } = await to("/healthz");
        assert.match(
            healthCheckPath!,
            /answers 404 there.* answers both \/ and \/healthz first.*set healthCheckPath \/"$/,
        );
        assert.deepEqual(await to("/"), {}, "unchanged");
        const { healthCheckPath: _later, ...older } = made;
        assert.deepEqual(await to("/healthz", older), {}, "of a stack from before it was kept");
        runs = false;
        assert.deepEqual(await to("/healthz"), {}, "nothing runs");
        runs = true;
        balancer = undefined;
        assert.deepEqual(await to("/healthz"), {}, "where there is no load balancer");
        balancer = "127.0.0.1:1";
        assert.deepEqual(await to("/healthz"), {}, "where it cannot be reached");
    });

    // The engine would: "resource cannot be deleted because it is protected", whatever else is changed with it (step.go).
    it("refuses to delete logs that are protected, and tells how they can be", async () => {
        const kept = { ...made, deletionProtection: true, logs: "accessLogs enableExec flowLogs" };
        const refused = await refusals({ deletionProtection: true, logs: "enableExec" }, kept);
        assert.deepEqual(Object.keys(refused), ["accessLogs", "flowLogs"]);
        assert.match(
            refused.flowLogs!,
            /"deletionProtection" keeps them: run "pulumi config set flowLogs true", "pulumi config set deletionProtection false"/,
        );
        assert.deepEqual(Object.keys(await refusals({ logs: "" }, { ...kept, logs: "flowLogs" })), ["flowLogs"]);
        assert.deepEqual(await refusals({ logs: "" }, { ...kept, deletionProtection: false }), {});
        const { deletionProtection: _later, logs: _too, ...older } = kept;
        assert.deepEqual(await refusals({ deletionProtection: true, logs: "" }, older), {});
        const { inputs } = (await production()).one(type);
        assert.deepEqual([inputs.deletionProtection, inputs.logs], [true, "enableExec"]);
    });

    it("refuses another key, which would make another repository, in a stack from before there were any as well", async () => {
        const { kmsKeyArn: _later, ...older } = made;
        for (const olds of [made, older]) {
            const { kmsKeyArn: first, ...others } = await refusals({ kmsKeyArn: "arn:1" }, olds);
            assert.match(first!, /none of the images that run: run "pulumi config rm kmsKeyArn"/);
            assert.deepEqual(others, {});
        }
        const { kmsKeyArn: other } = await refusals({ kmsKeyArn: "arn:2" }, { ...made, kmsKeyArn: "arn:1" });
        assert.match(other!, /"pulumi config set kmsKeyArn arn:1"/);
        assert.deepEqual(await refusals({ kmsKeyArn: "arn:1" }, {}), {}, "a new stack takes any");
    });

    it("takes another port where pulumi up releases it, from that very run on", async () => {
        assert.deepEqual(await refusals({ containerPort: 9000, releasedBy: "pulumi" }), {});
    });

    describe("tells the service of its load balancer", () => {
        const shifted = () => ({ ...made, shifted: true });
        const toHttps = () => ({ ...made, https: true });
        const first = { https: false, rolloutTestPort: 0, containerPort: 8080, first: 0, serving: 0 };
        let asked: unknown[];
        /** What the service has been told, and which group serves since; or why AWS does not say. */
        let told: Partial<typeof first> | Error | undefined;
        beforeEach(() => {
            asked = [];
            told = { serving: 1 };
            Object.assign(provider, {
                toldService: async (...given: unknown[]) => {
                    asked.push(given);
                    if (told instanceof Error) throw told;
                    return told && { ...first, ...told };
                },
            });
        });
        const check = async (olds: Facts, news: Facts): Promise<Facts & { readonly refusal: string }> => {
            const { inputs, failures = [] } = (await provider.check(olds, news)) as pulumi.dynamic.CheckResult<Facts>;
            return { ...inputs, refusal: failures.map(({ reason }) => reason).join() };
        };

        it("with the target group first that serves, once releases have been shifted", async () => {
            const { shifted: kept, ...found } = await check(shifted(), toHttps());
            assert.deepEqual([kept, found.serving, found.refusal], [true, 1, ""]);
            assert.deepEqual(asked, [["fargate-cicd-dev", "ap-northeast-1"]]);
            const released = { ...shifted(), releasedBy: "pulumi" };
            for (const [olds, news] of [
                [shifted(), { ...shifted(), rolloutTestPort: 9000 }],
                [released, { ...released, containerPort: 9000 }],
            ] as const) {
                assert.equal((await check(olds, news)).serving, 1);
            }
            told = { serving: 1, https: true };
            assert.equal((await check({ ...shifted(), https: true }, made)).serving, 1);
        });

        it("as an up would have that has failed before it came to the service, by what the service knows", async () => {
            const failed = { ...shifted(), https: true, serving: 0 };
            assert.equal((await check(failed, toHttps())).serving, 1, "another release has been shifted since");
            const { refusal } = await check(failed, { ...shifted(), https: true });
            assert.match(refusal, /run "pulumi config set rollout rolling"/);
            assert.equal((await check({ ...failed, serving: 1 }, shifted())).serving, 0, "given up again");
        });

        it("in the order of before while nothing of it changes, and as it is declared where nothing was ever shifted", async () => {
            told = { first: 1, serving: 0 };
            assert.equal((await check({ ...shifted(), serving: 1 }, shifted())).serving, 1);
            asked = [];
            for (const [olds, news] of [
                [made, toHttps()],
                [{}, { ...toHttps(), shifted: true }],
            ] as const) {
                const found = await check(olds, news);
                assert.deepEqual([found.serving, found.refusal], [0, ""]);
            }
            assert.deepEqual(asked, []);
        });

        it("of another listener only while releases are rolling, for which no requests are moved", async () => {
            for (const olds of [made, shifted()]) {
                const { refusal } = await check(olds, { ...shifted(), https: true });
                assert.match(refusal, /"pulumi config set rollout rolling", then "pulumi up" with domainName/);
            }
        });

        it("while no release is under way", async () => {
            told = { serving: undefined };
            assert.match((await check(shifted(), toHttps())).refusal, /^a release is under way, .*`npm run releases`/);
            assert.equal((await check(shifted(), shifted())).refusal, "", "of which nothing changes");
        });

        it("and refuses any change of the service meanwhile, with which ECS would start the release again", async () => {
            const other = { ...shifted(), service: "another" };
            const { service: _later, ...older } = { ...shifted(), service: "" };
            told = { serving: undefined };
            assert.match((await check(shifted(), other)).refusal, /^a release is under way, and .* start again/);
            assert.equal((await check(older, other)).refusal, "");
            told = { serving: 0 };
            assert.equal((await check(shifted(), other)).refusal, "");
        });

        it("which it knows by every setting that the service changes with", async () => {
            const seen = async (recording: Promise<Recording>) => {
                const run = await recording;
                const {
                    taskDefinition: _,
                    desiredCount: _ignored,
                    ...service
                } = run.one("aws:ecs/service:Service").inputs;
                return { service: JSON.stringify(service), fact: run.one(type).inputs.service };
            };
            const before = await seen(standard());
            for (const [changes, values] of [
                [true, { capacity: "spot" }],
                [true, { startSeconds: "90" }],
                [true, { rollout: "blue-green" }],
                [true, { enableExec: "true", readOnlyRoot: "false" }],
                [true, { availabilityZones: "3" }],
                [true, { natGateways: "none" }],
                [false, { natGateways: "one-per-az", drainSeconds: "60", maxTasks: "9" }],
                [false, { cpu: "1024", memory: "4096", bakeMinutes: "20", logRetentionDays: "7" }],
            ] as const) {
                const after = await seen(record({ values }));
                const differs = [after.service !== before.service, after.fact !== before.fact];
                assert.deepEqual([values, ...differs], [values, changes, changes]);
            }
        });

        it("as before where it is not there yet, and in the preview of somebody who may not ask", async () => {
            for (const name of ["AccessDenied", "AccessDeniedException"]) {
                told = Object.assign(new Error("is not authorized to perform"), { name, $fault: "client" });
                const found = await check({ ...shifted(), serving: 1 }, toHttps());
                assert.deepEqual([found.serving, found.refusal], [1, ""]);
            }
            told = undefined;
            assert.equal((await check(shifted(), toHttps())).serving, 0);
            told = new Error("Rate exceeded");
            await assert.rejects(check(shifted(), toHttps()), /Rate exceeded/);
        });
    });

    describe("asks AWS what its service was told", () => {
        const of = (what: string, name: string) => `arn:aws:elasticloadbalancing:r:1:${what}/app/main/${name}`;
        const [production, test] = [of("listener-rule", "1/80/r1"), of("listener-rule", "1/9000/r2")];
        const groups = ["main-4d5e6f7", "main-alternate-0a1b2c3"].map(
            (name) => `arn:aws:elb:r:1:targetgroup/${name}/1`,
        );
        const xml = (action: string, members: string) =>
            `<${action}Response><${action}Result>${members}</${action}Result></${action}Response>`;

        /** What comes of it with these weights. @param protocol of the listener that visitors reach */
        async function told(weights: readonly [number, number], given: { protocol?: string; service?: object } = {}) {
            const balancer = {
                ...{ containerName: "app", containerPort: 8080, targetGroupArn: groups[1] },
                advancedConfiguration: { productionListenerRule: production, testListenerRule: test },
            };
            const service = {
                ...{ status: "ACTIVE", loadBalancers: [balancer], deployments: [{ rolloutState: "COMPLETED" }] },
                ...given.service,
            };
            const asked: unknown[] = [];
            const endpoint = await answering(({ headers }, body) => {
                if (headers["x-amz-target"]) return JSON.stringify({ services: [service] });
                const {
                    Action: action = "",
                    Version: _,
                    ...parameters
                } = Object.fromEntries(new URLSearchParams(body));
                asked.push(parameters);
                if (action === "DescribeRules") {
                    const members = groups.map(
                        (arn, index) =>
                            `<member><TargetGroupArn>${arn}</TargetGroupArn><Weight>${weights[index]}</Weight></member>`,
                    );
                    const forward = `<ForwardConfig><TargetGroups>${members.join("")}</TargetGroups></ForwardConfig>`;
                    return xml(
                        action,
                        `<Rules><member><Actions><member>${forward}</member></Actions></member></Rules>`,
                    );
                }
                const listener = (name: string, protocol: string, port: number) =>
                    `<member><ListenerArn>${of("listener", name)}</ListenerArn><Protocol>${protocol}</Protocol><Port>${port}</Port></member>`;
                const listeners = listener("1/9000", "HTTP", 9000) + listener("1/80", given.protocol ?? "HTTP", 80);
                return xml(action, `<Listeners>${listeners}</Listeners>`);
            });
            const asking = (await unstubbed({ ecs: endpoint, elbv2: endpoint })) as unknown as StackCaller;
            const found = await asking["toldService"]("shop", "eu-west-1");
            return { found, asked };
        }

        it("by the listeners of its rules, their weights, and the order of its target groups", async () => {
            const { found, asked } = await told([100, 0], { protocol: "HTTPS" });
            const expected = { https: true, rolloutTestPort: 9000, containerPort: 8080, first: 1, serving: 0 };
            assert.deepEqual(found, expected);
            assert.deepEqual(asked, [
                { "RuleArns.member.1": production },
                { "ListenerArns.member.1": of("listener", "1/80"), "ListenerArns.member.2": of("listener", "1/9000") },
            ]);
            assert.deepEqual((await told([0, 100])).found, { ...expected, https: false, serving: 1 });
        });

        it("and tells of no group that serves while a release is under way", async () => {
            assert.equal((await told([90, 10])).found?.serving, undefined);
            const baking = { deployments: [{ rolloutState: "IN_PROGRESS" }, { rolloutState: "COMPLETED" }] };
            assert.equal((await told([0, 100], { service: baking })).found?.serving, undefined);
        });

        it("and nothing of one that is not there any more", async () => {
            assert.equal((await told([100, 0], { service: { status: "INACTIVE" } })).found, undefined);
        });
    });

    describe("whose name leads elsewhere", () => {
        const domain = { domainName: "shop.example.com", hostedZone: "example.com", dualStack: true };
        const balancer = "main-4d5e6f7-1.eu-west-1.elb.amazonaws.com";
        const alias = (Type: string, DNSName: string) => ({
            Name: "shop.example.com.",
            Type,
            AliasTarget: { DNSName },
        });
        const own = alias("A", `dualstack.${balancer}.`);
        let records: unknown;
        beforeEach(() => {
            records = [{ Name: "shop.example.com.", Type: "CNAME" }];
            const recordsOf = async () => {
                if (records instanceof Error) throw records;
                return records;
            };
            Object.assign(provider, { records: recordsOf, balancerOf: async () => balancer });
        });

        it("is refused before its load balancer is made, in a new stack as well, and told how to take it over", async () => {
            runs = false;
            records = [alias("A", "other-1.elb."), alias("AAAA", "other-1.elb."), { Type: "MX" }, { Type: "TXT" }];
            assert.equal(
                (await refusals(domain)).domainName,
                "in the zone example.com the name shop.example.com leads elsewhere, by its record A and AAAA: " +
                    '"pulumi config set domainOverwrite true" takes over A and AAAA once the app is up; ' +
                    'or run "pulumi config set domainName <another name>"',
            );
            assert.deepEqual(await refusals({ ...domain, domainOverwrite: true }), {});
        });

        it("is refused in any case where a record would stay beside the stack's, or keep it from being made", async () => {
            const overwrites = { ...domain, domainOverwrite: true };
            const cname = (await refusals(overwrites)).domainName!;
            assert.match(cname, /, by its record CNAME: how CNAME makes way is in docs\/network\.md; or run /);
            records = [own, alias("AAAA", "other-1.elb.")];
            assert.deepEqual(await refusals(overwrites), {});
            assert.match(
                (await refusals({ ...overwrites, dualStack: false })).domainName!,
                /: how AAAA makes way is in /,
            );
            records = ["blue", "green"].map((SetIdentifier) => ({ ...alias("A", "other-1.elb."), SetIdentifier }));
            assert.match((await refusals(overwrites)).domainName!, /, by its record A: how A makes way is in /);
        });

        it("is told of each record how it makes way, where that differs", async () => {
            records = [alias("A", "other-1.elb."), alias("AAAA", "other-1.elb.")];
            assert.match(
                (await refusals({ ...domain, dualStack: false })).domainName!,
                /: "pulumi config set domainOverwrite true" takes over A once the app is up; how AAAA makes way is in docs/,
            );
        });

        it("is taken where it leads to this stack's own load balancer", async () => {
            records = [own, alias("AAAA", `dualstack.${balancer}.`)];
            assert.deepEqual(await refusals(domain), {});
            Object.assign(provider, { balancerOf: async () => undefined });
            assert.match((await refusals(domain)).domainName!, /, by its record A and AAAA: /);
        });

        it("is not asked about again once it was taken, but for another name, another zone, or IPv6", async () => {
            const kept = { ...made, ...domain };
            for (const still of [{}, { dualStack: false }, { domainName: "", hostedZone: "" }]) {
                assert.deepEqual(await refusals({ ...domain, ...still }, kept), {});
            }
            for (const change of [{ domainName: "example.com" }, { hostedZone: "shop.example.com" }]) {
                assert.deepEqual(Object.keys(await refusals({ ...domain, ...change }, kept)), ["domainName"]);
            }
            const ipv4 = { ...kept, dualStack: false };
            records = [alias("A", "whatever."), { Type: "CNAME" }];
            assert.deepEqual(await refusals(domain, ipv4), {});
            records = [alias("AAAA", "other-1.elb.")];
            assert.match((await refusals(domain, ipv4)).domainName!, /, by its record AAAA: /);
        });

        it("is no reason where AWS does not tell, as in a pull request's preview, unless for another reason than that", async () => {
            records = Object.assign(new Error("not authorized"), { name: "AccessDenied", $fault: "client" });
            assert.deepEqual(await refusals(domain), {});
            // As the SDK calls what it finds nobody to sign for; the aws provider says it with what to do.
            records = Object.assign(new Error("Could not load"), { name: "CredentialsProviderError" });
            assert.deepEqual(await refusals(domain), {});
            for (const other of [
                Object.assign(new Error("Rate exceeded"), { name: "Throttling", $fault: "client" }),
                Object.assign(new Error("Rate exceeded"), { name: "ServiceUnavailable", $fault: "server" }),
                new Error("Rate exceeded"),
            ]) {
                records = other;
                await assert.rejects(refusals(domain), /Rate exceeded/);
            }
        });

        it("is looked for in the public zone of that name, and held against the load balancer that the service is behind", async () => {
            const zone = (id: string, isPrivate: boolean) =>
                `<HostedZone><Id>/hostedzone/${id}</Id><Name>example.com.</Name><Config><PrivateZone>${isPrivate}</PrivateZone></Config></HostedZone>`;
            const set = (name: string, dnsName: string) =>
                `<ResourceRecordSet><Name>${name}.</Name><Type>A</Type><AliasTarget><DNSName>${dnsName}.</DNSName></AliasTarget></ResourceRecordSet>`;
            const asked: string[] = [];
            const endpoint = await answering(({ url, headers }, body) => {
                if (headers["x-amz-target"]) {
                    return JSON.stringify({
                        services: [{ status: "ACTIVE", loadBalancers: [{ targetGroupArn: "tg" }] }],
                    });
                }
                const { Action: action, Version: _, ...parameters } = Object.fromEntries(new URLSearchParams(body));
                asked.push(action === undefined ? url! : `${action} ${Object.values(parameters).join(" ")}`);
                if (action === "DescribeTargetGroups") {
                    const found =
                        "<TargetGroups><member><LoadBalancerArns><member>lb</member></LoadBalancerArns></member></TargetGroups>";
                    return `<R><${action}Result>${found}</${action}Result></R>`;
                }
                if (action === "DescribeLoadBalancers") {
                    const found = `<LoadBalancers><member><DNSName>Main-1.elb.amazonaws.com</DNSName></member></LoadBalancers>`;
                    return `<R><${action}Result>${found}</${action}Result></R>`;
                }
                if (url!.includes("/rrset")) {
                    const sets = [
                        set("shop.example.com", "dualstack.main-1.elb.amazonaws.com"),
                        set("www.example.com", "b"),
                    ];
                    return `<R><ResourceRecordSets>${sets.join("")}</ResourceRecordSets><IsTruncated>false</IsTruncated></R>`;
                }
                return `<R><HostedZones>${zone("Z1", true)}${zone("Z2", false)}</HostedZones><IsTruncated>false</IsTruncated></R>`;
            });
            const asking = await unstubbed({ ecs: endpoint, elbv2: endpoint, route53: endpoint });
            const news = { ...made, ...domain };
            const { failures } = (await asking.check({}, news)) as pulumi.dynamic.CheckResult<Facts>;
            assert.deepEqual(failures, []);
            assert.deepEqual(asked, [
                "/2013-04-01/hostedzone",
                "/2013-04-01/hostedzone/Z2/rrset?name=shop.example.com",
                "DescribeTargetGroups tg",
                "DescribeLoadBalancers lb",
            ]);
        });
    });

    it("takes what it finds where it is new, or older than what is kept", async () => {
        assert.deepEqual(await refusals({ name: "other", vpcCidr: "10.1.0.0/16" }, {}), {});
        const { vpcCidr: _later, ...older } = made;
        assert.deepEqual(await refusals({ vpcCidr: "10.1.0.0/16" }, older), {});
    });

    it("changes with what it keeps only, and never by replacement", async () => {
        const diff = (news: Facts) => provider.diff("fargate-cicd-dev", made, { ...made, ...news });
        assert.deepEqual(await diff({}), { changes: false });
        assert.deepEqual(await diff({ __provider: "another version of this program" }), { changes: false });
        for (const news of [{ containerPort: 9000 }, { releasedBy: "pulumi" }]) {
            assert.deepEqual(await diff(news), { changes: true });
        }
    });

    it("is checked before anything else, of which all waits for it", async () => {
        assert.equal((await standard()).registrations[0]!.type, type);
        const waits: boolean[] = [];
        await record({
            program: () => {
                refuseImpossibleChanges(load());
                pulumi.runtime.registerStackTransformation(({ opts }) => {
                    waits.push(opts.dependsOn instanceof Promise); // see holdUntil
                    return undefined;
                });
                new pulumi.ComponentResource("fargate-cicd:test:Test", "any");
            },
        });
        assert.deepEqual(waits, [true]);
    });
});
