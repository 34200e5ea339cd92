/**
 * `npm run diagram [-- --stack NAME --out FILE]`: a picture of a stack, from its own resources, by default in NAME.svg. Without a stack
 * the pictures in docs/: the default one, and how a release goes live.
 */
import * as fs from "node:fs";
import { options, run } from "../command";
import { stackResources } from "../resources";
import { defaultStack, draw, picture } from "./draw";
import { drawRollouts, rolloutsPicture } from "./rollouts";

run(async () => {
    const { stack, out: given } = options({ stack: "", out: "" });
    const out = given || (stack === "" ? picture : `${stack}.svg`);
    fs.writeFileSync(out, draw(await (stack === "" ? defaultStack() : stackResources(stack))));
    if (stack === "" && out === picture) {
        fs.writeFileSync(rolloutsPicture, drawRollouts());
        console.log(`How a release goes live is drawn in ${rolloutsPicture}`);
    }
    console.log(`The ${stack === "" ? "default stack" : `stack ${stack}`} is drawn in ${out}`);
});
