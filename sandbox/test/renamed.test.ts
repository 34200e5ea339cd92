/** A stack that runs, and gets another name with `pulumi stack rename`, as its project does. The steps build on each other, in this order. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { asOnAws } from "./asOnAws";
import { CopiedCheckout, undisturbed, type Run } from "../checkouts/copiedCheckout";

const former = "fargate-cicd-dev";

describe("a stack that is renamed", () => {
    const checkout = new CopiedCheckout();
    let [project, stack] = ["fargate-cicd", "dev"];
    const run = (command: string, ...flags: string[]) =>
        checkout.run(["sandbox:" + command, "--", "--stack", stack, ...flags].join(" "));
    const succeed = async (command: string, ...flags: string[]): Promise<string> => {
        const { code, output } = await run(command, ...flags);
        assert.equal(code, 0, output);
        return output;
    };
    const resources = (): any[] => {
        const file = checkout.path(`.sandbox/pulumi/.pulumi/stacks/${project}/${stack}.json`);
        return JSON.parse(fs.readFileSync(file, "utf8")).checkpoint.latest.resources;
    };
    /** What there is on AWS and GitHub, whatever it is called in the state. */
    const ids = () =>
        resources()
            .filter(({ type, id }) => id !== undefined && /^(aws|docker-build|github):/.test(type))
            .map(({ type, id }) => `${type} ${id}`)
            .sort();
    const variable = (name: string) =>
        resources().find(({ urn }) => urn.endsWith(`:ActionsVariable::${name}`)).inputs.value as string;
    const tags = () => {
        const { tags } = resources().find(({ type }) => type === "aws:ecs/service:Service").inputs;
        return [tags.Project, tags.Stack] as string[];
    };
    const rename = (to: string) =>
        execFileSync("pulumi", ["stack", "rename", to, "--stack", stack], {
            cwd: checkout.folder,
            env: { ...process.env, ...asOnAws(checkout) },
            stdio: "pipe",
        });
    const assertRefused = ({ code, output }: Run) => {
        assert.equal(code, 1, output);
        assert.match(
            output.replace(/\s+/g, " "),
            /this stack runs as "fargate-cicd-dev", .* "pulumi config set name fargate-cicd-dev"/,
        );
        assert.doesNotMatch(output, /^ *(\+|~|-|\+-) +(aws|docker-build|github):/m);
    };
    /** The types of what the engine makes, replaces or deletes. */
    const remade = (output: string) => {
        const lines = output.matchAll(/^ *(?:\+|-|\+-|-\+|\+\+|--) +([\w-]+[:/]\S+) /gm);
        return [...new Set([...lines].map(([, type]) => type!))];
    };
    /** Brings it up under its new name with the deployer's rights alone, while somebody asks for its page. */
    async function assertKept(except: readonly string[] = []): Promise<void> {
        const [before, { url }] = [ids(), resources()[0].outputs];
        assert.deepEqual(remade(await succeed("preview", "--as-deployer")), except);
        assert.deepEqual(remade(await undisturbed(url, succeed("up", "--as-deployer"))), except);
        assert.deepEqual(ids(), before);
        await succeed("up", "--as-deployer", "--expect-no-changes");
    }
    /** Puts another value into the deployer's documents. @returns what puts them back */
    function fillIn(word: string, value: string): () => void {
        const folder = "docs/deployer";
        const files = fs.readdirSync(checkout.path(folder)).filter((file) => file.endsWith(".json"));
        const before = files.map((file) => [`${folder}/${file}`, fs.readFileSync(checkout.path(folder, file), "utf8")]);
        before.forEach(([file, text]) => checkout.edit(file!, () => text!.replaceAll(word, value)));
        return () => before.forEach(([file, text]) => checkout.edit(file!, () => text!));
    }

    before(async () => {
        checkout.configureAll({ secrets: { DB_PASSWORD: "correct-horse" } });
        await succeed("up");
    });
    after(() => checkout.remove());

    it("is refused until it is told what it was called", async () => {
        rename("staging");
        stack = "staging";
        assert.ok(!fs.existsSync(checkout.path("Pulumi.dev.yaml")));
        const before = ids();
        assertRefused(await run("preview"));
        assertRefused(await run("up"));
        assert.deepEqual(ids(), before);
    });

    it("then keeps all that it has, a secret as well that only its release refers to", async () => {
        checkout.configureAll({ name: former, secrets: undefined }, stack);
        await assertKept(["aws:ecs:TaskDefinition"]); // one without the secret, for the next release
        assert.deepEqual([tags(), variable("main-pulumi-stack")], [["fargate-cicd", "staging"], "staging"]);
    });

    it("keeps all that it has when its project is renamed, too", async () => {
        rename("organization/shop/staging");
        project = "shop";
        checkout.edit("Pulumi.yaml", (text) => text.replace(/^name: .*$/m, "name: shop"));
        checkout.edit("Pulumi.staging.yaml", (text) => text.replaceAll("fargate-cicd:", "shop:"));
        const named = fs.readFileSync(checkout.path("Pulumi.staging.yaml"), "utf8");
        checkout.edit("Pulumi.staging.yaml", (text) => text.replace(/^.*shop:name: .*\n/m, ""));
        assertRefused(await run("preview"));
        checkout.edit("Pulumi.staging.yaml", () => named);
        // As docs/deployer/README.md says: what is tagged anew has the former name until then.
        const restore = fillIn('"PROJECT"', '["fargate-cicd", "shop"]');
        await assertKept();
        restore();
        assert.deepEqual(tags(), ["shop", "staging"]);
    });

    it("is released and destroyed under its new name", async () => {
        await succeed("release");
        assert.match(await succeed("destroy", "--as-deployer"), /Left over: nothing/);
    });
});
