import assert from "node:assert/strict";
import { referencesInUse } from "../infra/service/inUse";
import { account, failure, secretArn } from "../tools/fakeCloud";
import { assertVerdicts, policyOf, type Call } from "./iam";
import { attempt, record, type Recording, type Scenario } from "./record";
import { databasePassword, existingParameter, existingSecret, standard, withDomain } from "./scenarios";
import { load } from "./settings";
import { longestName } from "../infra/config/awsKinds";

const region = "ap-northeast-1";
const secretType = "aws:secretsmanager/secret:Secret";
const versionType = "aws:secretsmanager/secretVersion:SecretVersion";

describe("variables and secrets of the app", () => {
    let run: Recording;
    before(async () => {
        run = await withDomain();
    });

    const isTaken = (values: Record<string, string>) => {
        try {
            return Boolean(load(values));
        } catch {
            return false;
        }
    };
    const container = (recording: Recording) => {
        const { containerDefinitions } = recording.one("aws:ecs/taskDefinition:TaskDefinition").inputs;
        const [only] = JSON.parse(String(containerDefinitions)) as Record<string, { name: string }[]>[];
        return only!;
    };

    it("reach the container: plain ones as they are, secrets by their address and version", () => {
        const { environment, secrets } = container(run);
        assert.deepEqual(environment, [
            { name: "LOG_LEVEL", value: "debug" },
            { name: "WORKERS", value: "4" },
        ]);
        const { versionId } = run.one(versionType).outputs;
        assert.deepEqual(secrets, [
            { name: "DB_PASSWORD", valueFrom: `${secretArn("main-DB_PASSWORD")}:::${String(versionId)}` },
            { name: "API_KEY", valueFrom: `${existingSecret}:key::` },
            { name: "TOKEN", valueFrom: existingParameter },
        ]);
    });

    it("make a secret of each that is given, and none of those that exist already", () => {
        const { name, inputs } = run.one(secretType);
        const { tags: _, ...own } = inputs;
        assert.equal(name, "main-DB_PASSWORD");
        assert.deepEqual(own, { description: "DB_PASSWORD of the app", recoveryWindowInDays: 0 });
        assert.deepEqual(run.one(versionType).inputs, { secretId: secretArn(name), secretString: databasePassword });
    });

    it("are secret to Pulumi, and so encrypted in the state", () => {
        assert.deepEqual(run.one(versionType).secrets, ["secretString"]);
    });

    it("have their values in that one place: in no other input, no output, no name", () => {
        const elsewhere = run.registrations.filter(({ type }) => type !== versionType);
        assert.ok(!JSON.stringify(elsewhere.map(({ name, inputs }) => [name, inputs])).includes(databasePassword));
        assert.ok(!JSON.stringify(run.outputs).includes(databasePassword));
        assert.deepEqual(run.secretOutputs, []);
    });

    it("are as many as the role's policy has room for, and more are refused before any is made", async () => {
        const kinds: readonly ((index: number) => string)[] = [
            (index) => `${existingParameter}/of/another/team/${index}`,
            (index) => existingSecret.replace(/-\w{6}$/, `/of-another-team-${index}-AbCdEf`),
            () => "correct-horse",
        ];
        for (const valueOf of kinds) {
            const values = (count: number) => {
                const secrets = Array.from(
                    { length: count },
                    (_, index) => [`VARIABLE_${index}`, valueOf(index)] as const,
                );
                return { name: "n".repeat(longestName), secrets: JSON.stringify(Object.fromEntries(secrets)) };
            };
            let most = 1;
            while (most < 200 && isTaken(values(most + 1))) most++;
            assert.throws(
                () => load(values(most + 1)),
                /secrets: expected what the policy of the role .* 8500 characters/,
            );
            const { policy } = (await record({ values: values(most) })).one(
                "aws:iam/rolePolicy:RolePolicy",
                "main-execution",
            ).inputs;
            const { length } = String(policy).replace(/\s/g, "");
            assert.ok(length > 7_500 && length <= 10_240, `${most} secrets take ${length} characters`);
        }
    });

    it("are read by the execution role, exactly these, and decrypted with whichever key each has", async () => {
        const anyKey = `arn:aws:kms:${region}:*:key/*`; // a secret's key may be another account's
        const policy = policyOf(run.one("aws:iam/rolePolicy:RolePolicy", "main-execution"));
        const reading = policy.Statement.filter(({ Action }) => /secretsmanager|ssm|kms/.test(JSON.stringify(Action)));
        assert.deepEqual(
            reading.map(({ Sid: _, ...statement }) => statement),
            [
                {
                    Effect: "Allow",
                    Action: ["secretsmanager:GetSecretValue"],
                    Resource: [secretArn("main-DB_PASSWORD"), existingSecret],
                },
                {
                    Effect: "Allow",
                    Action: ["kms:Decrypt"],
                    Resource: [anyKey],
                    Condition: { StringEquals: { "kms:EncryptionContext:SecretARN": [existingSecret] } },
                },
                { Effect: "Allow", Action: ["ssm:GetParameters"], Resource: [existingParameter] },
                {
                    Effect: "Allow",
                    Action: ["kms:Decrypt"],
                    Resource: [anyKey],
                    Condition: { StringEquals: { "kms:EncryptionContext:PARAMETER_ARN": [existingParameter] } },
                },
            ],
        );
        await assertVerdicts(policy, "allowed", [
            ["secretsmanager:GetSecretValue", secretArn("main-DB_PASSWORD")],
            ["secretsmanager:GetSecretValue", existingSecret],
            ["ssm:GetParameters", existingParameter],
        ]);
        await assertVerdicts(policy, "denied", [
            ["secretsmanager:GetSecretValue", secretArn("other")],
            ["secretsmanager:GetSecretValue", secretArn("main-DB_PASSWORD_2")],
            ["secretsmanager:GetSecretValue", `arn:aws:secretsmanager:${region}:${account}:secret:shared/api-Other1`],
            ["secretsmanager:PutSecretValue", secretArn("main-DB_PASSWORD")],
            ["secretsmanager:DeleteSecret", secretArn("main-DB_PASSWORD")],
            ["secretsmanager:ListSecrets", "*"],
            ["ssm:GetParameters", `${existingParameter}-2`],
            ["ssm:PutParameter", existingParameter],
        ]);
    });

    it("can be read once a revision names them", () => {
        const { dependsOn } = run.one("aws:ecs/taskDefinition:TaskDefinition");
        assert.ok(dependsOn.includes(run.one("aws:iam/rolePolicy:RolePolicy", "main-execution")));
    });

    it("are read by no other role", async () => {
        const calls: Call[] = [
            ["secretsmanager:GetSecretValue", secretArn("main-DB_PASSWORD")],
            ["ssm:GetParameters", existingParameter],
        ];
        const others = run.of("aws:iam/rolePolicy:RolePolicy").filter(({ name }) => name !== "main-execution");
        const names = others.map(({ name }) => name).sort();
        assert.deepEqual(names, ["main-deploy", "main-preview", "main-shift", "main-shift-tasks"]);
        for (const policy of others) {
            await assertVerdicts(policyOf(policy), "denied", calls);
        }
    });

    it("need no permission where there are none", async () => {
        const plain = await standard();
        assert.deepEqual([...plain.of(secretType), ...plain.of(versionType)], []);
        const { environment, secrets } = container(plain);
        assert.deepEqual([environment, secrets], [[], []]);
        const policy = JSON.stringify(policyOf(plain.one("aws:iam/rolePolicy:RolePolicy", "main-execution")));
        assert.doesNotMatch(policy, /secretsmanager|ssm/);
    });

    it("may differ in their capitals only", async () => {
        const secrets = JSON.stringify({ TOKEN: "one", token: "two" });
        const { recording, failure } = await attempt({ values: { secrets } });
        assert.equal(failure, undefined);
        assert.deepEqual(
            recording.of(secretType).map(({ name }) => name),
            ["main-TOKEN", "main-token"],
        );
    });
});

