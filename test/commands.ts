import * as fs from "node:fs";
import * as path from "node:path";
import { projectFolder } from "./settings";

/** The `sh` blocks of a page. */
export const blocksOf = (page: string): string[] =>
    [...page.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].map(([, block]) => block!);

/** The commands of a page, in their order: the lines of its `sh` blocks, one for each part of a list with `&&`. */
export function commandsOf(page: string): string[] {
    return blocksOf(page)
        .flatMap((block) => block.split("\n"))
        .flatMap((line) => line.trim().split(" && "))
        .filter((command) => command !== "");
}

/** Whether a command only writes down what a stack is to be, for which no account is needed. */
export const isConfiguring = (command: string): boolean =>
    /^(pulumi (-C \S+ )?(stack (init|select)|config set) |cp Pulumi\.prod\.yaml\.example )/.test(command);

/** The commands of the README, then those of the pages that it leads to. */
export function commandsOfPages(): string[] {
    const docs = fs
        .readdirSync(path.join(projectFolder, "docs"), { recursive: true, encoding: "utf8" })
        // The loop in docs/deployer/ is for an account alone.
        .filter((name) => name.endsWith(".md") && !name.startsWith("deployer"));
    const pages = ["README.md", ...docs.map((name) => path.join("docs", name))];
    return pages.flatMap((page) => commandsOf(fs.readFileSync(path.join(projectFolder, page), "utf8")));
}
