/**
 * `npm run diagram [-- --stack NAME --out FILE]`: a picture of a stack, from its own resources. Without a stack the pictures in docs/:
 * the default one, and how a release goes live.
 */
import * as fs from "node:fs";
import { options, run } from "../command";
import { stackResources } from "../resources";
import { defaultStack, draw, picture } from "./draw";
import { drawRollouts, rolloutsPicture } from "./rollouts";

run(async () => {
    const { stack, out } = options({ stack: "", out: picture });
    fs.writeFileSync(out, draw(await (stack === "" ? defaultStack() : stackResources(stack))));
    if (stack === "" && out === picture) {
        fs.writeFileSync(rolloutsPicture, drawRollouts());
        console.log(`How a release goes live is drawn in ${rolloutsPicture}`);
    }
    console.log(`The ${stack === "" ? "default stack" : `stack ${stack}`} is drawn in ${out}`);
});
