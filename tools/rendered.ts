import * as fs from "node:fs";
import * as path from "node:path";

const projectFolder = path.resolve(__dirname, "..");

/** What each file is to contain, by its path in the project, made of what it contains now: nothing where it is not there. */
export type Renderers = Readonly<Record<string, (before: string) => string>>;

/** Writes the files and says of each whether it was as it is to be. */
export function write(renderers: Renderers): void {
    for (const [name, render] of Object.entries(renderers)) {
        const file = path.join(projectFolder, name);
        const before = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
        const after = render(before);
        fs.writeFileSync(file, after);
        console.log(`${name}: ${after === before ? "up to date" : "written"}`);
    }
}
