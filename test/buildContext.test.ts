import assert from "node:assert/strict";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { stageBuildContext } from "../infra/registry/buildContext";

describe("build context", () => {
    const home = process.cwd();
    let folder: string;

    beforeEach(() => {
        folder = fs.mkdtempSync(path.join(os.tmpdir(), "fargate-cicd-test-"));
        process.chdir(folder);
        write("app/Dockerfile", "FROM scratch\nCOPY public /\n");
        write("app/.dockerignore", "notes\n*.tmp\n");
        write("app/public/index.html", "<p>hello</p>\n");
        write("app/public/css/page.css", "p {}\n");
    });
    afterEach(() => {
        process.chdir(home);
        fs.rmSync(folder, { recursive: true, force: true });
    });

    function write(file: string, content: string): void {
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.writeFileSync(file, content);
    }

    const version = () => stageBuildContext("app").version;

    /** Path and mode of everything that is staged. */
    function staged(): Record<string, string> {
        const { location } = stageBuildContext("app");
        const paths = fs.readdirSync(location, { recursive: true, encoding: "utf8" }).sort();
        return Object.fromEntries(paths.map((file) => [file, mode(path.join(location, file))]));
    }

    const mode = (file: string) => (fs.lstatSync(file).mode & 0o777).toString(8);

    function assertSame(change: () => void): void {
        const before = version();
        change();
        assert.equal(version(), before);
    }

    function assertOther(change: () => void): void {
        const before = version();
        change();
        assert.notEqual(version(), before);
    }

    it("has the same version however often it is staged, in whichever folder", () => {
        assertSame(() => {
            fs.cpSync("app", "elsewhere/app", { recursive: true });
            process.chdir("elsewhere");
        });
    });

    it("is left alone while nothing changes, as another command may be sending it", () => {
        const file = ".build/app/public/index.html";
        stageBuildContext("app");
        const written = () => fs.statSync(file, { bigint: true }).ctimeNs;
        const before = written();
        stageBuildContext("app");
        assert.equal(written(), before);
        write("app/public/index.html", "<p>edited</p>\n");
        stageBuildContext("app");
        assert.equal(fs.readFileSync(file, "utf8"), "<p>edited</p>\n");
        fs.rmSync(".build/app/public", { recursive: true }); // as one that was killed leaves it
        stageBuildContext("app");
        assert.equal(fs.readFileSync(file, "utf8"), "<p>edited</p>\n");
        assert.deepEqual(fs.readdirSync(".build"), ["app"]);
    });

    it("has another version when a file's content changes", () => {
        assertOther(() => write("app/public/index.html", "<p>hallo</p>\n"));
    });

    it("has another version when a file comes, goes or gets another name", () => {
        assertOther(() => write("app/public/new.html", ""));
        assertOther(() => fs.rmSync("app/public/new.html"));
        assertOther(() => fs.renameSync("app/public/index.html", "app/public/home.html"));
    });

    it("has another version when content moves from one file to the next", () => {
        write("app/public/a", "one");
        write("app/public/b", "two");
        assertOther(() => {
            write("app/public/a", "on");
            write("app/public/b", "etwo");
        });
    });

    it("has another version when the Dockerfile or what it ignores changes", () => {
        assertOther(() => write("app/Dockerfile", "FROM scratch\n"));
        assertOther(() => write("app/.dockerignore", "*.tmp\n"));
    });

    it("has another version when a file becomes executable", () => {
        assertOther(() => fs.chmodSync("app/public/index.html", 0o755));
    });

    it("has another version when a link points elsewhere, and stages the link as one", () => {
        fs.symlinkSync("index.html", "app/public/start.html");
        assertOther(() => {
            fs.rmSync("app/public/start.html");
            fs.symlinkSync("css/page.css", "app/public/start.html");
        });
        assert.equal(fs.readlinkSync(".build/app/public/start.html"), "css/page.css");
    });

    it("does not follow the umask of whoever checked it out", () => {
        assertSame(() => fs.chmodSync("app/public/index.html", 0o600));
        assertSame(() => fs.chmodSync("app/public/index.html", 0o664));
        assertSame(() => fs.chmodSync("app/public", 0o700));
    });

    for (const umask of [0o000, 0o022, 0o077]) {
        it(`stages files and folders with git's modes under umask ${umask.toString(8)}`, () => {
            write("app/start.sh", "#!/bin/sh\n");
            fs.chmodSync("app/start.sh", 0o700);
            const before = process.umask(umask);
            try {
                assert.deepEqual(staged(), {
                    ".dockerignore": "644",
                    Dockerfile: "644",
                    public: "755",
                    "public/css": "755",
                    "public/css/page.css": "644",
                    "public/index.html": "644",
                    "start.sh": "755",
                });
            } finally {
                process.umask(before);
            }
        });
    }

    it("leaves out what .dockerignore names, and does not change its version for it", () => {
        assertSame(() => {
            write("app/notes/todo.md", "something");
            write("app/draft.tmp", "something");
        });
        assert.deepEqual(
            Object.keys(staged()).filter((file) => /notes|tmp/.test(file)),
            [],
        );
    });

    it("keeps the Dockerfile and .dockerignore even where .dockerignore names them, as docker build does", () => {
        write("app/.dockerignore", "*\n!public\n");
        assert.deepEqual(Object.keys(staged()), [
            ".dockerignore",
            "Dockerfile",
            "public",
            "public/css",
            "public/css/page.css",
            "public/index.html",
        ]);
    });

    it("sends what .dockerignore makes an exception of, in the folders that it is in", () => {
        write("app/.dockerignore", "*\n!public/css/*.css\n");
        write("app/public/css/deep/page.css", "");
        assert.deepEqual(Object.keys(staged()), [
            ".dockerignore",
            "Dockerfile",
            "public",
            "public/css",
            "public/css/page.css",
        ]);
    });

    it("opens no folder that is left out, however large or forbidden that is", () => {
        write("app/.dockerignore", "*\n!public\n");
        write("app/node_modules/left/pad.js", "");
        const opened: string[] = [];
        const module = createRequire(__filename)("node:fs") as { readdirSync: (...args: unknown[]) => unknown };
        const { readdirSync } = module;
        module.readdirSync = (...args) => {
            opened.push(String(args[0]));
            return readdirSync(...args);
        };
        try {
            stageBuildContext("app");
        } finally {
            module.readdirSync = readdirSync;
        }
        assert.deepEqual(opened.sort(), ["app", "app/public", "app/public/css"]);
    });

    it("sends a folder without a file in it, which an image may be copied from all the same", () => {
        assertOther(() => write("app/uploads/.keep", ""));
        write("app/.dockerignore", "**/.keep\n");
        assert.equal(staged().uploads, "755");
    });

    it("follows Dockerfile.dockerignore in place of .dockerignore, and stages both", () => {
        write("app/Dockerfile.dockerignore", "public/css\n");
        write("app/notes", "");
        assert.deepEqual(Object.keys(staged()), [
            ".dockerignore",
            "Dockerfile",
            "Dockerfile.dockerignore",
            "notes",
            "public",
            "public/index.html",
        ]);
    });

    it("names the file with a pattern that Docker refuses", () => {
        write("app/.dockerignore", "[a\n");
        assert.throws(() => stageBuildContext("app"), {
            message: 'app/.dockerignore: Docker does not understand the pattern "[a": correct that line, or delete it',
        });
    });

    it("takes away what was staged before and is no longer there", () => {
        stageBuildContext("app");
        fs.rmSync("app/public/css", { recursive: true });
        assert.deepEqual(Object.keys(staged()), [".dockerignore", "Dockerfile", "public", "public/index.html"]);
    });

    it("works without a .dockerignore", () => {
        fs.rmSync("app/.dockerignore");
        assert.equal(staged().Dockerfile, "644");
    });

    it("says which file is missing where there is no Dockerfile", () => {
        fs.rmSync("app/Dockerfile");
        assert.throws(() => stageBuildContext("app"), {
            message: "app/Dockerfile does not exist: put the app that the image is built from into app/",
        });
    });
});
