import assert from "node:assert/strict";
import { DockerIgnore } from "../infra/registry/dockerIgnore";

/** What github.com/moby/patternmatcher 0.6.1, which BuildKit's clients ask, answers to the same: ignored, and not ignored. */
const answers: readonly (readonly [text: string, ignored: readonly string[], sent: readonly string[]])[] = [
    ["", [], ["a", "a/b", ".dockerignore"]],
    ["# a\n\n \t\nb\r\n", ["b"], ["a", "# a"]],
    ["\uFEFFa", ["a"], []],
    [" #a", ["#a"], ["a"]],
    ["a", ["a", "a/b", "a/b/c"], ["b/a", "ab", "A"]],
    ["/a", ["a", "a/b"], ["b/a"]],
    ["./a", ["a"], ["b/a"]],
    ["a/", ["a", "a/b"], ["ab"]],
    ["a//b/../c", ["a/c", "a/c/d"], ["a/b"]],
    [".", [], ["a", ".a"]],
    ["../a", [], ["a"]],
    ["*", ["a", ".a", "a/b"], []],
    ["*.log", ["a.log", ".log", "a.log/b"], ["a/b.log", "alog"]],
    ["*/*.log", ["a/b.log"], ["a.log", "a/b/c.log"]],
    ["a?", ["ab", "aé"], ["a", "abc", "a/b"]],
    ["**", ["a", "a/b"], []],
    ["**/a", ["a", "b/a", "b/c/a", "b/a/c"], ["ba", "ab"]],
    ["**a", ["a", "ba", "b/ca"], ["ab"]],
    ["**/*.log", ["a.log", "a/b/c.log"], ["a.logs"]],
    ["a/**", ["a/b", "a/b/c"], ["a", "ab"]],
    ["a**", ["a", "ab", "a/b"], ["ba"]],
    ["a/**/b", ["a/b", "a/c/b", "a/c/d/b"], ["a/bc", "b"]],
    ["**/a/**", ["a/b", "c/a/b"], ["b"]],
    ["[a-c]x", ["ax", "cx"], ["dx", "[a-c]x"]],
    ["[^a]x", ["bx"], ["ax"]],
    ["[\\]]", ["]"], ["["]],
    ["a\\*", ["a*"], ["ab"]],
    ["\\#a", ["#a"], []],
    ["a.b", ["a.b"], ["acb"]],
    ["a+(1)$", ["a+(1)$"], ["aa1"]],
    ["*\n!a", ["b", "b/a"], ["a", "a/b"]],
    ["*\n!a/b", ["a", "a/c"], ["a/b", "a/b/c"]],
    ["*\n! /a/", ["b"], ["a"]],
    ["!a\n*", ["a"], []],
    ["a\n!a/b\na/b/c", ["a/c", "a/b/c", "a/b/c/d"], ["a/b", "a/b/d"]],
    ["**/*.md\n!**/README.md", ["a.md", "a/b.md"], ["README.md", "a/README.md"]],
];

describe("what .dockerignore leaves out", () => {
    for (const [text, ignored, sent] of answers) {
        it(`is what Docker leaves out for ${JSON.stringify(text)}`, () => {
            const ignore = new DockerIgnore(text);
            const all = [...ignored, ...sent];
            assert.deepEqual(
                all.filter((file) => ignore.ignores(file)),
                ignored,
            );
        });
    }

    for (const pattern of ["!", "[", "a[b", "[]", "[b-a]", "a\\"]) {
        it(`refuses ${pattern} by name, as Docker does`, () => {
            const message = `Docker does not understand the pattern "${pattern}"`;
            assert.throws(() => new DockerIgnore(`b\n${pattern}\n`), { message });
        });
    }

    it("may have exceptions where a pattern says so, and nowhere else", () => {
        const ignore = new DockerIgnore("*\n!docs/api/*.md\n!src/main\n");
        const opened = ["docs", "docs/api", "docs/other", "docs/api2", "src", "src/main", "node_modules", "doc"];
        assert.deepEqual(
            opened.filter((folder) => ignore.mayHaveExceptions(folder)),
            ["docs", "docs/api", "src"],
        );
        assert.ok(new DockerIgnore("*\n!**/keep").mayHaveExceptions("node_modules"));
    });
});
