/** `npm run cost [-- --stack NAME]`: what the stack costs in a month, from its own resources. */
import { options, run } from "../command";
import { stackResources } from "../resources";
import { estimate, taskBounds } from "./estimate";
import { priceDate, pricesIn } from "./priceList";
import { report } from "./report";

run(async () => {
    const stack = await stackResources(options({ stack: "dev" }).stack);
    const { least, most } = taskBounds(stack);
    const { name, region } = stack;
    const estimates = { least: estimate(stack, least), most: estimate(stack, most) };
    console.log(
        report({ stack: name, region, priceDate, spotShare: pricesIn(region).spotShareOfOnDemand, ...estimates }),
    );
});
