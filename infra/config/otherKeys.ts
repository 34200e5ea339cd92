import type { ConfigSource } from "./reader";

/** How the program logs in to GitHub; the owner is that of `githubRepository`. */
const ofGitHub = ["github:token", "github:appAuth"];

interface Notes {
    note(subject: string, problem: string, fix: string): void;
}

/** Settings of Pulumi and of a provider that would not do here what they say. */
export function checkOtherKeys(config: Notes, { others }: ConfigSource): void {
    const remove = (key: string) => `pulumi config rm ${key}`;
    if (others.includes("pulumi:autonaming")) {
        config.note(
            "pulumi:autonaming",
            "expected none, as the stack knows its own target groups and secrets by the names that Pulumi gives otherwise",
            `${remove("pulumi:autonaming")}, or take it out of Pulumi.yaml or the environment that has it`,
        );
    }
    for (const key of others.filter((each) => each.startsWith("github:") && !ofGitHub.includes(each))) {
        config.note(key, `expected ${ofGitHub.join(" or ")}, got a key that the program does not use`, remove(key));
    }
    if (ofGitHub.every((key) => others.includes(key))) {
        const problem = "expected none beside github:appAuth, which the provider would log in with all the same";
        config.note("github:token", problem, remove("github:token"));
    }
}
