/**
 * `npm run diagram [-- --stack NAME --out FILE]`: a picture of a stack, from its own resources, by default in NAME.svg. Without a stack
 * the pictures in docs/: the default one, and how a release goes live.
 */
import { RunError } from "@pulumi/pulumi/errors";
import * as fs from "node:fs";
import { options, run } from "../command";
import { stackResources } from "../resources";
import { defaultStack, draw, picture } from "./draw";
import { drawRollouts, rolloutsPicture } from "./rollouts";

run(async () => {
    const { stack, out: given } = options({ stack: "", out: "" });
    const out = given || (stack === "" ? picture : `${stack}.svg`);
    write(out, draw(await (stack === "" ? defaultStack() : stackResources(stack))));
    if (stack === "" && out === picture) {
        write(rolloutsPicture, drawRollouts());
        console.log(`How a release goes live is drawn in ${rolloutsPicture}`);
    }
    console.log(`The ${stack === "" ? "default stack" : `stack ${stack}`} is drawn in ${out}`);
});

/** @throws RunError that names the file */
function write(file: string, svg: string): void {
    try {
        fs.writeFileSync(file, svg);
    } catch (error) {
        throw new RunError(`${file} cannot be written: ${(error as Error).message}`);
    }
}
