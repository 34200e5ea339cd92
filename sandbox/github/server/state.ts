import * as fs from "fs";
import * as path from "path";
import { randomBytes } from "crypto";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { newBoxKey, type BoxKey } from "./sealedBox";
import type { Run, WorkflowRun } from "./runRecords";
import { tokenHolder, type Account, type GitHubSettings } from "./settings";

export interface Secret {
    readonly sealed: string;
    readonly createdAt: string;
    readonly updatedAt: string;
}

export interface Variable {
    readonly value: string;
    readonly createdAt: string;
    readonly updatedAt: string;
}

/** What a repository and an environment have alike. Secrets and variables by their upper-case name. */
export interface Vault {
    readonly key: BoxKey;
    readonly secrets: Record<string, Secret>;
    readonly variables: Record<string, Variable>;
}

export interface BranchPolicy {
    readonly id: number;
    name: string;
    readonly type: "branch" | "tag";
}

export interface Reviewer {
    readonly type: "User" | "Team";
    readonly id: number;
}

export interface Environment {
    readonly id: number;
    readonly name: string;
    readonly createdAt: string;
    updatedAt: string;
    waitTimer: number;
    preventSelfReview: boolean;
    canAdminsBypass: boolean;
    reviewers: readonly Reviewer[];
    deploymentBranchPolicy: { readonly protected_branches: boolean; readonly custom_branch_policies: boolean } | null;
    policies: BranchPolicy[];
    readonly vault: Vault;
}

export interface Repository {
    readonly id: number;
    readonly owner: Account;
    name: string;
    /** Not made by a caller: the repository that a team already has. Its tokens carry the older form of `sub`. */
    readonly seeded: boolean;
    readonly createdAt: string;
    updatedAt: string;
    vulnerabilityAlerts: boolean;
    /** Everything that POST and PATCH set, by GitHub's field names. */
    settings: Record<string, unknown>;
    readonly vault: Vault;
    /** By lower-case name. */
    readonly environments: Record<string, Environment>;
}

/** A team of an organization. */
export interface Team {
    readonly id: number;
    readonly organization: string;
    readonly slug: string;
}

export interface State {
    readonly version: 1;
    nextId: number;
    readonly signingKey: JWK;
    /** By lower-case `owner/name`. */
    readonly repositories: Record<string, Repository>;
    /** Names that were put here at a start, so that a deleted one does not come back at the next. */
    readonly seeded: string[];
    /** Runs by their request token. */
    readonly runs: Record<string, Run & { readonly number: number; readonly startedAt: number }>;
    /** Oldest first. */
    readonly workflowRuns: WorkflowRun[];
    /** Accounts and teams that own nothing, but that an environment can ask for a review. */
    readonly people: Account[];
    readonly teams: Team[];
}

/** Whole seconds in UTC, as GitHub writes times. */
export const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");

export const emptyVault = (): Vault => ({ key: newBoxKey(), secrets: {}, variables: {} });

export class Store {
    private constructor(
        readonly settings: GitHubSettings,
        readonly state: State,
    ) {}

    /**
     * Reads the state file or starts a new one, and puts the configured repository there if it never was.
     * @throws Error when the file is no state of this program
     */
    static async open(settings: GitHubSettings): Promise<Store> {
        const store = new Store(settings, readState(settings.stateFile) ?? (await newState()));
        store.seed();
        store.save();
        return store;
    }

    /** All accounts that exist: the owner, the person whose token it is, and owners of an earlier configuration. */
    get accounts(): readonly Account[] {
        const owners = Object.values(this.state.repositories).map(({ owner }) => owner);
        const all = [this.settings.owner, this.tokenHolder, ...owners, ...this.state.people];
        return all.filter((account, index) => all.findIndex(({ login }) => login === account.login) === index);
    }

    get tokenHolder(): Account {
        return this.settings.owner.type === "User" ? this.settings.owner : tokenHolder;
    }

    nextId(): number {
        return this.state.nextId++;
    }

    repository(owner: string, name: string): Repository | undefined {
        return own(this.state.repositories, `${owner}/${name}`.toLowerCase());
    }

    addRepository(owner: Account, name: string, id: number, seeded: boolean): Repository {
        const repository: Repository = {
            id,
            owner,
            name,
            seeded,
            createdAt: now(),
            updatedAt: now(),
            vulnerabilityAlerts: false,
            settings: {},
            vault: emptyVault(),
            environments: {},
        };
        this.state.repositories[`${owner.login}/${name}`.toLowerCase()] = repository;
        return repository;
    }

    /** Replaces the state file in one step: a process that is killed leaves the old one or the new one. */
    save(): void {
        const file = this.settings.stateFile;
        fs.mkdirSync(path.dirname(file), { recursive: true });
        const temporary = `${file}.${process.pid}.tmp`;
        fs.writeFileSync(temporary, JSON.stringify(this.state, undefined, 1), { mode: 0o600 });
        fs.renameSync(temporary, file);
    }

    private seed(): void {
        const { owner, repository } = this.settings;
        const wanted = repository && `${owner.login}/${repository.name}`.toLowerCase();
        // A repository that an earlier configuration named, and that nothing was written to, has no reason to stay.
        for (const [key, old] of Object.entries(this.state.repositories)) {
            if (old.seeded && key !== wanted && isUntouched(old)) {
                delete this.state.repositories[key];
                this.state.seeded.splice(this.state.seeded.indexOf(key), 1);
            }
        }
        if (repository && wanted && !this.state.seeded.includes(wanted)) {
            this.state.seeded.push(wanted);
            if (!this.state.repositories[wanted]) {
                // One that an earlier configuration named is another repository.
                const isTaken = Object.values(this.state.repositories).some(({ id }) => id === repository.id);
                this.addRepository(owner, repository.name, isTaken ? this.nextId() : repository.id, true);
            }
        }
    }
}

/** A look-up that does not find what every object inherits (`constructor` is a valid name of an environment). */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
    return Object.prototype.hasOwnProperty.call(record, key) ? record[key] : undefined;
}

function isUntouched({ vault, environments }: Repository): boolean {
    return [vault.secrets, vault.variables, environments].every((record) => Object.keys(record).length === 0);
}

function readState(file: string): State | undefined {
    let text: string;
    try {
        text = fs.readFileSync(file, "utf8");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") {
            return undefined;
        }
        throw error;
    }
    let state: State | undefined;
    try {
        state = JSON.parse(text) as State;
    } catch {
        // Falls through to the error below, which says what to do.
    }
    if (state?.version !== 1 || !state.repositories || !state.signingKey || !state.workflowRuns) {
        throw new Error(
            `${file} is not a state of the GitHub emulator (damaged, or of another version). ` +
                `Move it away to begin with an empty GitHub; its secrets and variables are lost with it.`,
        );
    }
    return state;
}

/** A new state but for its key. */
export const emptyState = (): Omit<State, "signingKey"> => ({
    version: 1,
    nextId: 80100001,
    repositories: {},
    seeded: [],
    runs: {},
    workflowRuns: [],
    people: [],
    teams: [],
});

async function newState(): Promise<State> {
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    const signingKey = { ...(await exportJWK(privateKey)), kid: randomBytes(16).toString("hex"), alg: "RS256" };
    return { ...emptyState(), signingKey };
}
