import type { Stack } from "../resources";
import { factsOf } from "./facts";
import { layout } from "./layout";
import { svg } from "./svg";

/** The picture in the README, relative to the project's folder. */
export const picture = "docs/architecture.svg";

/** The stack as an SVG: the same text for the same resources. */
export function draw(stack: Stack): string {
    return svg(layout(factsOf(stack)), `${stack.name} in ${stack.region}: who talks to whom, on which port`);
}
