/** What an audit asks for; docs/audit/ has the whole list. That AWS's scanners agree: sandbox/test/audit.test.ts. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { table } from "../infra/config/table";
import { account } from "../tools/fakeCloud";
import { controls, kinds } from "./controls";
import { assertVerdicts, mayAssume, policyOf, type Policy } from "./iam";
import { record, type Recording, type Registration } from "./record";
import { audited, everything, kmsKey, standard, webAcl } from "./scenarios";
import { projectFolder, refusal } from "./settings";

const overTlsOnly = { Bool: { "aws:SecureTransport": "false" } };

/** The entries of a resource's own policy by what they are called: whom they are about, what they say, and when. */
function entriesOf({ Statement }: Policy): Readonly<Record<string, object>> {
    const entries = Statement.map(({ Sid, Effect, Principal, Action, Resource, Condition }): [string, object] => [
        Sid!,
        { Effect, Principal, Action, Resource, Condition },
    ]);
    return Object.fromEntries(entries);
}

describe("what an audit asks for", () => {
    let run: Recording;
    let full: Recording;
    before(async () => {
        [run, full] = [await standard(), await audited()];
    });
    const names = (recording: Recording, type: string) => recording.of(type).map(({ name }) => name);

    it("costs nothing where it holds by default: the topic takes alarms of the account and events, over TLS only", () => {
        const topic = run.one("aws:sns/topic:Topic").outputs.arn;
        const { inputs } = run.one("aws:sns/topicPolicy:TopicPolicy");
        assert.equal(inputs.arn, topic);
        const publish = (service: string) => ({
            Effect: "Allow",
            Principal: { Service: service },
            Action: ["sns:Publish"],
            Resource: [topic],
        });
        assert.deepEqual(entriesOf(JSON.parse(String(inputs.policy)) as Policy), {
            Alarms: {
                ...publish("cloudwatch.amazonaws.com"),
                Condition: { StringEquals: { "aws:SourceAccount": account } },
            },
            Events: { ...publish("events.amazonaws.com"), Condition: undefined },
            OverTlsOnly: {
                Effect: "Deny",
                Principal: "*",
                Action: ["sns:Publish"],
                Resource: [topic],
                Condition: overTlsOnly,
            },
        });
    });

    it("is off by default where it costs something", () => {
        for (const type of [
            "aws:s3/bucket:Bucket",
            "aws:ec2/flowLog:FlowLog",
            "aws:wafv2/webAclAssociation:WebAclAssociation",
        ]) {
            assert.deepEqual([names(run, type).length, names(full, type).length], [0, 1], type);
        }
    });

    describe("access logs", () => {
        it("are written by the load balancer, which is told so once it may, and told otherwise without them", () => {
            const { bucket } = full.one("aws:s3/bucketPolicy:BucketPolicy").outputs;
            const { accessLogs } = full.one("aws:lb/loadBalancer:LoadBalancer").inputs;
            assert.deepEqual(accessLogs, { enabled: true, bucket });
            // The provider leaves as it was what is not said any more, and the bucket would be gone.
            const off = run.one("aws:lb/loadBalancer:LoadBalancer").inputs.accessLogs;
            assert.deepEqual(off, { enabled: false, bucket: "" });
        });

        it("are in a bucket that nobody else reads or writes, over TLS, for as long as logs are kept", () => {
            const { arn, bucket } = full.one("aws:s3/bucket:Bucket").outputs as Readonly<Record<string, string>>;
            const entries = entriesOf(policyOf(full.one("aws:s3/bucketPolicy:BucketPolicy")));
            assert.deepEqual(entries, {
                WriteLogs: {
                    Effect: "Allow",
                    Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
                    Action: ["s3:PutObject"],
                    Resource: [`${arn}/AWSLogs/${account}/*`],
                    Condition: undefined,
                },
                OverTlsOnly: {
                    Effect: "Deny",
                    Principal: "*",
                    Action: ["s3:*"],
                    Resource: [arn, `${arn}/*`],
                    Condition: overTlsOnly,
                },
            });
            assert.deepEqual(full.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs, {
                bucket,
                blockPublicAcls: true,
                blockPublicPolicy: true,
                ignorePublicAcls: true,
                restrictPublicBuckets: true,
            });
            const { rules } = full.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs;
            assert.deepEqual(rules, [
                {
                    id: "expire",
                    status: "Enabled",
                    filter: { prefix: "" },
                    expiration: { days: 365 },
                    abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
                },
            ]);
        });

        it("go with the stack, unless it is protected", async () => {
            const bucket = (recording: Recording) => {
                const { inputs, protect } = recording.one("aws:s3/bucket:Bucket");
                return { forceDestroy: inputs.forceDestroy, protect };
            };
            assert.deepEqual(bucket(full), { forceDestroy: true, protect: false });
            const kept = await record({ values: { accessLogs: "true", flowLogs: "true", deletionProtection: "true" } });
            assert.deepEqual(bucket(kept), { forceDestroy: false, protect: true });
            assert.equal(kept.one("aws:cloudwatch/logGroup:LogGroup", "main-flow-logs").protect, true);
        });
    });

    describe("flow logs", () => {
        it("are of all that is let through or not in the stack's own VPC, in a group of their own", () => {
            const group = full.one("aws:cloudwatch/logGroup:LogGroup", "main-flow-logs");
            assert.deepEqual([group.inputs.name, group.inputs.retentionInDays], ["/vpc/fargate-cicd-dev", 365]);
            const { tags: _, ...inputs } = full.one("aws:ec2/flowLog:FlowLog").inputs;
            assert.deepEqual(inputs, {
                vpcId: "vpc-main-vpc",
                trafficType: "ALL",
                logDestination: group.outputs.arn,
                iamRoleArn: full.one("aws:iam/role:Role", "main-flow-logs").outputs.arn,
            });
            // Without it EC2 would write nothing, and say so nowhere but in the flow log's state.
            assert.deepEqual(full.one("aws:ec2/flowLog:FlowLog").dependsOn, [
                full.one("aws:iam/rolePolicy:RolePolicy", "main-flow-logs"),
            ]);
        });

        it("are written with a role that does nothing else, for flow logs of the account alone", async () => {
            const policy = full.one("aws:iam/rolePolicy:RolePolicy", "main-flow-logs");
            const group = String(full.one("aws:cloudwatch/logGroup:LogGroup", "main-flow-logs").outputs.arn);
            const app = String(full.one("aws:cloudwatch/logGroup:LogGroup", "main").outputs.arn);
            await assertVerdicts(policyOf(policy), "allowed", [
                ["logs:DescribeLogGroups", "*"],
                ["logs:CreateLogStream", `${group}:log-stream:eni-1`],
                ["logs:PutLogEvents", `${group}:log-stream:eni-1`],
            ]);
            await assertVerdicts(policyOf(policy), "denied", [
                ["logs:PutLogEvents", `${app}:log-stream:app`],
                ["logs:DeleteLogGroup", group],
            ]);
            const trust = policyOf(full.one("aws:iam/role:Role", "main-flow-logs"), "assumeRolePolicy");
            const may = (
                sourceAccount: string,
                service = "vpc-flow-logs.amazonaws.com",
                source = "vpc-flow-log/fl-1",
            ) =>
                mayAssume(trust, service, "sts:AssumeRole", {
                    "aws:SourceArn": `arn:aws:ec2:ap-northeast-1:${account}:${source}`,
                    "aws:SourceAccount": sourceAccount,
                });
            assert.deepEqual(
                [may(account), may("999999999999"), may(account, "events.amazonaws.com")],
                [true, false, false],
            );
            assert.equal(may(account, undefined, "instance/i-1"), false);
        });
    });

    it("has the load balancer behind the web ACL that was given, and never behind none in its place", () => {
        const { inputs, deleteBeforeReplace } = full.one("aws:wafv2/webAclAssociation:WebAclAssociation");
        const { arn } = full.one("aws:lb/loadBalancer:LoadBalancer").outputs;
        assert.deepEqual(inputs, { resourceArn: arn, webAclArn: webAcl });
        assert.equal(deleteBeforeReplace, true);
    });

    describe("a key of one's own", () => {
        const inputs = (type: string, key: string) => full.of(type).map((each: Registration) => each.inputs[key]);

        it("encrypts logs, secrets, images, alarm messages and shells, and none does without one", () => {
            const groups = inputs("aws:cloudwatch/logGroup:LogGroup", "kmsKeyId");
            assert.deepEqual(groups, [kmsKey, kmsKey, kmsKey, kmsKey]);
            assert.deepEqual(inputs("aws:secretsmanager/secret:Secret", "kmsKeyId"), [kmsKey]);
            assert.deepEqual(inputs("aws:ecr/repository:Repository", "encryptionConfigurations"), [
                [{ encryptionType: "KMS", kmsKey }],
            ]);
            assert.deepEqual(inputs("aws:sns/topic:Topic", "kmsMasterKeyId"), [kmsKey]);
            assert.deepEqual(inputs("aws:ecs/cluster:Cluster", "configuration"), [
                {
                    executeCommandConfiguration: {
                        kmsKeyId: kmsKey,
                        logging: "OVERRIDE",
                        logConfiguration: {
                            cloudWatchLogGroupName: "/ecs/fargate-cicd-dev/shell",
                            cloudWatchEncryptionEnabled: true,
                        },
                    },
                },
            ]);
            const using = run.registrations.filter((each) => /kms/i.test(JSON.stringify(withoutSource(each))));
            assert.deepEqual(
                using.map(({ name, type }) => `${type} ${name}`),
                ["pulumi-nodejs:dynamic/guard:RunningStack main"], // where it is noted that there is none
            );
        });

        it("is used by ECS for secrets, through Secrets Manager alone, by the shell's agent, and by no other role", () => {
            const using = full.of("aws:iam/rolePolicy:RolePolicy").flatMap(({ name, inputs }) => {
                const { Statement } = JSON.parse(String(inputs.policy)) as Policy;
                return Statement.filter(({ Resource }) => [Resource].flat().includes(kmsKey)).map((each) => [
                    name,
                    each,
                ]);
            });
            const decrypt = (sid: string) => ({
                Sid: sid,
                Effect: "Allow",
                Action: ["kms:Decrypt"],
                Resource: [kmsKey],
            });
            const viaSecrets = { StringLike: { "kms:ViaService": "secretsmanager.*" } };
            assert.deepEqual(using, [
                ["main-execution", { ...decrypt("DecryptSecrets"), Condition: viaSecrets }],
                ["main-exec", decrypt("DecryptShell")],
            ]);
        });

        it("is of the stack's region, as is the web ACL", () => {
            for (const [key, value] of [
                ["kmsKeyArn", kmsKey],
                ["webAclArn", webAcl],
            ] as const) {
                const elsewhere = value.replace("ap-northeast-1", "eu-west-1");
                assert.ok(
                    refusal({ [key]: elsewhere }).includes(
                        `  - ${key}: expected one in ap-northeast-1, the stack's region, got "${elsewhere}"\n`,
                    ),
                    refusal({ [key]: elsewhere }),
                );
            }
        });
    });

    describe("is listed, control by control", () => {
        const folder = path.join(projectFolder, "docs/audit");
        const pages = fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name), "utf8"));
        const rows = pages
            .join("\n")
            .split("\n")
            .filter((line) => /^\| (CKV|[A-Z]\w+[.-])/.test(line));
        const listed = rows.flatMap((row) => row.split(" | ")[0]!.slice(2).split(", "));

        it("with settings that there are", () => {
            assert.ok(rows.length > 40, `${rows.length} controls`);
            const wrong = rows.flatMap((row) => {
                const [control, , holds = ""] = row.split(" | ");
                const verdict = /^(by default|with `\w+`|no: |not ours: |does not apply: )/;
                const [how = ""] = verdict.exec(holds) ?? [];
                const keys = [...how.matchAll(/`(\w+)`/g)].map(([, key]) => key!);
                return how !== "" && keys.every((key) => Object.hasOwn(table, key)) ? [] : [`${control}: ${holds}`];
            });
            assert.deepEqual(wrong, []);
        });

        it("once each, with every one that a scanner has for what the stack declares", async () => {
            for (const [scanner, ids] of Object.entries(controls)) {
                assert.deepEqual([scanner, ids.filter((id) => !listed.includes(id))], [scanner, []]);
            }
            assert.deepEqual(
                listed.filter((id, at) => listed.indexOf(id) !== at),
                [],
            );
            const declared = (await Promise.all(everything.map((scenario) => scenario())))
                .flatMap(({ registrations }) => registrations.map(({ type }) => type))
                .flatMap((type) => /^aws:(\w+)\/\w+:(\w+)$/.exec(type)?.slice(1).join(".") ?? []);
            assert.deepEqual([...new Set(declared)].sort(), kinds);
        });
    });
});

/** A guard's own code is among its inputs. */
function withoutSource({ inputs: { __provider: _source, ...inputs } }: Registration): object {
    return inputs;
}
