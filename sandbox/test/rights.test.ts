/** A stack's life with exactly the rights of docs/deployer/, on the real providers and an emulator that enforces IAM. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { differences } from "../rights/calls";
import { steps } from "../rights/scenario";
import { TwoStacks } from "./twoStacks";

/** One of each document that a first `pulumi up` needs at once, with what AWS names it on. */
const taken = ["ec2:CreateVpc", "ecr:CreateRepository", "iam:CreateRole", "sns:CreateTopic"];

describe("whoever runs pulumi up, with the rights of docs/deployer/ and no others", () => {
    const checkout = new TwoStacks();
    const calls = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-calls-"));

    after(async () => {
        await checkout.remove();
        fs.rmSync(calls, { recursive: true });
    });

    it("is told by AWS which right is missing, where one is", async () => {
        const folder = checkout.path("docs/deployer");
        const files = fs.readdirSync(folder).filter((file) => file.endsWith(".json"));
        const documents = files.map((file) => [
            path.join(folder, file),
            fs.readFileSync(path.join(folder, file), "utf8"),
        ]);
        for (const [file, text] of documents) {
            const without = taken.reduce(
                (left, action) => left.replaceAll(new RegExp(` *"${action}",?\n`, "g"), ""),
                text!,
            );
            fs.writeFileSync(file!, without.replace(/,(\s*\])/g, "$1"));
        }
        const { code, output } = await checkout.run("sandbox:up -- --as-deployer");
        documents.forEach(([file, text]) => fs.writeFileSync(file!, text!));
        assert.equal(code, 1);
        for (const action of taken) {
            const message = `assumed-role/deployer/pulumi is not authorized to perform: ${action} on resource: arn:aws:`;
            assert.ok(output.includes(message), `${action}:\n${output}`);
        }
    });

    for (const { name, run } of steps) {
        it(`can do it: ${name}`, async () => {
            const { code, output } = await run(checkout, { SANDBOX_RECORD_CALLS: calls });
            assert.equal(code, 0, output);
        });
    }

    it("has no right that nothing needs: where this fails, run npm run sandbox:rights", () => {
        assert.deepEqual(differences(calls), { missing: [], unused: [] });
    });
});
