import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { record } from "./record";

/** What the other tests rely on: a recorder that lets mistakes pass would make them worthless. */
describe("the recorder", () => {
    it("refuses a look-up without a stub, by its token", async () => {
        const program = () => ({ zones: aws.getRegionsOutput().names });
        await assert.rejects(record({ program }), /no stub for the look-up aws:index\/getRegions:getRegions/);
    });

    it('refuses an input with "undefined" in it, by its path', async () => {
        const program = () => void new aws.iam.Role("r", { assumeRolePolicy: `{"x":"${String(undefined)}"}` });
        await assert.rejects(record({ program }), /aws:iam\/role:Role r: assumeRolePolicy contains "undefined"/);
    });

    it("refuses an output that was put into a text as it is", async () => {
        const program = () => {
            const role = new aws.iam.Role("r", { assumeRolePolicy: "{}" });
            // eslint-disable-next-line @pulumi/no-output-in-template-literal, @typescript-eslint/restrict-template-expressions, @typescript-eslint/no-base-to-string
            new aws.iam.RolePolicy("p", { role: `${role.name}`, policy: "{}" });
        };
        await assert.rejects(record({ program }), /aws:iam\/rolePolicy:RolePolicy p: role contains "Calling \[to/);
    });

    it("refuses the same type and name twice", async () => {
        const program = () => {
            new aws.ecs.Cluster("c");
            new aws.ecs.Cluster("c");
        };
        await assert.rejects(record({ program }), /aws:ecs\/cluster:Cluster c: registered twice/);
    });

    it("passes on what the program throws", async () => {
        const program = () => {
            throw new Error("no");
        };
        await assert.rejects(record({ program }), { message: "no" });
    });

    it("records parents, dependencies, protection, ignored changes and secrets, which mocks do not receive", async () => {
        class Group extends pulumi.ComponentResource {
            constructor() {
                super("test:test:Group", "group");
                const first = new aws.ecs.Cluster("first", {}, { parent: this, protect: true });
                new aws.ecs.Cluster(
                    "second",
                    { name: pulumi.secret("hidden") },
                    { parent: this, dependsOn: [first, this], ignoreChanges: ["name"] },
                );
            }
        }
        const { registrations, secretOutputs } = await record({
            program: () => ({ group: new Group().urn, password: pulumi.secret("x") }),
        });
        const [group, first, second] = registrations;
        assert.deepEqual([group!.parent, first!.parent, second!.parent], [undefined, group, group]);
        assert.deepEqual([first!.protect, second!.protect], [true, false]);
        assert.deepEqual(second!.dependsOn, [first, group]);
        assert.deepEqual(second!.ignoreChanges, ["name"]);
        assert.deepEqual([second!.inputs.name, second!.secrets], ["hidden", ["name"]]);
        assert.deepEqual(secretOutputs, ["password"]);
    });

    it("gives each resource an id of its own", async () => {
        const program = () => {
            new aws.ec2.SecurityGroup("a");
            new aws.ec2.SecurityGroup("b");
            new aws.iam.Role("a", { assumeRolePolicy: "{}" });
            new aws.iam.Role("b", { assumeRolePolicy: "{}" });
        };
        const ids = (await record({ program })).registrations.map(({ outputs }) => outputs.id);
        assert.equal(new Set(ids).size, 4);
    });
});
