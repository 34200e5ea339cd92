import { projectFolder } from "../recorder";
import { resourcesOf, type Stack } from "../resources";
import { defaultConfig } from "../stackFiles";
import { factsOf } from "./facts";
import { layout } from "./layout";
import { svg } from "./svg";

/** The picture in the README, relative to the project's folder. */
export const picture = "docs/architecture.svg";

/** What that picture shows: not this checkout's own stack, as then everybody who configures it would have to draw it again. */
export const defaultStack = (): Promise<Stack> => resourcesOf(defaultConfig(projectFolder, "dev"));

/** The stack as an SVG: the same text for the same resources. */
export function draw(stack: Stack): string {
    return svg(layout(factsOf(stack)), `${stack.name} in ${stack.region}: who talks to whom, on which port`);
}
