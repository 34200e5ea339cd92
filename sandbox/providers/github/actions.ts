import { seal, sealedBoxReady } from "../../github/sealedBox";
import type { Properties, ResourceStandIn } from "../standIn";
import { goTime, joinId, type GitHub } from "./client";
import { repositoryIdOf } from "./repository";
import { idIn, inputsFrom, placeOf, type Place, type Scope } from "./scopes";

const idAt = ({ repo, environment }: Place, name: string) =>
    joinId(repo, ...(environment === undefined ? [] : [environment]), name);

async function listIn(github: GitHub, scope: Scope, kind: "secrets" | "variables"): Promise<string[]> {
    const ids: string[] = [];
    for (const place of await scope.places(github)) {
        for (const { name } of await github.list(`GET ${scope.path}/${kind}`, { ...place })) {
            ids.push(idAt(place, name));
        }
    }
    return ids;
}

/**
 * github:index/actionsSecret:ActionsSecret and actionsEnvironmentSecret. Of the official provider's four ways to give
 * the value only `value` is here: the others are deprecated, or leave the sealing to the program.
 */
export function actionsSecret(github: GitHub, scope: Scope): ResourceStandIn {
    const one = `${scope.path}/secrets/{name}`;

    async function put(inputs: Properties): Promise<Properties> {
        const at = { ...placeOf(inputs), name: inputs.secretName };
        const { key, key_id: keyId } = await github.call(`GET ${scope.path}/secrets/public-key`, {
            ...placeOf(inputs),
        });
        await sealedBoxReady;
        await github.call(`PUT ${one}`, { ...at, encrypted_value: seal(inputs.value, key), key_id: keyId });
        const { created_at: created, updated_at: updated } = await github.call(`GET ${one}`, at);
        return {
            createdAt: goTime(created),
            updatedAt: goTime(updated),
            remoteUpdatedAt: goTime(updated),
            keyId,
            repositoryId: await repositoryIdOf(github, inputs.repository),
        };
    }

    return {
        required: [...scope.inputs, "secretName", "value"],
        optional: [],
        replaceOn: [...scope.inputs, "secretName"],
        deleteBeforeReplace: true,
        secrets: ["value"],
        async create(inputs) {
            return { id: idIn(scope, inputs, inputs.secretName), outputs: await put(inputs) };
        },
        async read(id, state) {
            const inputs = inputsFrom(scope, id, "secretName");
            const found = await github.find(`GET ${one}`, { ...placeOf(inputs), name: inputs.secretName });
            if (!found) {
                return undefined;
            }
            const remoteUpdatedAt = goTime(found.updated_at);
            // Nobody can read the value back: when somebody else wrote it, it is not known to be ours any more, and
            // the next `up` writes it again.
            const { value, ...others } = state;
            const ours = state.updatedAt === remoteUpdatedAt;
            const createdAt = goTime(found.created_at);
            return { ...others, ...inputs, createdAt, remoteUpdatedAt, value: ours ? value : undefined };
        },
        update: (_id, _state, inputs) => put(inputs),
        async delete(id) {
            const inputs = inputsFrom(scope, id, "secretName");
            await github.find(`DELETE ${one}`, { ...placeOf(inputs), name: inputs.secretName });
        },
        list: () => listIn(github, scope, "secrets"),
    };
}

/** github:index/actionsVariable:ActionsVariable and actionsEnvironmentVariable. */
export function actionsVariable(github: GitHub, scope: Scope): ResourceStandIn {
    const one = `${scope.path}/variables/{variable}`;
    // GitHub's path and body both have a `name`; the path's goes by another here.
    const at = (inputs: Properties) => ({ ...placeOf(inputs), variable: inputs.variableName });
    const times = (found: any) => ({ createdAt: goTime(found.created_at), updatedAt: goTime(found.updated_at) });

    return {
        required: [...scope.inputs, "variableName", "value"],
        optional: [],
        replaceOn: [...scope.inputs, "variableName"],
        deleteBeforeReplace: true,
        async create(inputs) {
            const { variableName: name, value } = inputs;
            await github.call(`POST ${scope.path}/variables`, { ...placeOf(inputs), name, value });
            const repositoryId = await repositoryIdOf(github, inputs.repository);
            const outputs = { ...times(await github.call(`GET ${one}`, at(inputs))), repositoryId };
            return { id: idIn(scope, inputs, name), outputs };
        },
        async read(id, state) {
            const inputs = inputsFrom(scope, id, "variableName");
            const found = await github.find(`GET ${one}`, at(inputs));
            return found && { ...state, ...inputs, value: found.value, ...times(found) };
        },
        async update(_id, _state, inputs) {
            await github.call(`PATCH ${one}`, { ...at(inputs), value: inputs.value });
            return times(await github.call(`GET ${one}`, at(inputs)));
        },
        async delete(id) {
            await github.find(`DELETE ${one}`, at(inputsFrom(scope, id, "variableName")));
        },
        list: () => listIn(github, scope, "variables"),
    };
}
