import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { findOnGitHub, problemOf, unanswered } from "../infra/github/repository";
import { afterChecks, holdUntil } from "../infra/checks";
import { attempt, record } from "./record";
import { production, standard, withDomain } from "./scenarios";

class Part extends pulumi.ComponentResource {
    constructor(opts?: pulumi.ComponentResourceOptions) {
        super("test:index:Part", "part", {}, opts);
    }
}

class Thing extends pulumi.CustomResource {
    constructor(name: string, opts?: pulumi.CustomResourceOptions) {
        super("test:index:Thing", name, {}, opts);
    }
}

describe("before anything is made", () => {
    it("the check has passed, also for what is inside a component, and nothing depends on it afterwards", async () => {
        const order: string[] = [];
        const note = (name: string, thing: Thing) => thing.id.apply(() => order.push(name));
        const program = () => {
            const early = new Thing("early");
            note("early", early);
            const made = new Promise((resolve) => early.id.apply(resolve));
            holdUntil(
                made
                    .then(() => sleep(20))
                    .then(() => {
                        order.push("checked");
                    }),
            );
            const part = new Part();
            note("inside", new Thing("inside", { parent: part }));
            const first = new Thing("first");
            note("first", first);
            note("after", new Thing("after", { dependsOn: first }));
        };
        const run = await record({ program });
        assert.deepEqual(order.slice(0, 2), ["early", "checked"]);
        assert.deepEqual(order.slice(2).sort(), ["after", "first", "inside"]);
        const needs = run.of("test:index:Thing").map(({ name, dependsOn }) => [name, dependsOn.map((on) => on.name)]);
        assert.deepEqual(needs, [
            ["early", []],
            ["inside", []],
            ["first", []],
            ["after", ["first"]],
        ]);
    });
});

describe("a look-up", () => {
    it("begins once every check has passed, and in a program without one at once", async () => {
        const order: string[] = [];
        const asked = (name: string) => afterChecks(async () => order.push(name));
        const check = async () => {
            await sleep(20);
            order.push("checked");
        };
        const program = () => {
            holdUntil(check());
            return { asked: asked("after") };
        };
        await record({ program });
        await record({ program: () => ({ asked: asked("without") }) });
        assert.deepEqual(order, ["checked", "after", "without"]);
    });

    it("is GitHub's own where it belongs to a check, and one of the others nowhere before it", async () => {
        for (const scenario of [standard, production, withDomain]) {
            const asked = (await scenario()).lookups.map(({ token }) => token);
            const ofCheck = /^github:.*(getRestApi|getRepository|getActions)/;
            const last = asked.findLastIndex((token) => /^github:.*(getRestApi|getActions)/.test(token));
            assert.deepEqual(
                asked.slice(0, last).filter((token) => !ofCheck.test(token)),
                [],
            );
            assert.ok(asked.length > last + 3, asked.join("\n"));
        }
    });
});

