import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { load, refusal } from "./settings";

const arns = [
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-AbCdEf:password::",
    "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/shop/token",
];

/** The message with which the entries of a structured key are refused; a text is what Pulumi would hand over. */
const refusalOf = (key: "environment" | "secrets", entries: unknown, more: Record<string, string> = {}) =>
    refusal({ [key]: typeof entries === "string" ? entries : JSON.stringify(entries), ...more });

const names = "by names of letters, digits and underscores that ECS does not set itself (ECS_…)";
const messages = {
    environment:
        `Pulumi.dev.yaml has 1 invalid setting:\n  - environment: expected texts, ${names}\n` +
        "    fix: pulumi config rm environment, then set each as pulumi config set --path environment.LOG_LEVEL debug",
    secrets:
        "Pulumi.dev.yaml has 1 invalid setting:\n" +
        `  - secrets: expected texts that are not empty, or ARNs of a Secrets Manager secret or an SSM parameter, ${names}\n` +
        "    fix: pulumi config rm secrets, then set each as pulumi config set --secret --path secrets.DB_PASSWORD",
} as const;

const oneName = "a name of letters, digits and underscores that ECS does not set itself (ECS_…)";

/** The refusal of one entry's value. */
const badValue = (key: "environment" | "secrets", name: string) =>
    `Pulumi.dev.yaml has 1 invalid setting:\n  - ${key}.${name}: expected ` +
    (key === "environment"
        ? `a text\n    fix: pulumi config set --path environment.${name}`
        : "a text that is not empty, or the ARN of a Secrets Manager secret or an SSM parameter\n" +
          `    fix: pulumi config set --secret --path secrets.${name}`);

