/** `npm run diagram [-- --stack NAME] [--out FILE]`: a picture of the stack, from its own resources. */
import * as fs from "node:fs";
import { options, run } from "../command";
import { stackResources } from "../resources";
import { draw, picture } from "./draw";

run(async () => {
    const { stack, out } = options({ stack: "dev", out: picture });
    fs.writeFileSync(out, draw(await stackResources(stack)));
    console.log(`The stack ${stack} is drawn in ${out}`);
});
