/**
 * The actions' stand-ins, run as a runner runs an action: what they ask AWS and Docker for, and with which words they fail. The
 * originals are aws-actions/amazon-ecs-deploy-task-definition 2.6.3, -render-task-definition 1.9.0, amazon-ecr-login 2.1.7,
 * configure-aws-credentials 6.2.3 and docker/build-push-action 7.3.0.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { failuresOf } from "../workflow/act";

const checkout = path.join(__dirname, "../..");
const runner = { GITHUB_WORKSPACE: "", GITHUB_OUTPUT: "", GITHUB_ENV: "", GITHUB_STATE: "", RUNNER_TEMP: "" };

/** What is answered: a body, or an error of AWS, as JSON with its code or as XML. */
type Answer = object | { readonly __type: string; readonly message: string } | string;

describe("the stand-in", () => {
    let folder: string;
    let server: http.Server;
    const asked: [call: string, body: any][] = [];
    let answers: Record<string, (time: number) => Answer> = {};

    beforeEach(async () => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-action-"));
        fs.mkdirSync(path.join(folder, "bin"));
        asked.length = 0;
        server = http.createServer((request, response) => {
            let text = "";
            request.on("data", (chunk) => (text += chunk));
            request.on("end", () => {
                // JSON by its target, STS's forms by their action, and GitHub's tokens.
                const form = new URLSearchParams(text);
                const target =
                    request.headers["x-amz-target"] ?? form.get("Action") ?? new URL(request.url!, "http://a").pathname;
                const call = String(target).split(".").at(-1)!;
                asked.push([call, text.startsWith("{") ? JSON.parse(text) : Object.fromEntries(form)]);
                const answer = answers[call]!(asked.filter(([each]) => each === call).length);
                response.statusCode = typeof answer === "string" || "__type" in answer ? 400 : 200;
                response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    afterEach(async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
        fs.rmSync(folder, { recursive: true });
    });

    /** Runs a file of an action, and tells what it wrote, where a runner reads it. */
    async function run(script: string, inputs: Record<string, string>, env: Record<string, string> = {}) {
        const files = Object.fromEntries(Object.keys(runner).map((name) => [name, path.join(folder, name)]));
        for (const name of ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STATE"]) {
            fs.writeFileSync(files[name]!, "");
        }
        const child = spawn(process.execPath, [path.join(checkout, "sandbox/actions", script)], {
            env: {
                ...files,
                GITHUB_WORKSPACE: folder,
                RUNNER_TEMP: folder,
                HOME: folder,
                SANDBOX_CHECKOUT: checkout,
                AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
                AWS_EC2_METADATA_DISABLED: "true",
                AWS_REGION: "eu-central-1",
                PATH: `${folder}/bin:${process.env.PATH}`,
                ...Object.fromEntries(
                    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
                ),
                ...env,
            },
        });
        let output = "";
        child.stdout.on("data", (chunk) => (output += chunk));
        child.stderr.on("data", (chunk) => (output += chunk));
        const code = await new Promise((resolve) => child.on("close", resolve));
        const written = (name: string) =>
            Object.fromEntries(
                [...fs.readFileSync(files[name]!, "utf8").matchAll(/^(.+)<<(end-.+)\n([^]*?)\n\2$/gm)].map(
                    ([, key, , value]) => [key, value],
                ),
            ) as Record<string, string>;
        return {
            code,
            output,
            errors: [...output.matchAll(/^::error::(.*)$/gm)].map(([, message]) => message),
            outputs: written("GITHUB_OUTPUT"),
            environment: written("GITHUB_ENV"),
            state: written("GITHUB_STATE"),
        };
    }
    const signed = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "secret" };

    describe("of the deploy action", () => {
        const script = "aws-actions/amazon-ecs-deploy-task-definition/index.js";
        const arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/app:2";
        const rendered = (definition: object) =>
            fs.writeFileSync(path.join(folder, "task.json"), JSON.stringify(definition));
        const deploy = (more: Record<string, string> = {}) =>
            run(script, { "task-definition": "task.json", ...more }, signed);
        beforeEach(() => {
            rendered({ family: "app", containerDefinitions: [{ name: "app" }] });
            answers = {
                RegisterTaskDefinition: () => ({ taskDefinition: { taskDefinitionArn: arn } }),
            };
        });

        it("registers the rendered revision, and touches no service", async () => {
            const { code, outputs, output } = await deploy();
            assert.equal(code, 0, output);
            assert.deepEqual(outputs, { "task-definition-arn": arn });
            assert.deepEqual(
                asked.map(([call]) => call),
                ["RegisterTaskDefinition"],
            );
        });

        it("sends nothing that is empty, but the values of environment variables", async () => {
            rendered({
                family: "app",
                taskDefinitionArn: arn,
                revision: 1,
                status: "ACTIVE",
                tags: [],
                volumes: [{}],
                ephemeralStorage: null,
                containerDefinitions: [
                    {
                        name: "app",
                        cpu: 0,
                        essential: false,
                        command: ["run", ""],
                        mountPoints: [],
                        environment: [
                            { name: "EMPTY", value: "" },
                            { name: "FULL", value: "x" },
                        ],
                        linuxParameters: { capabilities: { add: [], drop: [] } },
                    },
                ],
            });
            await deploy();
            assert.deepEqual(asked[0], [
                "RegisterTaskDefinition",
                {
                    family: "app",
                    containerDefinitions: [
                        {
                            name: "app",
                            cpu: 0,
                            essential: false,
                            command: ["run"],
                            environment: [
                                { name: "EMPTY", value: "" },
                                { name: "FULL", value: "x" },
                            ],
                        },
                    ],
                },
            ]);
        });

        it("fails with AWS's words, said twice, and asks for the file", async () => {
            const denied = {
                __type: "AccessDeniedException",
                message: "not authorized to perform: ecs:RegisterTaskDefinition",
            };
            answers.RegisterTaskDefinition = () => denied;
            const { code, errors } = await deploy();
            const message = `Failed to register task definition in ECS: ${denied.message}`;
            assert.deepEqual([code, errors], [1, [message, denied.message]]);
            assert.deepEqual((await deploy({ "task-definition": "" })).errors, [
                "Input required and not supplied: task-definition",
            ]);
            assert.match((await deploy({ service: "s" })).errors[0]!, /does not know the input service/);
        });
    });

    it("of the render action fails with its words, and leaves out what nothing registers", async () => {
        const script = "aws-actions/amazon-ecs-render-task-definition/index.js";
        const containerDefinitions = [{ name: "app", image: "old" }];
        answers.DescribeTaskDefinition = () => ({
            taskDefinition: { family: "app", revision: 3, taskDefinitionArn: "arn:1", containerDefinitions },
            tags: [{ key: "Stack", value: "dev" }],
        });
        const inputs = { "task-definition-family": "app", "container-name": "app", image: "new" };
        const { outputs } = await run(script, inputs, signed);
        assert.deepEqual(JSON.parse(fs.readFileSync(outputs["task-definition"]!, "utf8")), {
            family: "app",
            containerDefinitions: [{ name: "app", image: "new" }],
            tags: [{ key: "Stack", value: "dev" }],
        });
        assert.deepEqual(asked[0]![1], { taskDefinition: "app", include: ["TAGS"] });
        const labelled = await run(
            script,
            { ...inputs, "docker-labels": "run=https://example.com/1\n  by=us\n" },
            signed,
        );
        const { containerDefinitions: made } = JSON.parse(
            fs.readFileSync(labelled.outputs["task-definition"]!, "utf8"),
        );
        assert.deepEqual(made[0].dockerLabels, { run: "https://example.com/1", by: "us" });
        const errors = async (more: Record<string, string>) =>
            (await run(script, { ...inputs, ...more }, signed)).errors;
        assert.deepEqual(await errors({ "container-name": "web" }), [
            "Invalid task definition: Could not find container definition with matching name",
        ]);
        assert.deepEqual(await errors({ "task-definition-family": "" }), [
            "Either task definition, task definition arn or task definition family must be provided",
        ]);
        answers.DescribeTaskDefinition = () => ({
            __type: "ClientException",
            message: "Unable to describe task definition.",
        });
        assert.deepEqual(await errors({}), [
            "Failed to describe task definition in ECS: Unable to describe task definition.",
            "Unable to describe task definition.",
        ]);
    });

    it("of the credentials action needs a role and a token, and drops what it has set after the job", async () => {
        const script = "aws-actions/configure-aws-credentials/index.js";
        const inputs = { "role-to-assume": "arn:aws:iam::123456789012:role/deploy", "aws-region": "eu-central-1" };
        const none = [
            "Credentials could not be loaded, please check your action inputs: Could not load credentials from any providers",
        ];
        const without = await run(script, inputs);
        assert.deepEqual([without.code, without.errors], [1, none]);
        assert.match(without.output, /Did you mean to set the `id-token` permission\?/);
        // The secret that a fork or Dependabot does not get is empty.
        const token = { ACTIONS_ID_TOKEN_REQUEST_TOKEN: "t", ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1:1/?a=b" };
        assert.deepEqual((await run(script, { ...inputs, "role-to-assume": "" }, token)).errors, none);
        assert.deepEqual((await run(script, { ...inputs, "aws-region": "" })).errors, [
            "Input required and not supplied: aws-region",
        ]);
        assert.deepEqual((await run(script, { ...inputs, "aws-region": "eu_1" }, token)).errors, [
            "Region is not valid: eu_1",
        ]);

        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?api-version=2.0`;
        answers["/token"] = () => ({ value: "jwt" });
        answers.AssumeRoleWithWebIdentity = () =>
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity" +
            "</Message></Error></ErrorResponse>";
        const refused = await run(script, inputs, { ...token, ACTIONS_ID_TOKEN_REQUEST_URL: url });
        assert.deepEqual(refused.errors, [
            "Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity",
        ]);
        const { Version: _, ...call } = asked.at(-1)![1];
        assert.deepEqual(call, {
            Action: "AssumeRoleWithWebIdentity",
            DurationSeconds: "3600",
            RoleArn: inputs["role-to-assume"],
            RoleSessionName: "GitHubActions",
            WebIdentityToken: "jwt",
        });
        answers["/token"] = () => "no such job";
        assert.deepEqual((await run(script, inputs, { ...token, ACTIONS_ID_TOKEN_REQUEST_URL: url })).errors, [
            "getIDToken call failed: Error message: Failed to get ID Token. Error Code : 400 Error Message: no such job",
        ]);

        const after = await run("aws-actions/configure-aws-credentials/cleanup.js", inputs, signed);
        assert.deepEqual(after.environment, {
            AWS_ACCESS_KEY_ID: "",
            AWS_SECRET_ACCESS_KEY: "",
            AWS_SESSION_TOKEN: "",
            AWS_DEFAULT_REGION: "",
            AWS_REGION: "",
        });
        const action = fs.readFileSync(
            path.join(checkout, "sandbox/actions/aws-actions/configure-aws-credentials/action.yml"),
            "utf8",
        );
        assert.match(action, /post: cleanup\.js/);
    });

    /** A Docker client that writes down how it was called, with what on its input, and ends as it is told. */
    const docker = (body = "") =>
        fs.writeFileSync(path.join(folder, "bin/docker"), `#!/bin/sh\necho "$@" >> ${folder}/docker.log\n${body}\n`, {
            mode: 0o755,
        });
    const dockerLog = () => fs.readFileSync(path.join(folder, "docker.log"), "utf8").trim().split("\n");

    it("of the login action logs in and, after the job, out again", async () => {
        const authorizationToken = Buffer.from("AWS:pass:word").toString("base64");
        answers.GetAuthorizationToken = () => ({
            authorizationData: [{ authorizationToken, proxyEndpoint: "http://localhost:4566" }],
        });
        const login = (inputs = {}) => run("aws-actions/amazon-ecr-login/index.js", inputs, signed);
        docker("cat > $(dirname $0)/../password");
        const { code, outputs, state, output } = await login();
        assert.equal(code, 0, output);
        assert.deepEqual([outputs, state], [{ registry: "localhost:4566" }, { registries: "localhost:4566" }]);
        assert.equal(fs.readFileSync(path.join(folder, "password"), "utf8"), "pass");
        assert.deepEqual((await login({ "skip-logout": "true" })).state, {});
        docker();
        const logout = (env: Record<string, string>) => run("aws-actions/amazon-ecr-login/logout.js", {}, env);
        assert.match(
            (await logout({ STATE_registries: "localhost:4566" })).output,
            /^Logging out of registry localhost:4566\n/,
        );
        await logout({});
        const asLogin = "login --username AWS --password-stdin http://localhost:4566";
        assert.deepEqual(dockerLog(), [asLogin, asLogin, "logout localhost:4566"]);
        docker("echo denied >&2; exit 1");
        assert.deepEqual((await login()).errors, ["Could not login: denied "]);
        assert.deepEqual((await logout({ STATE_registries: "a" })).errors, [
            "Could not logout of registry a: denied",
            "Failed to logout: a",
        ]);
    });

    it("of the build action tells what was built, and fails with BuildKit's last line", async () => {
        const build = (provenance: string, sbom?: string) =>
            run(
                "docker/build-push-action/index.js",
                { context: "app", tags: "a:1,a:2\na:3", push: "true", provenance, ...(sbom && { sbom }) },
                { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "a/b", GITHUB_RUN_ID: "7" },
            );
        docker(
            'while [ $# -gt 0 ]; do case "$1" in --iidfile) echo sha256:i > "$2";; ' +
                `--metadata-file) echo '{"containerimage.digest":"sha256:d"}' > "$2";; esac; shift; done`,
        );
        const { code, outputs } = await build("mode=max", "true");
        assert.deepEqual([code, outputs.imageid, outputs.digest], [0, "sha256:i", "sha256:d"]);
        assert.match(
            dockerLog()[0]!,
            new RegExp(
                "^buildx build .* --attest type=provenance,mode=max,builder-id=https://github.com/a/b/actions/runs/7/attempts/1 " +
                    "--attest type=sbom,disabled=false --tag a:1 --tag a:2 --tag a:3 .* --push app$",
            ),
        );
        await build("false");
        assert.match(dockerLog()[1]!, / --attest type=provenance,disabled=true --tag a:1 /);
        docker('echo "#1 building" >&2; echo "ERROR: failed to solve: exit code: 1" >&2; exit 1');
        assert.deepEqual((await build("false")).errors, ["buildx failed with: ERROR: failed to solve: exit code: 1"]);
        docker("exit 1");
        assert.deepEqual((await build("false")).errors, ["buildx failed with: unknown error"]);
    });

    it("is told from the step before it in what the release says, each with its own errors", () => {
        const log = [
            "[a/b]   ❗  ::error::Could not, as it is late",
            "[a/b]   ❌  Failure - Main Roll out [1.5s]",
            "[a/b] ⭐ Run Main Look",
            "[a/b]   ❓  ::error::Failed to: arn:aws::x",
            "[a/b]   ❗  ::error::arn:aws::x",
            "[a/b]   ❌  Failure - Main Look",
            "[a/b] ⭐ Run Main Find",
            "[a/b]   ❌  Failure - Main Find",
            "[a/b]   ❗  ::error::There is none",
            "[a/b] ⭐ Run Main See",
            "[a/b]   ❌  Failure - Main See [3s]",
            "[a/b] ⭐ Run Post Assume",
            "[a/b]   ❗  ::error::It is newer",
            "[a/b]   ✅  Success - Post Assume [112ms]",
            "[a/b] ⭐ Run Post Log in to ECR",
            "[a/b]   ❌  Failure - Post Log in to ECR [20ms]",
        ];
        assert.deepEqual(failuresOf(log), [
            "Roll out: Could not, as it is late",
            "Look: Failed to: arn:aws::x",
            "Find: There is none",
            "See: It is newer",
            "Post Log in to ECR",
        ]);
    });
});