describe("configuration: variables and secrets", () => {
    it("are none where they are not set", () => {
        const { environment, secrets, secretArns } = load();
        assert.deepEqual([environment, secrets, secretArns], [{}, {}, {}]);
    });

    it("take numbers and booleans, as YAML has them, as text", () => {
        const environment = { LOG_LEVEL: "debug", WORKERS: 4, DEBUG: true, EMPTY: "", _x1: "ü\n" };
        assert.deepEqual(load({ environment: JSON.stringify(environment) }).environment, {
            LOG_LEVEL: "debug",
            WORKERS: "4",
            DEBUG: "true",
            EMPTY: "",
            _x1: "ü\n",
        });
    });

    it("make each value secret to Pulumi, and know an ARN for a secret that exists already", async () => {
        const entries = {
            DB_PASSWORD: "hunter2",
            ...Object.fromEntries(arns.map((arn, index) => [`ARN_${index}`, arn])),
        };
        const { secrets, secretArns } = load({ secrets: JSON.stringify(entries) });
        assert.deepEqual(Object.keys(secrets), ["DB_PASSWORD"]);
        assert.equal(await pulumi.isSecret(secrets.DB_PASSWORD!), true);
        assert.deepEqual(Object.values(secretArns), arns);
    });

    for (const key of ["environment", "secrets"] as const) {
        it(`${key}: refuses names that ECS or a shell refuses, or that ECS sets itself, and says which`, () => {
            const bad = ["", "1A", "A-B", "A.B", "A B", "A=B", "Ä", "ECS_CLUSTER", "ECS_CONTAINER_METADATA_URI_V4"];
            for (const name of [...bad, "AWS_EXECUTION_ENV", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", 'A"B']) {
                const plain = /^\w+$/.test(name);
                const at = plain ? `${key}.${name}` : `${key}[${JSON.stringify(name)}]`;
                assert.equal(
                    refusalOf(key, { GOOD: "x", [name]: "x" }),
                    `Pulumi.dev.yaml has 1 invalid setting:\n  - ${at}: expected ${oneName}\n` +
                        `    fix: pulumi config rm --path ${plain ? at : `'${at}'`}`,
                );
            }
        });

        it(`${key}: refuses what is no set of texts`, () => {
            for (const entries of ["debug", "[]", "null", "1", "{", '"A"']) {
                assert.equal(refusalOf(key, entries), messages[key]);
            }
        });

        it(`${key}: refuses an entry that is no text, and says which`, () => {
            for (const entry of [{ B: "x" }, ["x"], null]) {
                assert.equal(refusalOf(key, { GOOD: "x", A: entry }), badValue(key, "A"));
            }
        });
    }

    it("name each bad entry once, along with the others", () => {
        const message = refusalOf("environment", { "1A": {}, B: [], AWS_SESSION_TOKEN: null, GOOD: "x" });
        const subjects = [...message.matchAll(/^ {2}- (.+?): /gm)].map(([, subject]) => subject);
        assert.deepEqual(subjects, ["environment.1A", "environment.B", "environment.AWS_SESSION_TOKEN"]);
    });

    it("secrets: refuse what Secrets Manager does not take, and ARNs of other things", () => {
        const bad = [
            "",
            "x".repeat(65_537),
            "arn:aws:s3:::bucket",
            "arn:aws:secretsmanager:eu-west-1:12345:secret:x",
            "arn:aws:ssm:eu-west-1:123456789012:document/x",
        ];
        for (const value of bad) {
            assert.equal(refusalOf("secrets", { TOKEN: value }), badValue("secrets", "TOKEN"));
        }
        assert.doesNotThrow(() => load({ secrets: JSON.stringify({ TOKEN: "x".repeat(65_536) }) }));
    });

    it("secrets: refuse an ARN without the six characters that Secrets Manager adds, which IAM lets nobody read", () => {
        const secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret";
        for (const value of [
            `${secret}:shop/db`,
            `${secret}:shop/db:password::`,
            `${secret}:db-AbCde`,
            `${secret}:-AbCdEf`,
        ]) {
            assert.equal(
                refusalOf("secrets", { TOKEN: value }),
                "Pulumi.dev.yaml has 1 invalid setting:\n  - secrets.TOKEN: expected the complete ARN of the secret, with the hyphen and " +
                    "the six characters that Secrets Manager adds to its name\n" +
                    "    fix: pulumi config set --secret --path secrets.TOKEN",
            );
        }
    });

    it("environment: refuses AWS keys, by name and by look, with the way out; as secrets they are taken", () => {
        const id = `AKIA${"IOSFODNN7EXAMPLE"}`;
        const entries = {
            AWS_ACCESS_KEY_ID: "x",
            AWS_SECRET_ACCESS_KEY: "x",
            AWS_SESSION_TOKEN: "x",
            MINE: id,
            URL: `s3://${id.replace("AKIA", "ASIA")}:secret@bucket`,
        };
        for (const [name, value] of Object.entries(entries)) {
            assert.equal(
                refusalOf("environment", { [name]: value }),
                `Pulumi.dev.yaml has 1 invalid setting:\n  - environment.${name}: expected no AWS key, which would be plain text in ` +
                    "the state and in the task definition, and come before the credentials that the task's own role has: " +
                    "attach a policy to that role instead, or make the key one of secrets\n" +
                    `    fix: pulumi config rm --path environment.${name}`,
            );
            assert.doesNotThrow(() => load({ secrets: JSON.stringify({ [name]: value }) }));
        }
        const others = { AWS_REGION: "eu-west-1", AWS_PROFILE: "x", A: "AKIA", B: `X${id}`, C: `${id}A` };
        assert.doesNotThrow(() => load({ environment: JSON.stringify(others) }));
    });

    it("refuse a name that is in both, and no other name", () => {
        const environment = JSON.stringify({ TOKEN: "a", constructor: "b" });
        for (const value of ["hunter2", arns[0]!]) {
            assert.equal(
                refusalOf("secrets", { TOKEN: value }, { environment }),
                "Pulumi.dev.yaml has 1 invalid setting:\n  - TOKEN: expected in environment or in secrets, got in both\n" +
                    "    fix: pulumi config rm --path environment.TOKEN",
            );
        }
        assert.doesNotThrow(() => load({ environment, secrets: JSON.stringify({ OTHER: "x" }) }));
    });

    it("never show a value in a message", () => {
        const value = "hunter2-and-more";
        const refused = [
            refusalOf("secrets", { "BAD NAME": value }),
            refusalOf("secrets", { TOKEN: { nested: value } }),
            refusalOf("secrets", `{"TOKEN": "${value}"`),
            refusalOf("secrets", value),
            refusalOf("environment", { TOKEN: [value] }),
            refusalOf("environment", { AWS_SECRET_ACCESS_KEY: value }),
            refusalOf("environment", { TOKEN: "x" }, { secrets: JSON.stringify({ TOKEN: value }), cpu: "1" }),
        ];
        for (const message of refused) {
            assert.ok(!message.includes(value), message);
        }
    });
});
