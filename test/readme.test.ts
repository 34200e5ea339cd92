import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { commandsOf } from "./commands";
import { standard } from "./scenarios";
import { projectFolder } from "./settings";

const file = (name: string) => fs.readFileSync(path.join(projectFolder, name), "utf8");
const docs = fs
    .readdirSync(path.join(projectFolder, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join("docs", name));

/** What GitHub calls the place of each heading. */
const anchorsIn = (page: string) =>
    [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
        heading!
            .toLowerCase()
            .replace(/[^\w\- ]/g, "")
            .replaceAll(" ", "-"),
    );

/** The links of a page, relative to the project's folder, with what stands after `#`. */
function linksIn(page: string): { target: string; anchor: string | undefined }[] {
    const links = [...file(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    return links.map(([, target, anchor]) => ({
        target: target === "" ? page : path.join(path.dirname(page), target!),
        anchor,
    }));
}

describe("the README and its pages", () => {
    const readme = file("README.md");
    const pages = ["README.md", "CONTRIBUTING.md", ...docs];

    it("lists every configuration key with its default", () => {
        const { config } = parse(file("Pulumi.yaml")) as { config: Record<string, { default: string }> };
        const settings = docs
            .filter((page) => page.startsWith("docs/settings/"))
            .map(file)
            .join("");
        const rows = settings.split("\n").filter((line) => line.startsWith("| `"));
        const [head] = /^\| key \|.*$/m.exec(settings)!;
        const column = head.split("|").indexOf(" default ");
        for (const [key, { default: standard }] of Object.entries(config)) {
            const row = rows.find((line) => line.split("|")[1]!.includes(`\`${key}\``));
            assert.ok(row, `${key} has no row`);
            const given = standard === "" ? "none" : `\`${standard}\``;
            const expected = key === "githubRepository" ? "required" : given;
            assert.ok(row.split("|")[column]!.includes(expected), `${key}: ${expected} is not in ${row}`);
        }
    });

    it("names only scripts of npm that exist", () => {
        const { scripts } = JSON.parse(file("package.json")) as { scripts: Record<string, string> };
        const named = pages
            .flatMap((page) => [...file(page).matchAll(/npm run ([a-z:-]*[a-z])/g)])
            .map(([, script]) => script!);
        assert.ok(named.length > 10, named.join(", "));
        assert.deepEqual(
            named.filter((script) => !(script in scripts)),
            [],
        );
    });

    // A folder of pages has a README of its own, which leads to each.
    it("is as long as a newcomer reads, and leads to every page, by that of its folder at the most", () => {
        assert.ok(readme.split("\n").length <= 250);
        const linkedFrom = (page: string) => linksIn(page).map(({ target }) => target);
        const lists = linkedFrom("README.md").filter((page) => /^docs\/.+\/README\.md$/.test(page));
        const linked = ["README.md", ...lists].flatMap(linkedFrom);
        assert.ok(docs.length >= 20 && lists.length >= 5, docs.join(", "));
        assert.deepEqual(
            docs.filter((page) => !linked.includes(page)),
            [],
        );
    });

    it("has pages of which none needs scrolling twice", () => {
        for (const page of docs) {
            const text = file(page);
            assert.ok(text.split("\n").length <= 110 && text.length <= 7500, `${page}: ${text.length} characters`);
        }
    });

    // An interactive zsh, as macOS has it, takes them for arguments.
    it("has no comment in a command that is to be pasted", () => {
        const commands = pages.flatMap((page) => commandsOf(file(page)));
        assert.ok(commands.length > 40, `${commands.length} commands`);
        assert.deepEqual(
            commands.filter((command) => /(^|\s)#/.test(command)),
            [],
        );
    });

    // The sandbox can be deleted with its folder.
    it("leads nowhere that is not there", () => {
        const links = pages.flatMap(linksIn).filter(({ target }) => !target.startsWith("sandbox/"));
        assert.ok(links.length > 20, `${links.length} links`);
        const isThere = ({ target, anchor }: { target: string; anchor: string | undefined }) =>
            fs.existsSync(path.join(projectFolder, target)) &&
            (anchor === undefined || anchorsIn(file(target)).includes(anchor));
        assert.deepEqual(
            links.filter((link) => !isThere(link)),
            [],
        );
    });

    // Pulumi Cloud lets a pull request in as AWS does: by the form of the subject that GitHub gives the repository.
    it("names each form of a pull request's subject that the preview role trusts", async () => {
        const { inputs } = (await standard()).one("aws:iam/role:Role", "main-preview");
        const trusted = String(inputs.assumeRolePolicy).match(/repo:[^"]+/g) ?? [];
        const forms = trusted.map((subject) =>
            subject.replace(/^repo:\w+(@\d+)?\/\w+(@\d+)?/, (_, owner, name) =>
                ["repo:OWNER", owner && "@OWNER-ID", "/NAME", name && "@REPOSITORY-ID"].join(""),
            ),
        );
        assert.equal(forms.length, 2);
        assert.deepEqual(
            forms.filter((form) => !file("docs/previews.md").includes(`| \`${form}\` |`)),
            [],
        );
    });

    it("leads from what it is to what is looked up", () => {
        assert.deepEqual(
            [...readme.matchAll(/^## (.+)$/gm)].map(([, title]) => title),
            ["Try it here", "Run it on AWS", "Day two", "Reference"],
        );
    });

    it("has a place for each file of infra/ on the map of it", () => {
        const row = /^\| `infra\/` \|.*$/m.exec(file("docs/development.md"))![0];
        const entries = fs.readdirSync(path.join(projectFolder, "infra"), { withFileTypes: true });
        const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
        assert.deepEqual(
            names.filter((name) => !row.includes(`\`${name}\``)),
            [],
        );
    });

    // The sandbox can be deleted with its folder; its own tests hold what is said of it.
    it("names only folders and files that exist", () => {
        const named = [...file("docs/development.md").matchAll(/^\| `([\w./-]+)` \| /gm)].map(([, name]) => name!);
        const paths = named.filter((name) => /[/.]/.test(name) && name !== "sandbox/");
        assert.ok(paths.length >= 6, paths.join(", "));
        for (const name of paths) {
            assert.ok(fs.existsSync(path.join(projectFolder, name)), name);
        }
    });
});
