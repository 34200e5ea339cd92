import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { projectFolder } from "./settings";

/** Every file of ours below a folder; the sandbox may have been deleted. */
function filesBelow(folder: string): string[] {
    const entries = fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : [];
    return entries
        .filter(({ name }) => name !== "node_modules")
        .flatMap((entry) => {
            const file = path.join(folder, entry.name);
            return entry.isDirectory() ? filesBelow(file) : file.endsWith(".ts") ? [file] : [];
        });
}

/** The files that a file imports, types included. */
function importsOf(file: string): string[] {
    const named = [...fs.readFileSync(file, "utf8").matchAll(/(?:from|import\() ?"(\.[^"]*)"/g)].map(
        ([, name]) => name!,
    );
    return named.flatMap((name) => {
        const target = path.resolve(path.dirname(file), name);
        return [`${target}.ts`, path.join(target, "index.ts")].filter((each) => fs.existsSync(each)).slice(0, 1);
    });
}

/** Circles in a graph, each as its files. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
    const found: string[][] = [];
    const done = new Set<string>();
    const visit = (file: string, way: readonly string[]): void => {
        if (way.includes(file)) {
            found.push([...way.slice(way.indexOf(file)), file]);
        } else if (!done.has(file)) {
            (graph.get(file) ?? []).forEach((next) => visit(next, [...way, file]));
            done.add(file);
        }
    };
    [...graph.keys()].forEach((file) => visit(file, []));
    return found;
}

describe("the modules of the project", () => {
    const folders = ["infra", "tools", "test", "sandbox"].map((name) => path.join(projectFolder, name));
    const files = [path.join(projectFolder, "index.ts"), ...folders.flatMap(filesBelow)];
    const graph = new Map(files.map((file) => [file, importsOf(file)]));
    const relative = (file: string) => path.relative(projectFolder, file);

    it("import each other in no circle", () => {
        assert.ok(files.length > 60, `${files.length} files`);
        assert.deepEqual(
            circles(graph).map((circle) => circle.map(relative).join(" -> ")),
            [],
        );
    });

    it("know nothing of whose the VPC is, but for those of the network, the settings and what a stack keeps of them", () => {
        const product = files.filter((file) => /^(index\.ts|infra\/)/.test(relative(file)));
        const aware = product.filter((file) =>
            /\b(existingVpc|ExistingVpc|FoundVpc|findVpc)\b/.test(fs.readFileSync(file, "utf8")),
        );
        assert.deepEqual(
            aware.map(relative).filter((file) => !/^infra\/(network|config)\//.test(file)),
            ["index.ts", "infra/runningStack/index.ts"],
        );
    });

    it("would be caught in one", () => {
        const graph = new Map([
            ["a", ["b"]],
            ["b", ["c"]],
            ["c", ["b"]],
        ]);
        assert.deepEqual(circles(graph), [["b", "c", "b"]]);
    });

    it("leave the sandbox out, but for its own", () => {
        const outside = [...graph].filter(([file]) => !relative(file).startsWith("sandbox"));
        const into = outside.filter(([, imports]) => imports.some((name) => relative(name).startsWith("sandbox")));
        assert.deepEqual(
            into.map(([file]) => relative(file)),
            [],
        );
    });
});
