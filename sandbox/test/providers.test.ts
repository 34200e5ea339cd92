/** The upstream providers under the names of the SDKs that the program is written with. */
import * as aws from "@pulumi/aws";
import * as automation from "@pulumi/pulumi/automation";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { layOut } from "../../tools/awsxLayout";
import { account } from "../../tools/fakeCloud";
import { record } from "../../test/record";
import { everything } from "../../test/scenarios";
import { folderOf, requiredVersion } from "../machine/recipes";
import { run } from "../machine/run";
import { ensureToolchain, findGo } from "../machine/toolchain";
import { assuming } from "../stack/project";
import { propertiesRead } from "./propertiesRead";
import { setVariables } from "./variables";

interface Shape {
    readonly $ref?: string;
    readonly type?: string;
    readonly items?: Shape;
    readonly additionalProperties?: Shape;
}

type Properties = Readonly<Record<string, Shape>>;

interface Fields {
    readonly properties?: Properties;
}

/** Pulumi's package schema, as far as it is read here. */
interface Schema {
    readonly types: Readonly<Record<string, { readonly properties?: Properties }>>;
    readonly resources: Readonly<
        Record<string, { readonly inputProperties?: Properties; readonly properties?: Properties }>
    >;
    readonly functions: Readonly<Record<string, { readonly inputs?: Fields; readonly outputs?: Fields }>>;
    /** Its configuration. */
    readonly provider: { readonly inputProperties?: Properties };
}

/** What the program looks up of a release that refers to a secret of which the configuration has nothing. */
const inUse = {
    "aws:ecs/getService:getService": () => ({ deployments: [{ taskDefinition: "fargate-cicd-dev:7" }], tags: {} }),
    "aws:ecs/getTaskDefinition:getTaskDefinition": () => {
        const valueFrom = `arn:aws:secretsmanager:ap-northeast-1:${account}:secret:main-FORMER-a1b2c3:::`;
        return { containerDefinitions: JSON.stringify([{ secrets: [{ name: "FORMER", valueFrom }] }]) };
    },
    "aws:secretsmanager/getSecret:getSecret": () => ({ tags: { Project: "fargate-cicd", Stack: "dev" } }),
};
const withRelease = () => record({ lookups: inUse });

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-providers-"));
const nowhere = "http://127.0.0.1:1";

