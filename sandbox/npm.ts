import { createRequire } from "node:module";

/** The version of an installed package of npm. */
export function versionOf(name: string): string {
    const { version } = createRequire(__filename)(`${name}/package.json`) as { version: string };
    return version;
}
