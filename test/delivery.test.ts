import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { account, issuer, oidcProviderArn } from "../tools/fakeCloud";
import { mayAssume, policyOf, type Context, type Policy } from "./iam";
import type { Recording } from "./record";
import { alternative, standard } from "./scenarios";
import { projectFolder } from "./settings";

const providerType = "aws:iam/openIdConnectProvider:OpenIdConnectProvider";
const providerLookup = "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider";

describe("delivery: who may assume the roles", () => {
    let run: Recording;
    let other: Recording;
    before(async () => {
        run = await standard();
        other = await alternative();
    });

    const trust = (recording: Recording, role = "main-deploy"): Policy =>
        policyOf(recording.one("aws:iam/role:Role", role), "assumeRolePolicy");

    it("creates GitHub's provider with AWS's audience and without thumbprints", () => {
        const { tags: _, ...inputs } = run.one(providerType).inputs;
        assert.deepEqual(inputs, { url: `https://${issuer}`, clientIdLists: ["sts.amazonaws.com"] });
        assert.ok(run.lookups.every(({ token }) => token !== providerLookup));
    });

    it("uses the account's own provider where there is one", () => {
        assert.deepEqual(other.of(providerType), []);
        assert.deepEqual(
            other.lookups.filter(({ token }) => token === providerLookup).map(({ inputs }) => inputs),
            [{ url: `https://${issuer}` }],
        );
    });

    /** The one trust that a role for GitHub has: tokens with AWS's audience and one of these subjects, from this workflow. */
    const trustIn = (workflow: string, ...sub: string[]): Policy => ({
        Version: "2012-10-17",
        Statement: [
            {
                Effect: "Allow",
                Principal: { Federated: oidcProviderArn },
                Action: "sts:AssumeRoleWithWebIdentity",
                Condition: {
                    StringEquals: { [`${issuer}:aud`]: "sts.amazonaws.com", [`${issuer}:sub`]: sub },
                    StringEqualsIfExists: { [`${issuer}:workflow`]: workflow },
                },
            },
        ],
    });

    it("trusts the branch's tokens of this repository with the deployment, in both forms, to the letter", () => {
        assert.deepEqual(
            trust(run),
            trustIn(
                "deploy",
                "repo:Acme/Shop:ref:refs/heads/main",
                "repo:Acme@90000001/Shop@80000001:ref:refs/heads/main",
            ),
        );
    });

    it("trusts its pull requests with the preview, in both forms, and nothing else", () => {
        assert.deepEqual(
            trust(run, "main-preview"),
            trustIn("preview", "repo:Acme/Shop:pull_request", "repo:Acme@90000001/Shop@80000001:pull_request"),
        );
    });

    it("trusts the configured branch, and a repository that the stack creates", () => {
        const [name, immutable] = ["repo:Acme/new-shop", "repo:Acme@90000001/new-shop@80000002"];
        const branch = "ref:refs/heads/release/live";
        assert.deepEqual(trust(other), trustIn("deploy", `${name}:${branch}`, `${immutable}:${branch}`));
        assert.deepEqual(
            trust(other, "main-preview"),
            trustIn("preview", `${name}:pull_request`, `${immutable}:pull_request`),
        );
    });

    it("lets nobody in from GitHub but by these two roles", () => {
        const federated = run
            .of("aws:iam/role:Role")
            .filter(({ name }) => /Federated/.test(JSON.stringify(trust(run, name))));
        assert.deepEqual(
            federated.map(({ name }) => name),
            ["main-deploy", "main-preview"],
        );
    });

    it("keeps out every other workflow of the branch, and of a pull request, where AWS knows of that claim", () => {
        for (const [role, sub, own] of [
            ["main-deploy", branch, "deploy"],
            ["main-preview", "repo:Acme/Shop:pull_request", "preview"],
        ] as const) {
            const file = fs.readFileSync(path.join(projectFolder, `.github/workflows/${own}.yml`), "utf8");
            const { name } = parse(file) as { name: string };
            const may = (claims: Context) =>
                mayAssume(trust(run, role), oidcProviderArn, federation, { ...token(sub), ...claims });
            assert.equal(may({}), true, role);
            assert.equal(may({ [`${issuer}:workflow`]: name }), true, role);
            for (const other of ["publish", `${name}-2`, ""]) {
                assert.equal(may({ [`${issuer}:workflow`]: other }), false, `${role}: ${other}`);
            }
        }
    });

    it("has no wildcard in any trust, and leaves out nothing but what not every partition knows", () => {
        for (const recording of [run, other]) {
            for (const { name } of recording.of("aws:iam/role:Role")) {
                const [{ Condition = {} } = {}] = trust(recording, name).Statement;
                const { StringEqualsIfExists: claims, ...always } = Condition;
                const operators = Object.keys(always);
                assert.ok(
                    operators.every((operator) => operator === "StringEquals"),
                    `${name}: ${operators.join(", ")}`,
                );
                assert.doesNotMatch(JSON.stringify(trust(recording, name)), /[*?]/, name);
                const known = new RegExp(`^${issuer}:(workflow|ref)$`);
                assert.ok(
                    Object.keys(claims ?? {}).every((claim) => known.test(claim)),
                    name,
                );
            }
        }
    });

    const token = (sub: string, aud = "sts.amazonaws.com", iss = issuer): Context => ({
        [`${iss}:sub`]: sub,
        [`${iss}:aud`]: aud,
    });
    const branch = "repo:Acme/Shop:ref:refs/heads/main";
    const immutable = "repo:Acme@90000001/Shop@80000001:ref:refs/heads/main";
    const federation = "sts:AssumeRoleWithWebIdentity";

    for (const sub of [branch, immutable]) {
        it(`lets in ${sub}`, () => {
            assert.ok(mayAssume(trust(run), oidcProviderArn, federation, token(sub)));
        });
    }

    const pullRequests = ["repo:Acme/Shop:pull_request", "repo:Acme@90000001/Shop@80000001:pull_request"];

    for (const sub of pullRequests) {
        it(`lets ${sub} preview, and not deploy`, () => {
            assert.ok(mayAssume(trust(run, "main-preview"), oidcProviderArn, federation, token(sub)));
            assert.equal(mayAssume(trust(run), oidcProviderArn, federation, token(sub)), false);
        });
    }

    it("keeps pushes out of the preview, and every stranger among pull requests", () => {
        const [named] = pullRequests as [string];
        const strange = [
            token(branch),
            token(immutable),
            token(`${named}_target`),
            token(`${named}:environment:main`),
            token("repo:Acme/Shop:*"),
            token("repo:Acme/Shop2:pull_request"),
            token("repo:Acme2/Shop:pull_request"),
            token("repo:xAcme/Shop:pull_request"),
            token("repo:acme/shop:pull_request"),
            token("repo:Acme@90000009/Shop@80000001:pull_request"),
            token("repo:Acme@90000001/Shop@80000009:pull_request"),
            token(named, "https://github.com/Acme"),
            token(named, "sts.amazonaws.com", "token.actions.example.ghe.com"),
            { [`${issuer}:sub`]: named },
            { [`${issuer}:aud`]: "sts.amazonaws.com" },
        ];
        const admitted = strange.filter((context) =>
            mayAssume(trust(run, "main-preview"), oidcProviderArn, federation, context),
        );
        assert.deepEqual(admitted, []);
    });

    const strangers: Readonly<Record<string, Context>> = {
        "another branch": token("repo:Acme/Shop:ref:refs/heads/dev"),
        "a branch that begins like the right one": token(`${branch}-2`),
        "a branch below the right one": token(`${branch}/x`),
        "a tag of the branch's name": token("repo:Acme/Shop:ref:refs/tags/main"),
        "a pull request": token("repo:Acme/Shop:pull_request"),
        "an environment": token("repo:Acme/Shop:environment:main"),
        "another repository of the owner": token("repo:Acme/Shop2:ref:refs/heads/main"),
        "another owner": token("repo:Acme2/Shop:ref:refs/heads/main"),
        "an owner that ends like the right one": token("repo:xAcme/Shop:ref:refs/heads/main"),
        "the names in other capitals": token("repo:acme/shop:ref:refs/heads/main"),
        "another owner with the same name": token("repo:Acme@90000009/Shop@80000001:ref:refs/heads/main"),
        "another repository with the same name": token("repo:Acme@90000001/Shop@80000009:ref:refs/heads/main"),
        "a pull request in the immutable form": token("repo:Acme@90000001/Shop@80000001:pull_request"),
        "an empty subject": token(""),
        "a pattern as subject": token("repo:Acme/Shop:*"),
        "another audience": token(branch, "https://github.com/Acme"),
        "an audience that begins like the right one": token(branch, "sts.amazonaws.com.evil.example"),
        "no audience": { [`${issuer}:sub`]: branch },
        "no subject": { [`${issuer}:aud`]: "sts.amazonaws.com" },
        "another issuer's claims": token(branch, "sts.amazonaws.com", "token.actions.example.ghe.com"),
    };
    for (const [who, context] of Object.entries(strangers)) {
        it(`keeps out ${who}`, () => {
            assert.equal(mayAssume(trust(run), oidcProviderArn, federation, context), false);
        });
    }

    it("keeps out another provider, whatever its token claims, and those who bring no token", () => {
        const gitlab = `arn:aws:iam::${account}:oidc-provider/gitlab.com`;
        assert.equal(mayAssume(trust(run), gitlab, federation, token(branch)), false);
        assert.equal(mayAssume(trust(run), `arn:aws:iam::${account}:root`, "sts:AssumeRole", token(branch)), false);
        assert.equal(mayAssume(trust(run), oidcProviderArn, "sts:AssumeRole", token(branch)), false);
        assert.equal(mayAssume(trust(run), oidcProviderArn, "sts:TagSession", token(branch)), false);
    });

    for (const role of ["main-execution", "main-task"]) {
        it(`lets ECS of this account, and nobody else, use the role ${role}`, () => {
            const own = { "aws:SourceAccount": account };
            const ecs = "ecs-tasks.amazonaws.com";
            assert.ok(mayAssume(trust(run, role), ecs, "sts:AssumeRole", own));
            assert.equal(
                mayAssume(trust(run, role), ecs, "sts:AssumeRole", { "aws:SourceAccount": "210987654321" }),
                false,
            );
            assert.equal(mayAssume(trust(run, role), ecs, "sts:AssumeRole", {}), false);
            for (const service of ["ec2.amazonaws.com", "ecs.amazonaws.com", "lambda.amazonaws.com"]) {
                assert.equal(mayAssume(trust(run, role), service, "sts:AssumeRole", own), false);
            }
            assert.equal(mayAssume(trust(run, role), oidcProviderArn, federation, token(branch)), false);
        });
    }
});
