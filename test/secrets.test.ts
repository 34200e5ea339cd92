import assert from "node:assert/strict";
import { account, secretArn } from "../tools/fakeCloud";
import { assertVerdicts, policyOf, type Call } from "./iam";
import { attempt, type Recording } from "./record";
import { databasePassword, existingParameter, existingSecret, standard, withDomain } from "./scenarios";

const region = "ap-northeast-1";
const secretType = "aws:secretsmanager/secret:Secret";
const versionType = "aws:secretsmanager/secretVersion:SecretVersion";

describe("variables and secrets of the app", () => {
    let run: Recording;
    before(async () => {
        run = await withDomain();
    });

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

    it("are read by the execution role, exactly these", async () => {
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
                { Effect: "Allow", Action: ["ssm:GetParameters"], Resource: [existingParameter] },
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

    it("are read by no other role", async () => {
        const calls: Call[] = [
            ["secretsmanager:GetSecretValue", secretArn("main-DB_PASSWORD")],
            ["ssm:GetParameters", existingParameter],
        ];
        const others = run.of("aws:iam/rolePolicy:RolePolicy").filter(({ name }) => name !== "main-execution");
        assert.deepEqual(others.map(({ name }) => name).sort(), ["main-deploy", "main-preview"]);
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
