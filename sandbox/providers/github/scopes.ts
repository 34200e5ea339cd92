import type { Properties } from "../standIn";
import { joinId, splitId, type GitHub } from "./client";
import { repositoryNames } from "./repository";

/** Where secrets and variables live: in a repository, or in one of its environments. */
export interface Scope {
    /** GitHub's path, without the word `secrets` or `variables`. */
    readonly path: string;
    /** The inputs that name the place, in the order of the id. */
    readonly inputs: readonly ("repository" | "environment")[];
    /** Every such place of the owner. */
    places(github: GitHub): Promise<Place[]>;
}

/** One repository or environment, by the parameters of the path. */
export interface Place {
    readonly repo: string;
    readonly environment?: string;
}

export const ofRepository: Scope = {
    path: "/repos/{owner}/{repo}/actions",
    inputs: ["repository"],
    places: async (github) => (await repositoryNames(github)).map((repo) => ({ repo })),
};

export const ofEnvironment: Scope = {
    path: "/repos/{owner}/{repo}/environments/{environment}",
    inputs: ["repository", "environment"],
    places: environments,
};

/** Every environment of every repository of the owner. */
export async function environments(github: GitHub): Promise<{ repo: string; environment: string }[]> {
    const found: { repo: string; environment: string }[] = [];
    for (const repo of await repositoryNames(github)) {
        for (const { name } of await github.list("GET /repos/{owner}/{repo}/environments", { repo })) {
            found.push({ repo, environment: name });
        }
    }
    return found;
}

export const placeOf = ({ repository, environment }: Properties): Place =>
    environment === undefined ? { repo: repository } : { repo: repository, environment };

export const idIn = (scope: Scope, inputs: Properties, name: string) =>
    joinId(...scope.inputs.map((input) => inputs[input]), name);

/** The inputs that an id tells, the last part under `nameInput`. */
export function inputsFrom(scope: Scope, id: string, nameInput: string): Properties {
    const names = [...scope.inputs, nameInput];
    const parts = splitId(id, ...names);
    return Object.fromEntries(names.map((name, index) => [name, parts[index]]));
}
