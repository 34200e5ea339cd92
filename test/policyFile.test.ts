import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { record } from "./record";
import { load, refusal } from "./settings";

const reads = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::acme-uploads/*" };
const all = { Effect: "Allow", Action: "*", Resource: "*" };
const administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
const because = "it manages the accounts of this organization";

describe("the app's own policies", () => {
    let folder: string;
    before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "policy-"))));
    after(() => fs.rmSync(folder, { recursive: true }));

    const file = (text: string) => {
        const at = path.join(folder, "policy.json");
        fs.writeFileSync(at, text);
        return at;
    };
    const document = (...statements: object[]) =>
        file(JSON.stringify({ Version: "2012-10-17", Statement: statements }, undefined, 4));

    it("are read beside app/ as well, where the program runs in a copy of it", async () => {
        const run = await record({ values: { taskPolicyFile: "docs/deployer/schedules.json" } });
        const { policy } = run.one("aws:iam/rolePolicy:RolePolicy", "main-app").inputs;
        assert.deepEqual(
            JSON.parse(String(policy)),
            JSON.parse(fs.readFileSync("docs/deployer/schedules.json", "utf8")),
        );
    });

    for (const [problem, write] of [
        ["ENOENT", () => path.join(folder, "none.json")],
        ["Unexpected token", () => file("Version: 2012-10-17")],
        ['Version: "2012-10-17"', () => file(JSON.stringify({ Version: "2026-01-01", Statement: reads }))],
        ["Statement: a statement", () => document()],
        ["Statement: a Sid of its own", () => document({ ...reads, Sid: "a" }, { ...reads, Sid: "a" })],
        ["Statement.0.Effect", () => document({ ...reads, Effect: "allow" })],
        ["Statement.1.Principal", () => document(reads, { ...reads, Principal: "*" })],
        ["Statement.0.Actions", () => document({ ...reads, Actions: ["s3:PutObject"] })],
        ["Statement.0.Action: actions", () => document({ ...reads, Action: "GetObject" })],
        ["Statement.0.Action: actions", () => document({ ...reads, Action: [] })],
        ["Statement.0.Resource: ARNs", () => document({ ...reads, Resource: "acme-uploads" })],
        ["Statement.0: Action or NotAction", () => document({ ...reads, Action: undefined })],
        ["Statement.0: not both Action and NotAction", () => document({ ...reads, NotAction: "iam:*" })],
        ["Statement.0: Resource or NotResource", () => document({ ...reads, Resource: undefined })],
        ["at most 9300 characters", () => document({ ...reads, Resource: Array<string>(500).fill(reads.Resource) })],
    ] as const) {
        it(`are refused before anything is made where the document is none: ${problem}`, () => {
            const message = refusal({ taskPolicyFile: write() });
            assert.match(message, /^Pulumi.dev.yaml has 1 invalid setting:\n {2}- taskPolicyFile: expected /);
            assert.ok(message.includes(problem), message);
            assert.match(message, /fix: pulumi config set taskPolicyFile app\/policy\.json$/);
        });
    }

    it("allow everything on everything for a reason only", () => {
        for (const [name, statement] of Object.entries({
            one: all,
            lists: { ...all, Sid: "lists", Action: ["s3:GetObject", "*:*"], Resource: [reads.Resource, "*"] },
            NotAction: { Effect: "Allow", NotAction: "iam:*", Resource: "*" },
            NotResource: { Effect: "Allow", Action: "*", NotResource: reads.Resource },
            arn: { ...all, Resource: "arn:aws:*:*:*:*" },
        })) {
            const taskPolicyFile = document(reads, statement);
            assert.match(
                refusal({ taskPolicyFile }),
                /^ {2}- taskPolicyAllowsAll: expected a reason.+policy\.json/m,
                name,
            );
            assert.equal(load({ taskPolicyFile, taskPolicyAllowsAll: because }).taskPolicyAllowsAll, because);
        }
        assert.match(
            refusal({ taskPolicyArns: administrator }),
            /by arn:aws:iam::aws:policy\/AdministratorAccess, got/,
        );
        assert.ok(load({ taskPolicyArns: administrator, taskPolicyAllowsAll: because }));
        assert.match(refusal({ taskPolicyAllowsAll: "yes" }), /expected a reason in 10 to 300 characters, on one line/);
    });

    it("need no reason where they allow less, and take none, which would cover what is added later", () => {
        for (const statement of [
            reads,
            { ...all, Effect: "Deny" },
            { ...all, Action: "s3:*" },
            { ...all, Resource: reads.Resource },
        ]) {
            const taskPolicyFile = document(statement);
            assert.ok(load({ taskPolicyFile }));
            assert.match(
                refusal({ taskPolicyFile, taskPolicyAllowsAll: because }),
                /fix: pulumi config rm taskPolicyAllowsAll/,
            );
        }
    });

    it("are given to the app's role and no other, and are no end to those that somebody else attaches", async () => {
        const policy = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
        const own = "arn:aws:iam::123456789012:policy/AmazonS3ReadOnlyAccess";
        const values = { taskPolicyFile: document(reads), taskPolicyArns: `${policy}, ${own},${policy}` };
        const run = await record({ values });
        const role = run.one("aws:iam/role:Role", "main-task").outputs.name;
        assert.deepEqual(JSON.parse(String(run.one("aws:iam/rolePolicy:RolePolicy", "main-app").inputs.policy)), {
            Version: "2012-10-17",
            Statement: [reads],
        });
        const attachments = run.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment");
        assert.deepEqual(
            [...attachments, run.one("aws:iam/rolePolicy:RolePolicy", "main-app")].map(({ inputs }) => inputs.role),
            [role, role, role],
        );
        assert.deepEqual(attachments.map(({ inputs }) => inputs.policyArn).sort(), [own, policy]);
        // RolePolicyAttachmentsExclusive, and a role's own managedPolicyArns and inlinePolicies, would take away the others.
        assert.equal(run.registrations.filter(({ type }) => type.includes("xclusive")).length, 0);
        const service = run.one("aws:ecs/service:Service").dependsOn.map(({ name }) => name);
        assert.ok(
            attachments.every(({ name }) => service.includes(name)),
            "a task starts with its rights",
        );
    });
});
