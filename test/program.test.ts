import assert from "node:assert/strict";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import ts from "typescript";
import { registryPassword } from "../tools/fakeCloud";
import { record, type Recording, type Registration, type Scenario } from "./record";
import { alternative, everything, standard, withDomain, withoutNat } from "./scenarios";
import { projectFolder, readYaml, region as homeRegion } from "./settings";

describe("the whole program", () => {
    let runs: readonly Recording[];
    let run: Recording;
    before(async () => {
        runs = [await standard(), await alternative(), await withoutNat()];
        run = runs[0]!;
    });

    it("has the outputs of the design, and no other", () => {
        const { outputs } = run;
        const { dnsName } = run.one("aws:lb/loadBalancer:LoadBalancer").outputs;
        assert.deepEqual(outputs, {
            url: `http://${String(dnsName)}`,
            clusterName: "fargate-cicd-dev",
            serviceName: "fargate-cicd-dev",
            taskDefinitionFamily: "fargate-cicd-dev",
            repositoryUrl: "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/fargate-cicd-dev",
            deployRoleArn: run.one("aws:iam/role:Role", "main-deploy").outputs.arn,
            previewRoleArn: run.one("aws:iam/role:Role", "main-preview").outputs.arn,
            vpcId: "vpc-main-vpc",
            privateSubnetIds: run.one("awsx:ec2:Vpc").outputs.privateSubnetIds,
            publicSubnetIds: run.one("awsx:ec2:Vpc").outputs.publicSubnetIds,
            taskSecurityGroupId: run.one("aws:ec2/securityGroup:SecurityGroup", "main-tasks").outputs.id,
            taskRoleArn: run.one("aws:iam/role:Role", "main-task").outputs.arn,
            logGroupName: "/ecs/fargate-cicd-dev",
            alarmTopicArn: run.one("aws:sns/topic:Topic").outputs.arn,
        });
    });

    it("has no secret in its outputs, by mark or by content", () => {
        for (const { outputs, secretOutputs } of runs) {
            assert.deepEqual(secretOutputs, []);
            assert.ok(!JSON.stringify(outputs).includes(registryPassword));
        }
    });

    it("declares these resources by default", () => {
        const counts: Record<string, number> = {};
        for (const { type } of run.registrations.filter(({ type }) => !type.startsWith("fargate-cicd:"))) {
            counts[type] = (counts[type] ?? 0) + 1;
        }
        assert.deepEqual(counts, {
            "aws:appautoscaling/policy:Policy": 2,
            "aws:appautoscaling/target:Target": 1,
            "aws:cloudwatch/dashboard:Dashboard": 1,
            "aws:cloudwatch/eventRule:EventRule": 5,
            "aws:cloudwatch/eventTarget:EventTarget": 5,
            "aws:cloudwatch/logGroup:LogGroup": 2,
            "aws:cloudwatch/metricAlarm:MetricAlarm": 7,
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": 1,
            "aws:ec2/securityGroup:SecurityGroup": 2,
            "aws:ecr/lifecyclePolicy:LifecyclePolicy": 1,
            "aws:ecr/repository:Repository": 1,
            "aws:ecs/cluster:Cluster": 1,
            "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": 1,
            "aws:ecs/service:Service": 1,
            "aws:ecs/taskDefinition:TaskDefinition": 1,
            "aws:iam/openIdConnectProvider:OpenIdConnectProvider": 1,
            "aws:iam/role:Role": 5,
            "aws:iam/rolePolicy:RolePolicy": 5,
            "aws:lb/listener:Listener": 1,
            "aws:lb/listenerRule:ListenerRule": 1,
            "aws:lb/loadBalancer:LoadBalancer": 1,
            "aws:lb/targetGroup:TargetGroup": 2,
            "aws:sns/topic:Topic": 1,
            "aws:sns/topicPolicy:TopicPolicy": 1,
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": 2,
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": 2,
            "awsx:ec2:Vpc": 1,
            "docker-build:index:Image": 1,
            "github:index/actionsSecret:ActionsSecret": 2,
            "github:index/actionsVariable:ActionsVariable": 16,
            "pulumi-nodejs:dynamic/ecs:ReadableSecrets": 1,
            "pulumi-nodejs:dynamic/ecs:TaskDefinitionFamily": 1,
            "pulumi-nodejs:dynamic/github:Claim": 1,
            "pulumi-nodejs:dynamic/guard:RunningStack": 1,
            "pulumi-nodejs:dynamic/network:KeptZones": 1,
            "pulumi:providers:github": 1,
        });
    });

    it("tags every AWS resource that can be tagged with project, stack and who manages it", () => {
        for (const [recording, stack] of [
            [run, "dev"],
            [runs[1]!, "live"],
        ] as const) {
            const untagged: string[] = [];
            for (const { type, name, inputs } of recording.registrations.filter(({ type }) => /^awsx?:/.test(type))) {
                const tags = inputs.tags as Record<string, string> | undefined;
                if (!takesTags(type)) {
                    assert.equal(tags, undefined, `${type} has no tags in AWS: the provider refuses them`);
                    untagged.push(type);
                    continue;
                }
                const { Project, Stack, ManagedBy } = tags ?? {};
                assert.deepEqual([Project, Stack, ManagedBy], ["fargate-cicd", stack, "pulumi"], `${type} ${name}`);
            }
            assert.deepEqual([...new Set(untagged)].sort(), [
                "aws:appautoscaling/policy:Policy",
                "aws:cloudwatch/dashboard:Dashboard",
                "aws:cloudwatch/eventTarget:EventTarget",
                "aws:ecr/lifecyclePolicy:LifecyclePolicy",
                "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders",
                "aws:iam/rolePolicy:RolePolicy",
                ...(stack === "live" ? ["aws:iam/rolePolicyAttachment:RolePolicyAttachment"] : []),
                "aws:sns/topicPolicy:TopicPolicy",
            ]);
        }
    });

    it("tags what can be tagged, and nothing else, of all that it can declare", async () => {
        const all = (await Promise.all(everything.map((scenario) => scenario()))).flatMap((each) => each.registrations);
        const wrong = all.filter(
            ({ type, inputs }) => /^aws:/.test(type) && takesTags(type) !== (inputs.tags !== undefined),
        );
        assert.deepEqual([...new Set(wrong.map(({ type }) => type))], []);
    });

    it("tags the S3 endpoint, which awsx does not", () => {
        const [endpoint] = run.one("awsx:ec2:Vpc").inputs.vpcEndpointSpecs as { tags: unknown }[];
        assert.deepEqual(endpoint!.tags, { Project: "fargate-cicd", Stack: "dev", ManagedBy: "pulumi" });
    });

    for (const [region, partition, scenarios] of [
        ["cn-north-1", "aws-cn", everything],
        ["us-gov-west-1", "aws-us-gov", [withDomain]],
    ] as const) {
        it(`names nothing of another partition in ${region}`, async () => {
            for (const { scenario } of scenarios) {
                const text = JSON.stringify({ ...scenario, region });
                const moved = text.replaceAll("arn:aws:", `arn:${partition}:`).replaceAll(homeRegion, region);
                const { registrations, outputs } = await record(JSON.parse(moved) as Scenario);
                const given = registrations.map(({ inputs: { __provider: _source, ...inputs } }) => inputs);
                const arns = [...JSON.stringify([given, outputs]).matchAll(/arn:([\w-]+):/g)];
                assert.ok(arns.length > 20, `${arns.length} ARNs`);
                assert.deepEqual([...new Set(arns.map(([, named]) => named))], [partition]);
            }
        });
    }

    it("groups every resource below a component, and every component below the stack", () => {
        // But what all of them wait for, which is in none.
        for (const { type, name, parent } of run.registrations.filter(({ type }) => !type.includes("RunningStack"))) {
            const below = parent?.type.split(":")[0] ?? "the stack";
            const expected = type.startsWith("fargate-cicd:") ? "the stack" : "fargate-cicd";
            assert.equal(below, expected, `${type} ${name}`);
        }
    });

    it("keeps the URNs of its components, as another type, name or parent replaces all that is in one", () => {
        const components = run.registrations.filter(({ type }) => type.startsWith("fargate-cicd:"));
        assert.deepEqual(
            components.map(({ type, name, parent }) => [type, name, parent?.name].join(" ").trim()).sort(),
            [
                "fargate-cicd:alarms:RequestAlarms main",
                "fargate-cicd:alarms:TaskAlarms main",
                "fargate-cicd:dashboard:Dashboard main",
                "fargate-cicd:delivery:Delivery main",
                "fargate-cicd:github:GitHubRepository main",
                "fargate-cicd:github:PipelineSettings main",
                "fargate-cicd:incidents:Incidents main",
                "fargate-cicd:loadBalancer:LoadBalancer main",
                "fargate-cicd:network:Network main",
                "fargate-cicd:notifications:Notifications main",
                "fargate-cicd:registry:Registry main",
                "fargate-cicd:schedules:Schedules main",
                "fargate-cicd:secrets:Secrets main",
                "fargate-cicd:service:Service main",
                "fargate-cicd:task:Task main",
            ],
        );
    });

    it("has component types of three parts", () => {
        const components = run.registrations.map(({ type }) => type).filter((type) => type.startsWith("fargate-cicd:"));
        assert.equal(components.length, 15);
        for (const type of components) {
            assert.match(type, /^fargate-cicd:[a-z]\w+:[A-Z]\w+$/i);
        }
    });

    it("names every resource once within its type, after its component", () => {
        for (const { registrations } of runs) {
            const names = registrations.map(({ type, name }) => `${type} ${name}`);
            assert.deepEqual(
                names.filter((name, index) => names.indexOf(name) !== index),
                [],
            );
            for (const { type, name, parent } of registrations.filter(hasComponent)) {
                assert.ok(name === parent!.name || name.startsWith(`${parent!.name}-`), `${type} ${name}`);
            }
        }
    });

    it("protects nothing, since destroy leaves nothing behind", () => {
        assert.deepEqual(
            run.registrations.filter(({ protect }) => protect),
            [],
        );
        assert.equal(run.one("aws:lb/loadBalancer:LoadBalancer").inputs.enableDeletionProtection, false);
    });

    it("depends on whole components nowhere, which would order more than is needed", () => {
        for (const { type, name, dependsOn } of run.registrations) {
            const components = dependsOn.filter((needed) => needed.type.startsWith("fargate-cicd:"));
            assert.deepEqual(components, [], `${type} ${name}`);
        }
    });

    it("uses the configured region wherever one is written", () => {
        const text = JSON.stringify(runs[1]!.registrations.map(({ inputs }) => inputs));
        assert.ok(text.includes("eu-west-1"));
        assert.ok(!text.includes("ap-northeast-1"));
    });
});

