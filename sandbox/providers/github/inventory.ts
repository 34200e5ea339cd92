import { githubToken, githubUrl } from "../../github/service";
import type { Offer } from "../standIn";
import { githubProvider } from "./provider";

export interface GitHubItem {
    /** Pulumi's type token. */
    readonly type: string;
    /** As in Pulumi's state. */
    readonly id: string;
    /** The login of the account that has it; ids do not tell. */
    readonly owner: string;
}

interface Health {
    readonly owner: string;
    readonly owners: readonly string[];
    readonly seeded: readonly string[];
}

async function health(): Promise<Health> {
    return (await (await fetch(`${githubUrl()}/_sandbox/health`)).json()) as Health;
}

const offerFor = (owner: string): Offer =>
    githubProvider.configure({ owner, token: githubToken, baseUrl: githubUrl() });

/**
 * Everything that the emulated GitHub has and did not have at first, what is inside another before it.
 * @throws Error when the emulator does not answer
 */
export async function inventory(): Promise<GitHubItem[]> {
    const { owners, seeded } = await health();
    const items: GitHubItem[] = [];
    for (const owner of owners) {
        for (const [type, resource] of Object.entries(offerFor(owner).resources)) {
            for (const id of (await resource.list?.()) ?? []) {
                items.push({ type, id, owner });
            }
        }
    }
    const wasThere = ({ type, id, owner }: GitHubItem) =>
        type.endsWith(":Repository") && seeded.includes(`${owner}/${id}`.toLowerCase());
    return items.filter((item) => !wasThere(item));
}

/** Removes one item of the inventory; what is gone already is fine. `owner` is the configured one unless given. */
export async function remove(type: string, id: string, owner?: string): Promise<void> {
    const resource = offerFor(owner ?? (await health()).owner).resources[type];
    if (!resource) {
        throw new Error(`the sandbox's GitHub has no ${type}`);
    }
    await resource.delete(id, {});
}
