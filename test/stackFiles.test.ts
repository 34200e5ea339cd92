import { RunError } from "@pulumi/pulumi";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { stackResources } from "../tools/resources";
import { stackConfig } from "../tools/stackFiles";
import { projectFolder } from "./settings";

/** What npm run cost and npm run diagram make of a stack's files. */
describe("a stack's files", () => {
    let folder: string;
    beforeEach(() => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-stack-"));
        fs.copyFileSync(path.join(projectFolder, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
    });
    afterEach(() => fs.rmSync(folder, { recursive: true }));

    const write = (stack: string, config: Record<string, unknown>) => {
        fs.writeFileSync(path.join(folder, `Pulumi.${stack}.yaml`), stringify({ config }));
    };

    /** The message of a RunError, which is printed without a stack trace. */
    async function refusal(run: () => unknown): Promise<string> {
        try {
            await run();
        } catch (error) {
            assert.ok(RunError.isInstance(error), String(error));
            return error.message;
        }
        return assert.fail("nothing was refused");
    }

    it("give each setting, the defaults' and the stack's own, as Pulumi does: as text", () => {
        write("prod", {
            "aws:region": "eu-west-1",
            "fargate-cicd:minTasks": 3,
            "fargate-cicd:environment": { A: "b" },
        });
        const { project, stack, values } = stackConfig(folder, "prod");
        assert.deepEqual([project, stack], ["fargate-cicd", "prod"]);
        assert.equal(values["aws:region"], "eu-west-1");
        assert.equal(values["fargate-cicd:minTasks"], "3");
        assert.equal(values["fargate-cicd:maxTasks"], "4");
        assert.equal(values["fargate-cicd:environment"], '{"A":"b"}');
    });

    it("may still hold the placeholder, for which a repository stands in", () => {
        write("dev", { "fargate-cicd:githubRepository": "OWNER/REPOSITORY" });
        assert.equal(stackConfig(folder, "dev").values["fargate-cicd:githubRepository"], "octo-org/hello-fargate");
    });

    it("may hold encrypted secrets, which count as secrets without being read", () => {
        write("dev", { "aws:region": "eu-west-1", "fargate-cicd:secrets": { DB_PASSWORD: { secure: "v1:abc" } } });
        const { values } = stackConfig(folder, "dev");
        assert.deepEqual(JSON.parse(values["fargate-cicd:secrets"]!), { DB_PASSWORD: "encrypted" });
    });

    it("are refused where a setting is encrypted that decides what there is", async () => {
        write("dev", { "fargate-cicd:natGateways": { secure: "v1:abc" } });
        assert.match(await refusal(() => stackConfig(folder, "dev")), /natGateways in Pulumi\.dev\.yaml is encrypted/);
    });

    it("are refused where they are not there, with the stacks that are", async () => {
        write("dev", {});
        assert.match(
            await refusal(() => stackResources("live", folder)),
            /no Pulumi\.live\.yaml. Its stacks are dev\./,
        );
    });

    it("are refused where they are invalid, with the program's own list", async () => {
        write("dev", { "aws:region": "eu-west-1", "fargate-cicd:cpu": 300, "fargate-cicd:zones": 2 });
        assert.match(
            await refusal(() => stackResources("dev", folder)),
            /^Pulumi\.dev\.yaml has 2 invalid settings:\n {2}- cpu: expected .*\n.*\n {2}- zones: expected one of/,
        );
    });
});
