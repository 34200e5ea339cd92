/** `npm run diagram [-- --stack NAME --out FILE]`: a picture of a stack, or of the default one, from its own resources. */
import * as fs from "node:fs";
import { options, run } from "../command";
import { stackResources } from "../resources";
import { defaultStack, draw, picture } from "./draw";

run(async () => {
    const { stack, out } = options({ stack: "", out: picture });
    fs.writeFileSync(out, draw(await (stack === "" ? defaultStack() : stackResources(stack))));
    console.log(`The ${stack === "" ? "default stack" : `stack ${stack}`} is drawn in ${out}`);
});
