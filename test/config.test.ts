import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { sourceOf } from "../infra/config";
import { partners, rules } from "./configTable";
import { attempt } from "./record";
import { configured, load, project, readYaml, refusal, type Values } from "./settings";

/** The refusal of one value: the key, what is expected, what was given, and the command that fixes it. */
const oneProblem = (key: string, expected: string, got: string, example: string) =>
    `Pulumi.dev.yaml has 1 invalid setting:\n  - ${key}: expected ${expected}, got ${got}\n    fix: pulumi config set ${key} ${/[\s[]/.test(example) ? `'${example}'` : example}`;

/** As Pulumi hands a value of a stack's file on. */
const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

/** Keys with entries of their own; the schema of Pulumi.yaml has no such type. */
const structured = ["environment", "secrets", "scaleSchedule", "schedules"];

describe("configuration", () => {
    for (const [key, { expected, example, bad, good }] of Object.entries(rules)) {
        it(`${key}: says what is expected, what was given and how to fix it`, () => {
            for (const value of bad) {
                assert.equal(refusal({ [key]: value }), oneProblem(key, expected, `"${value}"`, example));
            }
        });

        it(`${key}: is asked for when it is missing, as its default is in Pulumi.yaml and nowhere else`, () => {
            assert.equal(refusal({ [key]: undefined }), oneProblem(key, expected, "nothing", example));
        });

        it(`${key}: takes every value that the design allows`, () => {
            for (const value of good) {
                assert.doesNotThrow(() => load({ ...partners[key], [key]: value }), value);
            }
        });

        it(`${key}: is fixed by the command in its own message`, () => {
            assert.doesNotThrow(() => load({ minTasks: "1", ...partners[key], [key]: example }));
        });
    }

    it("covers every key of Pulumi.yaml", () => {
        const elsewhere = [
            "memory",
            "vpcId",
            "publicSubnetIds",
            "privateSubnetIds",
            "rolloutPercent",
            "rolloutStepMinutes",
            "domainName",
            "hostedZone",
            "githubReviewers",
            "taskPolicyFile",
            "taskPolicyAllowsAll",
        ]; // these depend on another key
        assert.deepEqual([...Object.keys(rules), ...elsewhere].sort(), Object.keys(project.config).sort());
    });

    it("asks for memory when it is missing or no number", () => {
        assert.match(
            refusal({ memory: undefined }),
            /^ {2}- memory: expected .+, got nothing\n {4}fix: pulumi config set memory 512$/m,
        );
        assert.match(
            refusal({ memory: "lots" }),
            /^ {2}- memory: expected .+, got "lots"\n {4}fix: pulumi config set memory 512$/m,
        );
    });

    it("asks for the region when it is missing or none", () => {
        const expected = 'an AWS region such as "ap-northeast-1"';
        for (const [region, got] of [
            [undefined, "nothing"],
            ["Tokyo", '"Tokyo"'],
            ["ap-northeast-1a", '"ap-northeast-1a"'],
        ] as const) {
            assert.equal(refusal({}, { region }), oneProblem("aws:region", expected, got, "ap-northeast-1"));
        }
        assert.equal(load({}, { region: "us-gov-west-1" }).region, "us-gov-west-1");
    });

    it("lists every problem at once", () => {
        const values: Values = {
            githubRepository: "shop",
            containerPort: "0",
            capacity: "cheap",
            vpcCidr: "10.0.0.1/16",
            memroy: "512",
        };
        const lines = refusal(values).split("\n");
        assert.equal(lines[0], "Pulumi.dev.yaml has 5 invalid settings:");
        assert.deepEqual(
            lines.filter((line) => line.startsWith("  - ")).map((line) => line.slice(4).split(":")[0]),
            ["githubRepository", "vpcCidr", "containerPort", "capacity", "memroy"],
        );
    });

    it("lists values that only together are wrong along with those that are wrong alone", () => {
        const values: Values = {
            githubRepository: "shop",
            cpu: "1024",
            memory: "512",
            minTasks: "3",
            maxTasks: "2",
        };
        assert.deepEqual(
            refusal(values, { stack: "Dev" })
                .split("\n")
                .filter((line) => line.startsWith("  - "))
                .map((line) => line.slice(4).split(":")[0]),
            ["githubRepository", "memory", "maxTasks", "stack name"],
        );
    });

    it("has a production example that needs the team's own names and nothing else", () => {
        const { config } = readYaml("Pulumi.prod.yaml.example") as { config: Record<string, unknown> };
        const set = Object.entries(config).filter(([key]) => key.startsWith(`${project.name}:`));
        const values = Object.fromEntries(set.map(([key, value]) => [key.slice(project.name.length + 1), text(value)]));
        const problems = [...refusal(values).matchAll(/^ {2}- (\w+):/gm)].map(([, key]) => key);
        assert.deepEqual(problems, ["githubRepository", "githubReviewers"]);
        const own = { githubRepository: "acme/shop", githubReviewers: "acme/platform" };
        const { github, deletionProtection } = load({ ...values, ...own }, { stack: "prod" });
        assert.deepEqual(
            [github.environment?.name, github.previews, github.oidcProvider, deletionProtection],
            ["prod", false, "existing", true],
        );
    });

    it("is asked for by pulumi new in keys that it knows, with its own defaults or examples", () => {
        const { template } = readYaml("Pulumi.yaml") as {
            template: { config: Record<string, { description: string; default?: string }> };
        };
        for (const [key, { description, default: value }] of Object.entries(template.config)) {
            assert.ok(description, key);
            if (key === "aws:region") {
                assert.ok(load({}, { region: value }));
            } else {
                const own = project.config[key]!.default;
                assert.equal(value, own === "" || own === "OWNER/REPOSITORY" ? undefined : own, key);
            }
        }
    });

    it("names a key that it does not know, rather than let a typing mistake become a default", () => {
        const known = [...Object.keys(project.config), ...structured].sort();
        const message = refusal({ zones: "3" });
        const [, list] =
            /^ {2}- zones: expected one of (.+), got an unknown key\n {4}fix: pulumi config rm zones$/m.exec(message) ??
            [];
        assert.deepEqual(list?.split(", ").sort(), known);
    });

    for (const [mistyped, meant] of [
        ["containerport", "containerPort"],
        ["memroy", "memory"],
        ["natGateway", "natGateways"],
        ["enviroment", "environment"],
        ["retentionDays", "logRetentionDays"],
        ["mintasks", "minTasks"],
    ] as const) {
        it(`takes ${mistyped} for ${meant}, and shows no value, which may be a secret`, () => {
            assert.equal(
                refusal({ [mistyped]: "hunter2" }),
                `Pulumi.dev.yaml has 1 invalid setting:\n  - ${mistyped}: expected ${meant}, got an unknown key\n` +
                    `    fix: pulumi config rm ${mistyped}, and set ${meant} in its place`,
            );
        });
    }

    it("names settings under another project's name, which Pulumi passes over", () => {
        const config = {
            "aws:region": "eu-west-1",
            "aws:profile": "work",
            "shop:githubRepository": "acme/shop",
            "fargate-cicd:minTasks": "3",
            "fargate-cicd:domainName": "shop.example.com",
            "datadog:site": "datadoghq.eu",
        };
        const source = sourceOf(config, { project: "shop", stack: "prod", region: "eu-west-1" });
        assert.equal(
            refusal({}, { ...source, get: (key) => source.get(key) ?? configured()[key] }),
            "Pulumi.prod.yaml has 1 invalid setting:\n" +
                "  - fargate-cicd:minTasks, fargate-cicd:domainName: expected shop:…, as Pulumi.yaml calls the project shop; " +
                "nothing reads fargate-cicd:…\n" +
                "    fix: write shop: in place of fargate-cicd: in Pulumi.prod.yaml, or delete what is there already",
        );
    });

    describe("of an encrypted value", () => {
        const got =
            "expected plain text, got an encrypted value, which would be plain text in the state and in AWS or on GitHub";

        it("refuses every key but secrets, without a word of the value, and says how to set each", () => {
            const { config: declared } = project;
            for (const key of ["aws:region", ...Object.keys(declared), ...structured]) {
                const values = key === "aws:region" ? {} : { [key]: "hunter2" };
                const message = () => refusal(values, { isEncrypted: (asked) => asked === key });
                if (key === "secrets") {
                    const secrets = JSON.stringify({ DB_PASSWORD: "hunter2" });
                    assert.ok(load({ secrets }, { isEncrypted: (asked) => asked === key }).secrets.DB_PASSWORD);
                } else {
                    assert.ok(
                        message().startsWith(
                            `Pulumi.dev.yaml has 1 invalid setting:\n  - ${key}: ${got}\n    fix: pulumi`,
                        ),
                        message(),
                    );
                    assert.doesNotMatch(message(), /hunter2/);
                }
            }
            const fixOf = (key: string) => refusal({}, { isEncrypted: (asked) => asked === key }).split("fix: ")[1];
            assert.equal(
                fixOf("environment"),
                "pulumi config set --secret --path secrets.NAME for each that is encrypted, " +
                    "and pulumi config rm --path environment.NAME",
            );
            assert.equal(fixOf("alarmEmail"), "pulumi config set alarmEmail <value> --plaintext");
            assert.match(fixOf("schedules")!, /^pulumi config rm schedules, then set each as .+ --plaintext$/);
        });

        it("hears from Pulumi that it is one", async () => {
            const values = { environment: '{"API_KEY":"hunter2"}', secrets: '{"DB_PASSWORD":"hunter2"}' };
            const encrypted = [`${project.name}:environment`, `${project.name}:secrets`, "github:token"];
            const { recording, failure } = await attempt({ values, encrypted });
            assert.match(failure!.message, /has 1 invalid setting:\n {2}- environment: expected plain text/);
            assert.deepEqual(recording.registrations, []);
        });
    });

    it("names settings of Pulumi and of GitHub's provider that would not do what they say, and no other", () => {
        const used = ["aws:region", "aws:defaultTags", "pulumi:tags", "docker-build:host"];
        const message = (...others: string[]) => refusal({}, { others: [...used, ...others] });
        assert.equal(
            message("pulumi:autonaming"),
            "Pulumi.dev.yaml has 1 invalid setting:\n  - pulumi:autonaming: expected none, as the stack knows its own " +
                "target groups and secrets by the names that Pulumi gives otherwise\n    fix: pulumi config rm pulumi:autonaming, " +
                "or take it out of Pulumi.yaml or the environment that has it",
        );
        for (const key of ["github:owner", "github:organization", "github:baseUrl", "github:writeDelayMs"]) {
            assert.equal(
                message(key, "github:token"),
                `Pulumi.dev.yaml has 1 invalid setting:\n  - ${key}: expected github:token or github:appAuth, ` +
                    `got a key that the program does not use\n    fix: pulumi config rm ${key}`,
            );
        }
        for (const key of ["github:token", "github:appAuth"]) {
            assert.ok(load({}, { others: [...used, key] }), key);
        }
        assert.match(
            message("github:appAuth", "github:token"),
            /- github:token: expected none beside github:appAuth, .+\n {4}fix: pulumi config rm github:token$/,
        );
    });

    it("reads exactly the keys that Pulumi.yaml declares, and the structured ones, which it cannot", () => {
        const asked: string[] = [];
        assert.throws(() => load({}, { get: (key) => void asked.push(key) }));
        assert.deepEqual(asked.sort(), [...Object.keys(project.config), ...structured].sort());
    });

    it("describes every key in Pulumi.yaml, as a text with a default: the program says what is wrong with a value", () => {
        for (const [key, { type, description, default: value }] of Object.entries(project.config)) {
            assert.ok(description.length > 10, `${key} has no description`);
            assert.deepEqual([type, typeof value], ["string", "string"], key);
        }
    });

    it("has the defaults that were decided on, all valid but the repository's placeholder", () => {
        const defaults = Object.fromEntries(
            Object.entries(project.config).map(([key, { default: value }]) => [key, value]),
        );
        const decided: Values = {
            githubRepository: "OWNER/REPOSITORY",
            githubBranch: "main",
            githubOidcProvider: "create",
            createGithubRepository: "false",
            githubEnvironment: "",
            githubReviewers: "",
            previewPullRequests: "true",
            previewToken: "organization",
            pulumiGithubApp: "true",
            name: "",
            containerPort: "8080",
            healthCheckPath: "/",
            domainName: "",
            hostedZone: "",
            cpu: "256",
            memory: "512",
            architecture: "x86_64",
            capacity: "on-demand",
            minTasks: "2",
            maxTasks: "4",
            vpcCidr: "10.0.0.0/16",
            availabilityZones: "2",
            natGateways: "single",
            logRetentionDays: "30",
            releasedBy: "pipeline",
            enableExec: "false",
            readOnlyRoot: "true",
            alarmEmail: "",
            containerInsights: "disabled",
            deletionProtection: "false",
        };
        assert.deepEqual({ ...defaults, ...decided }, defaults);
        const { expected, example } = rules.githubRepository!;
        assert.equal(
            refusal({ githubRepository: String(defaults.githubRepository) }),
            oneProblem("githubRepository", expected, '"OWNER/REPOSITORY"', example),
        );
    });

    it("has a dev stack that asks for the repository, and for nothing once that is filled in", () => {
        const { config } = readYaml("Pulumi.dev.yaml") as { config: Record<string, unknown> };
        const own = Object.entries(config).filter(([key]) => key.startsWith(`${project.name}:`));
        const values = Object.fromEntries(own.map(([key, value]) => [key.slice(project.name.length + 1), text(value)]));
        if (values.githubRepository === "OWNER/REPOSITORY") {
            assert.match(refusal(values), /^Pulumi\.dev\.yaml has 1 invalid setting:\n {2}- githubRepository: /);
        }
        assert.ok(load({ ...values, githubRepository: "acme/shop" }, { region: text(config["aws:region"]) }));
    });

    it("is project, stack and repository, split, in what the program gets", () => {
        const { name, tags, github } = load({ githubRepository: "acme/shop" }, { stack: "live" });
        assert.equal(name, "fargate-cicd-live");
        assert.deepEqual(tags, { Project: "fargate-cicd", Stack: "live", ManagedBy: "pulumi" });
        assert.deepEqual([github.owner, github.repository], ["acme", "shop"]);
    });

    it("is called by its own name where it has one, so that a renamed stack keeps what it has", () => {
        const { name, tags } = load({ name: "fargate-cicd-dev" }, { stack: "live" });
        assert.equal(name, "fargate-cicd-dev");
        assert.deepEqual(tags, { Project: "fargate-cicd", Stack: "live", ManagedBy: "pulumi" });
    });

    it("reads a boolean of former versions as what ECS calls it", () => {
        const read = (containerInsights: string) => load({ containerInsights }).containerInsights;
        assert.deepEqual(["true", "false"].map(read), ["enabled", "disabled"]);
        assert.equal(read("enhanced"), "enhanced");
    });

    it("registers nothing when it is invalid", async () => {
        for (const values of [{ githubRepository: "OWNER/REPOSITORY" }, { minTasks: "5" }, { natGateway: "none" }]) {
            const { recording, failure } = await attempt({ values });
            assert.ok(pulumi.RunError.isInstance(failure), JSON.stringify(values));
            assert.match(failure.message, /^Pulumi\.dev\.yaml has 1 invalid setting:/);
            assert.deepEqual(recording.registrations, []);
            assert.deepEqual(recording.lookups, []);
        }
    });
});