describe("the bridged providers", () => {
    const schemas: Record<string, Schema> = {};
    let binFolder: string;
    let restore: () => void;
    const schemaOf = (token: string) => schemas[token.split(":")[0]!]!;

    before(async () => {
        ({ binFolder } = await ensureToolchain(["engine", "aws", "github"], path.join(scratch, "bin")));
        restore = setVariables({ PATH: [binFolder, process.env.PATH].join(path.delimiter) }); // where the Automation API looks for the engine
        for (const provider of ["aws", "github"]) {
            const printed = await run(path.join(binFolder, `pulumi-resource-${provider}`), ["schema"]);
            schemas[provider] = JSON.parse(printed) as Schema;
        }
    });
    after(() => {
        restore?.();
        fs.rmSync(scratch, { recursive: true });
    });

    /** The paths in `value` that the schema does not have. */
    function unknownPaths(value: unknown, shape: Shape, schema: Schema, at: string): string[] {
        if (Array.isArray(value)) {
            return shape.items ? value.flatMap((each) => unknownPaths(each, shape.items!, schema, `${at}[]`)) : [at];
        }
        if (typeof value !== "object" || value === null || shape.additionalProperties || shape.type === "object") {
            return [];
        }
        if (!shape.$ref) {
            return Object.keys(value).length > 0 ? [at] : [];
        }
        const properties = schema.types[decodeURIComponent(shape.$ref.replace("#/types/", ""))]?.properties ?? {};
        return unknownIn(value as Record<string, unknown>, properties, schema, `${at}.`);
    }

    function unknownIn(values: Record<string, unknown>, properties: Properties, schema: Schema, at = ""): string[] {
        return Object.entries(values).flatMap(([key, value]) =>
            properties[key] ? unknownPaths(value, properties[key], schema, at + key) : [at + key],
        );
    }

    /** An SDK hands a provider's configuration on as text, and what is more than text as JSON. */
    const plain = (value: unknown, shape: Shape | undefined): unknown =>
        typeof value === "string" && shape && shape.type !== "string" ? JSON.parse(value) : value;

    it("know every property that the program sets, in all that it can declare", async () => {
        const types = new Set<string>();
        for (const scenario of everything) {
            const { registrations } = await scenario();
            for (const { type, name, inputs } of registrations.filter((each) => /^(aws|github):/.test(each.type))) {
                const schema = schemaOf(type);
                assert.ok(schema.resources[type], `${type} is not mapped`);
                const unknown = unknownIn(inputs, schema.resources[type].inputProperties ?? {}, schema);
                assert.deepEqual(unknown, [], `${type} ${name}`);
                types.add(type);
            }
        }
        assert.ok(types.size > 30, [...types].join(", "));
    });

    it("know everything that its look-ups ask by", async () => {
        const tokens = new Set<string>();
        for (const scenario of [...everything, withRelease]) {
            const { lookups } = await scenario();
            for (const { token, inputs } of lookups.filter((each) => /^(aws|github):/.test(each.token))) {
                const schema = schemaOf(token);
                assert.ok(schema.functions[token], `${token} is not mapped`);
                assert.deepEqual(
                    unknownIn(inputs, schema.functions[token].inputs?.properties ?? {}, schema),
                    [],
                    token,
                );
                tokens.add(token);
            }
        }
        assert.ok(tokens.size > 20, [...tokens].join(", "));
        for (const token of Object.keys(inUse)) assert.ok(tokens.has(token), token);
    });

    it("know the configuration that they are given", async () => {
        const appAuth = JSON.stringify({ id: "1", installationId: "2", pemFile: "key" });
        const logins = [
            () => record({ config: { "github:token": "t" } }),
            () => record({ config: { "github:appAuth": appAuth } }),
        ];
        const recordings = await Promise.all([...logins, ...everything].map((scenario) => scenario()));
        const given = [
            ["aws", { region: "eu-west-1", assumeRoles: assuming("arn") }] as const, // in the stack's file
            ...recordings
                .flatMap(({ registrations }) => registrations)
                .filter(({ type }) => /^pulumi:providers:(aws|github)$/.test(type))
                .map(({ type, inputs }) => [type.split(":")[2]!, inputs] as const),
        ];
        const keys = new Set<string>();
        for (const [name, inputs] of given) {
            const schema = schemas[name]!;
            const { inputProperties = {} } = schema.provider;
            const values = Object.entries(inputs).map(
                ([key, value]) => [key, plain(value, inputProperties[key])] as const,
            );
            assert.deepEqual(unknownIn(Object.fromEntries(values), inputProperties, schema), [], name);
            values.forEach(([key]) => keys.add(`${name}:${key}`));
        }
        for (const key of ["github:owner", "github:token", "github:appAuth"]) {
            assert.ok(keys.has(key), `${key} is not among ${[...keys].join(", ")}`);
        }
    });

    it("know every output that the program reads", () => {
        const read = propertiesRead();
        assert.ok(read.length > 40, `${read.length} properties are read`);
        const names = read.map(({ token, property }) => `${token} ${property}`);
        for (const each of [
            "aws:ecs/cluster:Cluster name", // of a resource
            "aws:ecs/getService:getService deployments", // in a pattern
            "aws:ecs/getServiceDeployment:getServiceDeployment taskDefinition", // within what a look-up finds
            "aws:acm/CertificateDomainValidationOption:CertificateDomainValidationOption resourceRecordName", // within an output
        ]) {
            assert.ok(names.includes(each), `${each} is not among ${names.join(", ")}`);
        }
        const missing = read.filter(({ token, property }) => {
            const { resources, functions, types } = schemaOf(token);
            const { properties: outputs = {} } = resources[token] ?? functions[token]?.outputs ?? types[token] ?? {};
            return !(property in outputs) && !["id", "urn"].includes(property);
        });
        assert.deepEqual(missing, []);
    });

    it("would miss a property that an SDK has under another name", () => {
        const secret = { secretName: "S", plaintextValue: "v", repository: "r" };
        const token = "github:index/actionsSecret:ActionsSecret";
        const { inputProperties = {} } = schemas.github!.resources[token]!;
        assert.deepEqual(unknownIn(secret, inputProperties, schemas.github!), ["plaintextValue"]);
        const zone = { name: "example.com", filters: [] };
        const { inputs } = schemas.aws!.functions["aws:route53/getZone:getZone"]!;
        assert.deepEqual(unknownIn(zone, inputs!.properties!, schemas.aws!), ["filters"]);
        const appAuth = { id: "1", installationId: "2", pem: "key" };
        const { inputProperties: configuration = {} } = schemas.github!.provider;
        assert.deepEqual(unknownIn({ appAuth }, configuration, schemas.github!), ["appAuth.pem"]);
    });

    it("refuse to start where their calls would leave this machine", async () => {
        const start = (provider: string, env: Record<string, string>) =>
            run(path.join(binFolder, `pulumi-resource-${provider}`), ["127.0.0.1:1"], { env, timeout: 20_000 });
        await assert.rejects(start("aws", { AWS_ENDPOINT_URL: "" }), /AWS_ENDPOINT_URL is not set/);
        await assert.rejects(
            start("aws", { AWS_ENDPOINT_URL: nowhere, AWS_ENDPOINT_URL_ECS: "https://ecs.eu-west-1.amazonaws.com" }),
            /AWS_ENDPOINT_URL_ECS is "https:.*not on this machine/,
        );
        await assert.rejects(
            start("github", { GITHUB_BASE_URL: "https://api.github.com/" }),
            /GITHUB_BASE_URL is "https:\/\/api\.github\.com\/", which is not on this machine/,
        );
    });

    it("have a guard that passes its own tests, in Go", async () => {
        const folder = folderOf("pulumi");
        const go = await findGo(requiredVersion(fs.readFileSync(path.join(folder, "go.mod"), "utf8"), "go"));
        // By its files it takes no module, and so nothing is downloaded or compiled but Go's own packages.
        const options = { cwd: path.join(folder, "bridged"), env: { CGO_ENABLED: "0", GOTOOLCHAIN: "local" } };
        assert.match(await run(go, ["test", "loopback.go", "loopback_test.go"], options), /^ok /);
    });

    it("refuse an endpoint in the configuration that is not on this machine, before they call it", async () => {
        const provider = () =>
            new aws.Provider("elsewhere", { region: "eu-west-1", endpoints: [{ sts: "https://sts.amazonaws.com" }] });
        await assert.rejects(upOf(provider), /sts\.amazonaws\.com.*not on this machine/s);
    });

    it("refuse a type that is not mapped, by its name", async () => {
        const program = () => {
            const skip = { skipCredentialsValidation: true, skipRequestingAccountId: true };
            const provider = new aws.Provider("asks-nobody", { region: "eu-west-1", ...skip });
            new aws.dynamodb.Table("t", { attributes: [] }, { provider });
        };
        await assert.rejects(upOf(program), /aws:dynamodb\/table:Table/);
    });

    /** Previews a program of its own on these providers. */
    async function upOf(program: () => unknown): Promise<void> {
        const folder = fs.mkdtempSync(path.join(scratch, "stack-"));
        const stack = await automation.LocalWorkspace.createStack(
            { stackName: "s", projectName: "p", program: () => Promise.resolve(void program()) },
            {
                workDir: folder,
                projectSettings: {
                    name: "p",
                    runtime: "nodejs",
                    backend: { url: `file://${folder}` },
                    plugins: { providers: [{ name: "aws", path: binFolder }] },
                } as automation.ProjectSettings,
                envVars: {
                    PULUMI_HOME: path.join(scratch, "home"),
                    PULUMI_CONFIG_PASSPHRASE: "test",
                    PULUMI_SKIP_UPDATE_CHECK: "true",
                    AWS_ENDPOINT_URL: nowhere,
                    AWS_REGION: "eu-west-1",
                    AWS_ACCESS_KEY_ID: "none",
                    AWS_SECRET_ACCESS_KEY: "none",
                    AWS_MAX_ATTEMPTS: "1",
                },
            },
        );
        await stack.preview();
    }
});

describe("the subnets of the awsx stand-in", () => {
    it("are those of awsx for two zones", () => {
        assert.deepEqual(
            layOut("10.0.0.0/16", 2).map(({ type, zone, cidr }) => `${type} ${zone} ${cidr}`),
            ["Public 0 10.0.64.0/19", "Private 0 10.0.0.0/18", "Public 1 10.0.192.0/19", "Private 1 10.0.128.0/18"],
        );
    });

    it("leave a fourth part of the VPC unused for three zones", () => {
        const planned = layOut("192.168.0.0/22", 3).filter(({ type }) => type === "Private");
        assert.deepEqual(
            planned.map(({ cidr }) => cidr),
            ["192.168.0.0/25", "192.168.1.0/25", "192.168.2.0/25"],
        );
    });

    it("are refused where a zone would get less than a /26", () => {
        assert.throws(() => layOut("10.0.0.0/26", 2), /10\.0\.0\.0\/26 has a \/27 for each of 2 availability zones/);
    });
});