describe("the repository on GitHub", () => {
    const asked = { owner: "acme", name: "shop" };
    const refusal = (answer: { name: string; fullName: string }, archived = false): string =>
        problemOf(asked, { ...answer, archived }) ?? "";

    it("is taken where GitHub shows it, in whatever capitals, and renamed by its owner as well", () => {
        assert.equal(refusal({ name: "Shop", fullName: "Acme/Shop" }), "");
        assert.equal(refusal({ name: "store", fullName: "acme/store" }), "");
    });

    // data_source_github_repository.go answers a 404 with an empty result; without the check a trust was `repo:Acme/undefined:…`.
    it("is refused with three ways out where GitHub shows none", () => {
        const message = refusal({ name: undefined, fullName: undefined } as never);
        assert.match(message, /^githubRepository: GitHub shows no repository "acme\/shop" to this token/);
        assert.match(message, /pulumi config set githubRepository <owner>\/<name>\n/);
        assert.match(message, /pulumi config set createGithubRepository true\n/);
        assert.match(
            message,
            /let GITHUB_TOKEN see it \(fine-grained: owner acme, "shop" among its repositories; classic/,
        );
    });

    it("is asked for before anything is made of the answer", async () => {
        const found = async (repository: object) => {
            let answers: object | undefined;
            const program = async () => {
                answers = await findOnGitHub({ ...asked, create: false }, {});
                return {};
            };
            await record({
                program,
                lookups: { "github:index/getRepository:getRepository": () => ({ ...repository }) },
            });
            return answers as { problem?: string; account?: { login: string; id: string } };
        };
        assert.match((await found({})).problem!, /GitHub shows no repository "acme\/shop"/);
        const { account } = await found({ name: "shop", fullName: "acme/shop" });
        assert.deepEqual(account, { login: "Acme", id: "90000001" });
    });

    it("is refused where GitHub does not answer, with the way to a token where it takes none", () => {
        const said = (answer: string) => `GET https://api.github.com/repos/acme/shop: ${answer} []`;
        for (const answer of ["401 Bad credentials", "401 Requires authentication"]) {
            const [first, fix] = unanswered(said(answer)).split("\n");
            assert.equal(first, `githubRepository: ${said(answer)}`);
            assert.match(fix!, /^ {2}fix, .*: unset GITHUB_TOKEN, gh auth login, export GITHUB_TOKEN=/);
        }
        assert.equal(unanswered(said("502 Server Error")), `githubRepository: ${said("502 Server Error")}`);
    });

    it("is refused where it is archived, also one that the stack has made, before GitHub refuses every write", async () => {
        const archived = { name: "shop", fullName: "acme/shop", archived: true };
        const message = refusal(archived, true);
        assert.match(message, /"acme\/shop" is archived, .+\n {2}fix: gh repo unarchive acme\/shop$/);
        for (const create of [true, false]) {
            let answers: object | undefined;
            const program = async () => {
                answers = await findOnGitHub({ ...asked, create }, {});
                return {};
            };
            await record({ program, lookups: { "github:index/getRepository:getRepository": () => archived } });
            assert.deepEqual(answers, { problem: message });
        }
    });

    it("is refused where the environment has another owner, whose repository the provider would write into", async () => {
        const there = { name: "shop", fullName: "acme/shop" };
        const problem = async () => {
            let answers: { problem?: string } = {};
            const program = async () => {
                answers = (await findOnGitHub({ ...asked, create: false }, {})) as { problem?: string };
                return {};
            };
            await record({ program, lookups: { "github:index/getRepository:getRepository": () => there } });
            return answers.problem;
        };
        for (const variable of ["GITHUB_OWNER", "GITHUB_ORGANIZATION"]) {
            try {
                process.env[variable] = "globex";
                assert.match(
                    (await problem())!,
                    new RegExp(`"acme", and ${variable} .+ has "globex".+\\n {2}fix: unset ${variable}$`),
                );
                process.env[variable] = "Acme";
                assert.equal(await problem(), undefined);
            } finally {
                delete process.env[variable];
            }
        }
    });

    // With --target the engine asks no check of what is left out, as mocks do not.
    it("is refused by the program where the engine does not ask, and nothing is made", async () => {
        const lookups = { "github:index/getRepository:getRepository": () => ({}) };
        const { recording, failure } = await attempt({ lookups });
        assert.ok(pulumi.RunError.isInstance(failure), String(failure));
        assert.match(failure.message, /^githubRepository: GitHub shows no repository "acme\/shop" to this token/);
        const sent = recording.registrations.filter(({ inputs }) => Object.keys(inputs).length > 0);
        const guards = ["pulumi-nodejs:dynamic/guard:RunningStack", "pulumi:providers:github"];
        assert.deepEqual(
            sent.map((each) => each.type),
            [...guards, "pulumi-nodejs:dynamic/github:Claim"],
        );
    });

    it("is refused, with its new address, where it was transferred to another owner", () => {
        const message = refusal({ name: "shop", fullName: "globex/shop" });
        assert.match(message, /"acme\/shop" was transferred to "globex\/shop"/);
        assert.match(message, /fix: pulumi config set githubRepository globex\/shop$/);
    });
});
