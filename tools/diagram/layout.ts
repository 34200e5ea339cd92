/** Where everything in the picture is. */
import { accountLayout } from "./accountLayout";
import { rows } from "./grid";
import type { Facts } from "./model";
import { pipelineLayout } from "./pipelineLayout";
import { bottom, type Box, type Drawing } from "./shapes";
import { vpcLayout } from "./vpcLayout";

/** GitHub shows a README's pictures about this wide. */
const width = 1000;

/** The network in the middle, the services of the region right of it, roles below, and GitHub at the bottom. */
export function layout(facts: Facts): Drawing {
    const top = 10;
    const vpcTop = top + (facts.domain ? 84 : 30);
    let network = vpcLayout(facts, vpcTop);
    let account = accountLayout(facts, network, top + 30);
    if (account.lacking > 0) {
        network = vpcLayout(facts, vpcTop, rows.strip + account.lacking);
        account = accountLayout(facts, network, top + 30);
    }
    const pipeline = pipelineLayout(facts, network, account, Math.max(bottom(network.vpc), account.bottom) + 26);
    const region: Box = {
        id: "region",
        kind: "region",
        x: 122,
        y: top,
        width: width - 122 - 10,
        height: bottom(pipeline.roles) + 12 - top,
        title: `AWS, ${facts.region}: the stack ${facts.name}`,
    };
    return {
        width,
        height: bottom(pipeline.github) + 10,
        boxes: [region, ...network.boxes, ...account.boxes, ...pipeline.boxes],
        legend: pipeline.legend,
        arrows: [...network.arrows, ...account.arrows, ...pipeline.arrows],
    };
}
