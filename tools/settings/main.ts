/** `npm run settings`: writes the settings of infra/config/table.ts into the files that show them. */
import * as fs from "node:fs";
import * as path from "node:path";
import { renderers } from "./render";

const folder = path.resolve(__dirname, "../..");
for (const [name, render] of Object.entries(renderers)) {
    const file = path.join(folder, name);
    const before = fs.readFileSync(file, "utf8");
    const after = render(before);
    fs.writeFileSync(file, after);
    console.log(`${name}: ${after === before ? "up to date" : "written"}`);
}
