import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { aStack, runCommand } from "./operated";

describe("the commands for a stack that runs", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-pulumi-"));
    after(() => fs.rmSync(folder, { recursive: true }));

    /** Puts a script into the Pulumi CLI's place. */
    const pulumi = (script: string) =>
        fs.writeFileSync(path.join(folder, "pulumi"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    /** What a command that fails says. */
    const refusal = async (...args: string[]) => {
        const { failed, stderr } = await runCommand(folder, args);
        assert.ok(failed, stderr);
        return stderr.trim();
    };

    it("ask the Pulumi CLI for the stack, and say what it says where it has none", async () => {
        assert.match(await refusal("releases"), /^pulumi cannot be run: .*ENOENT$/);
        pulumi("echo {}");
        assert.equal(await refusal("status", "--stack", "dev"), "The stack has no service yet: `pulumi up` makes it.");
        pulumi('echo "error: no stack named $5" >&2; exit 255');
        assert.equal(await refusal("logs", "--stack", "dev"), "error: no stack named dev");
    });

    it("say in one line where AWS lets nobody in", async () => {
        const { region: value, client: _, connect: __, ...outputs } = aStack;
        const config = JSON.stringify({ "aws:region": { value } });
        pulumi(`[ $1 = config ] && echo '${config}' || echo '${JSON.stringify(outputs)}'`);
        assert.match(await refusal("shell"), /^CredentialsProviderError: .*\. Set AWS_PROFILE or AWS's keys, .*$/);
    });

    it("refuse a value or an option that they do not take before they ask anybody", async () => {
        for (const count of ["0", "21", "some"]) {
            const said = `--count: expected a number from 1 to 20, got "${count}"`;
            assert.equal(await refusal("releases", "--count", count), said);
        }
        assert.match(
            await refusal("logs", "--since", "1w"),
            /^--since: expected a duration such as 90s, .+, got "1w"$/,
        );
        assert.match(
            await refusal("logs", "--tail"),
            /\nThis command takes --stack <value> and --since <value> and --filter <text or CloudWatch pattern> and --task <value> and --follow, after "--"\.$/,
        );
    });
});
