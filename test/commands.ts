/** The commands of a page, in their order: the lines of its `sh` blocks, one for each part of a list with `&&`. */
export function commandsOf(page: string): string[] {
    const blocks = [...page.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].map(([, block]) => block!);
    return blocks
        .flatMap((block) => block.split("\n"))
        .flatMap((line) => line.trim().split(" && "))
        .filter((command) => command !== "");
}

/** Whether a command only writes down what a stack is to be, for which no account is needed. */
export const isConfiguring = (command: string): boolean =>
    /^(pulumi (-C \S+ )?(stack (init|select)|config set) |cp Pulumi\.prod\.yaml\.example )/.test(command);