describe("the program's modules", () => {
    const files = fs
        .readdirSync(path.join(projectFolder, "infra"), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => path.join("infra", file));
    const read = (file: string) => fs.readFileSync(path.join(projectFolder, file), "utf8");

    it("know neither sandbox nor tests", () => {
        for (const file of ["index.ts", ...files]) {
            const imports = [...read(file).matchAll(/(?:from|import|require)\s*\(?\s*"([^"]+)"/g)].map(
                ([, name]) => name!,
            );
            assert.ok(imports.length > 0 || /(fargateZones|nearest|settingNames)\.ts$/.test(file), file);
            for (const name of imports.filter((name) => name.startsWith("."))) {
                const target = path.normalize(path.join(path.dirname(file), name));
                assert.match(target, /^infra\//, `${file} imports ${name}`);
            }
            assert.doesNotMatch(read(file), /sandbox/i, `${file} mentions the sandbox`);
        }
    });

    it("do nothing when they are imported", async () => {
        const program = () => {
            for (const file of files) {
                const module = load.resolve(path.join(projectFolder, file));
                const loaded = load.cache[module];
                delete load.cache[module];
                load(module);
                load.cache[module] = loaded;
            }
        };
        const { registrations, lookups } = await record({ program });
        assert.deepEqual([registrations, lookups], [[], []]);
    });

    it("run as they are compiled in editors and by npm run typecheck, which check their types", () => {
        const { runtime } = readYaml("Pulumi.yaml") as { runtime: { options: { tsconfig: string } } };
        const optionsOf = (file: string) =>
            ts.getParsedCommandLineOfConfigFile(path.join(projectFolder, file), {}, host)!.options;
        const { configFilePath: _file, ...checked } = optionsOf("tsconfig.json");
        const { configFilePath: _own, noCheck, ...run } = optionsOf(runtime.options.tsconfig);
        assert.deepEqual([run, checked.noCheck, noCheck], [checked, undefined, true]);
        // It reads one file alone, and has other defaults than TypeScript (cmd/run/run.js of @pulumi/pulumi).
        const { loadTypeScriptCompilerOptions: read } = load("@pulumi/pulumi/tsutils") as Record<
            string,
            (file: string) => object
        >;
        const own = read!(path.join(projectFolder, runtime.options.tsconfig));
        assert.deepEqual(Object.keys(own).sort(), ["module", "moduleResolution", "noCheck", "target"]);
    });

    it("write no region, account or endpoint down", () => {
        for (const file of ["index.ts", ...files.filter((file) => !file.endsWith("awsKinds.ts"))]) {
            const text = read(file).replace(/^ *const never = .*$/m, ""); // of a proxy
            assert.doesNotMatch(text, /\d{12}|localhost|127\.0\.0\.1|\b(us|eu|ap)-[a-z]+-\d/, file);
        }
    });
});

const load = createRequire(__filename);
const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined };

/** Whether the SDK's class for a type, such as `aws:ecs/service:Service`, has a `tags` argument. */
function takesTags(type: string): boolean {
    const [provider, module, className] = type.split(":") as [string, string, string];
    const exported = load(`@pulumi/${provider}/${module}`) as Record<string, new () => unknown>;
    const source = String(exported[className]);
    return /resourceInputs\["tags"\] = args\?\.tags/.test(source);
}

const hasComponent = ({ parent }: Registration) => parent !== undefined;
