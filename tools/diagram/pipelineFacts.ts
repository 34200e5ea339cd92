/** Who releases: roles in AWS that workflows on GitHub become, by settings that the stack writes there. */
import * as fs from "node:fs";
import * as path from "node:path";
import { projectFolder, type Recording, type Registration } from "../recorder";
import type { Facts, Role } from "./model";

interface Statement {
    readonly Action: string | readonly string[];
    readonly Resource: readonly string[];
}

export function pipelineOf(resources: Recording): Pick<Facts, "oidcProvider" | "roles" | "github"> {
    const secrets = [...resources.of(types.secret), ...resources.of(types.environmentSecret)];
    const variables = [...resources.of(types.variable), ...resources.of(types.environmentVariable)];
    const [created] = resources.of("github:index/repository:Repository");
    const [environment] = resources.of("github:index/repositoryEnvironment:RepositoryEnvironment");
    const found = resources.lookups.find(({ token }) => token === "github:index/getRepository:getRepository");
    const valueOf = (name: string) => variables.find(({ inputs }) => inputs.variableName === name)?.inputs.value;
    const { owner } = resources.one("pulumi:providers:github").inputs;
    return {
        oidcProvider:
            resources.of("aws:iam/openIdConnectProvider:OpenIdConnectProvider").length > 0 ? "own" : "existing",
        roles: secrets.flatMap((secret) => roleOf(secret, resources) ?? []),
        github: {
            repository: created ? `${String(owner)}/${String(created.inputs.name)}` : String(found!.inputs.fullName),
            created: created !== undefined,
            environment: environment && {
                name: String(environment.inputs.environment),
                reviewed: environment.inputs.reviewers !== undefined,
            },
            secrets: secrets.map(({ inputs }) => String(inputs.secretName)).sort(),
            variables: variables.map(({ inputs }) => String(inputs.variableName)).sort(),
            hurdles: [
                ...(valueOf("IMAGE_SCAN") === "block" ? ["stops at critical findings"] : []),
                ...(valueOf("RELEASE_COMMAND") === "[]" ? [] : ["runs the release command"]),
            ],
        },
    };
}

const types = {
    secret: "github:index/actionsSecret:ActionsSecret",
    variable: "github:index/actionsVariable:ActionsVariable",
    environmentSecret: "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret",
    environmentVariable: "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
};

/** The role whose ARN a secret of GitHub's holds, and the workflow that reads that secret. */
function roleOf(secret: Registration, resources: Recording): Role | undefined {
    const role = resources.of("aws:iam/role:Role").find(({ outputs }) => outputs.arn === secret.inputs.value);
    if (!role) {
        return undefined;
    }
    const policies = resources
        .of("aws:iam/rolePolicy:RolePolicy")
        .filter(({ inputs }) => inputs.role === role.outputs.name);
    const statements = policies.flatMap(
        ({ inputs }) => (JSON.parse(String(inputs.policy)) as { Statement: Statement[] }).Statement,
    );
    const may = (action: string, on: unknown) =>
        statements.some(({ Action, Resource }) => [Action].flat().includes(action) && Resource.includes(String(on)));
    const trust = JSON.parse(String(role.inputs.assumeRolePolicy)) as {
        Statement: [{ Condition: { StringEquals: Record<string, string | string[]> } }];
    };
    const { StringEquals: equals } = trust.Statement[0].Condition;
    const [subject] = Object.entries(equals).flatMap(([key, value]) => (key.endsWith(":sub") ? [value].flat() : []));
    return {
        name: role.name.replace(/^main-/, ""),
        context: subject!.split(":").slice(2).join(":"),
        workflow: workflowReading(String(secret.inputs.secretName)),
        pushesImages: may("ecr:PutImage", resources.one("aws:ecr/repository:Repository").outputs.arn),
        rollsOut: may("ecs:UpdateService", resources.one("aws:ecs/service:Service").outputs.arn),
    };
}

/** @throws Error if no workflow reads the secret, or several do */
function workflowReading(secret: string): string {
    const folder = path.join(projectFolder, ".github/workflows");
    const found = fs
        .readdirSync(folder)
        .filter((file) => new RegExp(`secrets\\.${secret}\\b`).test(fs.readFileSync(path.join(folder, file), "utf8")));
    if (found.length !== 1) {
        throw new Error(
            `one workflow in ${folder} should read the secret ${secret}, found ${found.join(", ") || "none"}`,
        );
    }
    return found[0]!;
}
