/**
 * Where the sandbox's parts come from: the originals as everybody gets them where the internet can be reached, else what can be
 * built from the package registries, else a stand-in.
 */
import { UserError } from "../progress";

/** What can be reached, each for the parts that come from there. */
export interface Reachable {
    /** Pulumi's own site, which has the engine and the official plugins. */
    readonly pulumi: boolean;
    /** GitHub, which has the workflow's actions and the releases of other tools. */
    readonly github: boolean;
}

const answersWithinMs = 2_000;

/** True when the site itself answers in time, whatever it says: what stands in the way of a machine mostly does not answer as it. */
export async function isAnswering(url: string): Promise<boolean> {
    try {
        const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(answersWithinMs) });
        await response.body?.cancel();
        return response.ok;
    } catch {
        return false;
    }
}

/**
 * Asks for a short time what can be reached, unless SANDBOX_OFFLINE says it: `1` nothing, `0` everything.
 * @throws UserError for another value of it
 */
export async function whatIsReachable(
    probe = isAnswering,
    given = process.env.SANDBOX_OFFLINE ?? "",
): Promise<Reachable> {
    if (given === "0" || given === "1") {
        return { pulumi: given === "0", github: given === "0" };
    }
    if (given !== "") {
        throw new UserError(
            `SANDBOX_OFFLINE is "${given}": 1 takes nothing from the internet but packages, 0 takes what it can without asking ` +
                "first, and unset it is found out.",
        );
    }
    const [pulumi, github] = await Promise.all([probe("https://get.pulumi.com/"), probe("https://github.com/")]);
    return { pulumi, github };
}

/** Fetches something. Where that does not work it says why and gives undefined: the next best way is taken then. */
export async function orNot<T>(fetch: () => Promise<T>): Promise<T | undefined> {
    try {
        return await fetch();
    } catch (error) {
        console.log(
            `    It cannot be downloaded, and something else takes its place: ${(error as Error).message.trim()}`,
        );
        return undefined;
    }
}

/** How a part came to be what it is here. */
export type Origin = "original" | "original, built here" | "stand-in" | "emulator";

export interface Part {
    readonly name: string;
    readonly origin: Origin;
    readonly version: string;
}

/** The first lines of a command that runs the engine or the workflow: what is real in this run, and in which version. */
export function tableOf(parts: readonly Part[]): string {
    const rows = [{ name: "part", origin: "here", version: "version" }, ...parts];
    const width = (key: "name" | "origin") => Math.max(...rows.map((row) => row[key].length)) + 2;
    return rows
        .map(
            ({ name, origin, version }) => `  ${name.padEnd(width("name"))}${origin.padEnd(width("origin"))}${version}`,
        )
        .join("\n");
}