describe("secrets that a release refers to, and the configuration no more", () => {
    const other = `arn:aws:secretsmanager:${region}:${account}:secret:shared/mail-Qw3rT7`;
    const parameter = `arn:aws:ssm:${region}:${account}:parameter/shop/former`;
    const revisions: Readonly<Record<string, unknown>> = {
        [`arn:aws:ecs:${region}:${account}:task-definition/fargate-cicd-dev:7`]: [
            { name: "app", secrets: [{ name: "DB_PASSWORD", valueFrom: `${secretArn("main-DB_PASSWORD")}:::0123` }] },
            { name: "agent" },
        ],
        [`arn:aws:ecs:${region}:${account}:task-definition/fargate-cicd-dev:6`]: [
            {
                name: "app",
                secrets: [
                    { name: "DB_PASSWORD", valueFrom: `${secretArn("main-DB_PASSWORD")}:::0122` },
                    { name: "MAIL", valueFrom: `${other}:password::` },
                    { name: "FORMER", valueFrom: parameter },
                ],
            },
        ],
    };
    /** During the rollout of one revision over the other. */
    const running = {
        "aws:ecs/getService:getService": ({ clusterArn, serviceName }: Readonly<Record<string, unknown>>) => {
            assert.deepEqual([clusterArn, serviceName], ["fargate-cicd-dev", "fargate-cicd-dev"]);
            const deployments = Object.keys(revisions).map((taskDefinition) => ({ taskDefinition }));
            return { deployments, tags: { Project: "fargate-cicd", Stack: "dev" } };
        },
        "aws:ecs/getTaskDefinition:getTaskDefinition": ({ taskDefinition }: Readonly<Record<string, unknown>>) => ({
            containerDefinitions: JSON.stringify(revisions[String(taskDefinition)]),
        }),
        "aws:secretsmanager/getSecret:getSecret": () => ({ tags: { Project: "fargate-cicd", Stack: "dev" } }),
    };
    const without = (secrets: Readonly<Record<string, string>> = {}) =>
        record({ values: { secrets: JSON.stringify(secrets) }, lookups: running });

    const readable = (run: Recording) =>
        policyOf(run.one("aws:iam/rolePolicy:RolePolicy", "main-execution")).Statement.flatMap(
            ({ Action, Resource }) => (/secretsmanager|ssm/.test(JSON.stringify(Action)) ? Resource : []),
        );

    it("stay as they are, and can be read by the tasks that ECS starts of it", async () => {
        const run = await without();
        const { name, inputs } = run.one(secretType);
        assert.deepEqual([name, inputs.recoveryWindowInDays], ["main-DB_PASSWORD", 0]);
        assert.deepEqual(run.one(versionType).ignoreChanges, ["secretString"]);
        assert.deepEqual(readable(run), [secretArn("main-DB_PASSWORD"), other, parameter]);
    });

    it("are in no new revision", async () => {
        const { containerDefinitions } = (await without()).one("aws:ecs/taskDefinition:TaskDefinition").inputs;
        assert.deepEqual((JSON.parse(String(containerDefinitions)) as { secrets: unknown }[])[0]!.secrets, []);
    });

    it("stay as well where an ARN has taken the place of the value", async () => {
        const run = await without({ DB_PASSWORD: existingSecret });
        assert.deepEqual(run.of(secretType).length, 1);
        assert.deepEqual(readable(run), [secretArn("main-DB_PASSWORD"), existingSecret, other, parameter]);
    });

    it("are another stack's where they have its tags, whose variable has the same name", async () => {
        const theirs = secretArn("main-DB_PASSWORD");
        const taggedBy = (Stack: string, Project = "fargate-cicd") => ({
            ...running,
            "aws:secretsmanager/getSecret:getSecret": ({ arn }: Readonly<Record<string, unknown>>) => {
                assert.equal(arn, theirs);
                return { tags: { Project, Stack } };
            },
        });
        const referring = (lookups: Scenario["lookups"]) =>
            record({ values: { secrets: JSON.stringify({ DB_PASSWORD: `${theirs}:::0123` }) }, lookups });
        const decrypted = (run: Recording) =>
            policyOf(run.one("aws:iam/rolePolicy:RolePolicy", "main-execution")).Statement.flatMap(
                ({ Condition }) => Condition?.StringEquals?.["kms:EncryptionContext:SecretARN"] ?? [],
            );
        const shared = await referring(taggedBy("another"));
        assert.deepEqual([shared.of(secretType).length, decrypted(shared).includes(theirs)], [0, true]);
        const foreign = await referring(taggedBy("dev", "another-project"));
        assert.deepEqual([foreign.of(secretType).length, decrypted(foreign).includes(theirs)], [0, true]);
        // After it has been taken out of the configuration as well, while a release names it.
        const former = await record({ lookups: taggedBy("another") });
        assert.deepEqual([former.of(secretType).length, decrypted(former).includes(theirs)], [0, true]);
        const own = await referring(taggedBy("dev"));
        assert.deepEqual([own.of(secretType).length, decrypted(own).includes(theirs)], [1, false]);
    });

    it("are the configuration's where that has them, with its value, each once", async () => {
        const run = await without({ DB_PASSWORD: databasePassword, MAIL: other });
        assert.equal(run.one(versionType).inputs.secretString, databasePassword);
        assert.deepEqual(run.one(versionType).ignoreChanges, []);
        assert.deepEqual(readable(run), [secretArn("main-DB_PASSWORD"), other, parameter]);
    });

    for (const [when, Stack] of [
        ["after a rename as well, of which nothing knows yet", "dev"],
        ["after a rename that came half-way as well", "staging"],
    ] as const) {
        it(`are the stack's own ${when}`, async () => {
            const tagged = () => ({ tags: { Project: "fargate-cicd", Stack } });
            const lookups = { ...running, "aws:secretsmanager/getSecret:getSecret": tagged };
            const run = await record({ stack: "staging", values: { name: "fargate-cicd-dev" }, lookups });
            assert.equal(run.one(secretType).name, "main-DB_PASSWORD");
        });
    }

    it("are not taken for gone where AWS does not say what runs", async () => {
        const throttled = () => failure("reading ECS Service: ThrottlingException: Rate exceeded");
        const { failure: thrown } = await attempt({
            lookups: { "aws:ecs/getService:getService": throttled },
            program: () => referencesInUse("fargate-cicd-dev", {}),
        });
        assert.match(String(thrown), /ThrottlingException/);
        const denied = () => failure("reading ECS Service: AccessDeniedException: not authorized");
        const asking = (preview: boolean) =>
            attempt({
                preview,
                lookups: { "aws:ecs/getService:getService": denied },
                program: () => referencesInUse("fargate-cicd-dev", {}),
            });
        assert.match(String((await asking(false)).failure), /AccessDenied/);
        assert.equal((await asking(true)).failure, undefined, "a pull request's preview, which may not look");
    });
});
