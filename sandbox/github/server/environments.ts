import { invalid, nodeId, notFound, page, paging, Refusal, type Request, type Route } from "./http";
import { fullNameOf, repositoryOf } from "./repositories";
import { emptyVault, now, own, type BranchPolicy, type Environment, type Repository } from "./state";
import type { Reviewer, Store } from "./state";
import { teamJson } from "./teams";

/** @throws Refusal 404 when the path's repository or `:environment` is not there */
export function environmentOf(request: Request): Environment {
    const environment = own(repositoryOf(request).environments, request.params.environment!.toLowerCase());
    if (!environment) {
        throw notFound();
    }
    return environment;
}

function environmentJson(request: Request, repository: Repository, environment: Environment) {
    const { id, name } = environment;
    const full = fullNameOf(repository);
    const rules: Record<string, unknown>[] = [];
    if (environment.waitTimer > 0) {
        rules.push({ type: "wait_timer", wait_timer: environment.waitTimer });
    }
    if (environment.reviewers.length > 0) {
        const reviewers = environment.reviewers.map((each) => ({
            type: each.type,
            reviewer: reviewerJson(request.store, each),
        }));
        rules.push({ type: "required_reviewers", prevent_self_review: environment.preventSelfReview, reviewers });
    }
    if (environment.deploymentBranchPolicy) {
        rules.push({ type: "branch_policy" });
    }
    return {
        id,
        node_id: nodeId("Environment", id),
        name,
        url: `https://api.github.com/repos/${full}/environments/${encodeURIComponent(name)}`,
        html_url: `https://github.com/${full}/deployments/activity_log?environments_filter=${encodeURIComponent(name)}`,
        created_at: environment.createdAt,
        updated_at: environment.updatedAt,
        can_admins_bypass: environment.canAdminsBypass,
        protection_rules: rules.map((rule, index) => ({ id: id * 10 + index, node_id: nodeId("Gate", id), ...rule })),
        deployment_branch_policy: environment.deploymentBranchPolicy,
    };
}

function reviewerJson(store: Store, { type, id }: Reviewer) {
    const team = type === "Team" ? store.state.teams.find((each) => each.id === id) : undefined;
    return team ? teamJson(team) : store.accounts.find((account) => account.id === id);
}

/** A person's login, or `organization/team`, as GitHub mentions them. */
export function reviewerName(store: Store, { type, id }: Reviewer): string {
    const team = store.state.teams.find((each) => type === "Team" && each.id === id);
    return team
        ? `${team.organization}/${team.slug}`
        : (store.accounts.find((account) => account.id === id)?.login ?? `${type} ${id}`);
}

function list(request: Request) {
    const repository = repositoryOf(request);
    const all = Object.values(repository.environments);
    return page(request, all, (some) => ({
        total_count: all.length,
        environments: some.map((each) => environmentJson(request, repository, each)),
    }));
}

function get(request: Request) {
    return { status: 200, body: environmentJson(request, repositoryOf(request), environmentOf(request)) };
}

/** GitHub's PUT replaces the protection as a whole: what the body leaves out is off afterwards. */
function put(request: Request) {
    const repository = repositoryOf(request);
    checkPlan(request, repository);
    const protection = protectionFrom(request);
    const name = request.params.environment!;
    if (name.length > 255 || /['"`,;\\]/.test(name)) {
        throw invalid(`"${name}" is not a name that an environment can have.`);
    }
    const old = own(repository.environments, name.toLowerCase());
    const fresh = () => ({ id: request.store.nextId(), name, createdAt: now(), policies: [], vault: emptyVault() });
    const environment: Environment = { ...(old ?? fresh()), ...protection, updatedAt: now() };
    if (!environment.deploymentBranchPolicy?.custom_branch_policies) {
        environment.policies = [];
    }
    repository.environments[name.toLowerCase()] = environment;
    return { status: 200, body: environmentJson(request, repository, environment) };
}

/**
 * A private repository's environment has what its owner pays for: see "Deployments and environments" in GitHub's docs, and
 * go-github, which leaves out what was refused by these words and asks again.
 * @throws Refusal 404 or 422 where the plan lacks it
 */
function checkPlan({ store, body }: Request, { settings }: Repository): void {
    const { plan } = store.settings;
    if (settings.visibility !== "private" || plan === "enterprise") {
        return;
    }
    if (plan === "free") {
        throw notFound();
    }
    const rules = {
        reviewers: "required reviewers",
        prevent_self_review: "required reviewers",
        wait_timer: "wait timer",
    };
    const [, rule] = Object.entries(rules).find(([field]) => body[field] !== undefined) ?? [];
    if (rule !== undefined) {
        const failed = "Failed to create the environment protection rule.";
        throw new Refusal(422, `${failed} Please ensure the billing plan supports the ${rule} protection rule.`);
    }
}

function protectionFrom({ store, body }: Request) {
    const policy: Environment["deploymentBranchPolicy"] = body.deployment_branch_policy ?? null;
    if (policy) {
        const names = ["protected_branches", "custom_branch_policies"] as const;
        const odd = Object.keys(policy).filter((key) => !names.some((name) => name === key));
        if (odd.length > 0 || names.some((name) => typeof policy[name] !== "boolean")) {
            throw invalid(`"deployment_branch_policy" must have the booleans ${names.join(" and ")} and nothing else.`);
        }
        if (policy.protected_branches === policy.custom_branch_policies) {
            throw invalid(`${names.join(" and ")} cannot have the same value.`);
        }
    }
    const reviewers: Reviewer[] = body.reviewers ?? [];
    for (const reviewer of reviewers) {
        const users = store.accounts.filter(({ type }) => type === "User");
        const candidates = reviewer?.type === "Team" ? store.state.teams : reviewer?.type === "User" ? users : [];
        if (!candidates.some(({ id }) => id === reviewer.id) || Object.keys(reviewer).length !== 2) {
            throw invalid(
                `${JSON.stringify(reviewer)} is no reviewer: it must be {"type": "User" or "Team", "id": number} of one.`,
            );
        }
    }
    if (body.prevent_self_review && reviewers.length === 0) {
        throw new Refusal(
            422,
            "Failed to create or update the environment protection rule. " +
                "Required reviewers must have at least one reviewer to set prevent_self_review.",
        );
    }
    if (reviewers.length > 6) {
        throw invalid(`An environment has up to six reviewers, got ${reviewers.length}.`);
    }
    const waitTimer: number = body.wait_timer ?? 0;
    if (waitTimer < 0 || waitTimer > 43200) {
        throw invalid(`For 'properties/wait_timer', ${waitTimer} is not between 0 and 43200 minutes.`);
    }
    return {
        waitTimer,
        preventSelfReview: (body.prevent_self_review as boolean | null | undefined) ?? false,
        canAdminsBypass: (body.can_admins_bypass as boolean | null | undefined) ?? true,
        reviewers,
        deploymentBranchPolicy: policy,
    };
}

function remove(request: Request) {
    environmentOf(request);
    delete repositoryOf(request).environments[request.params.environment!.toLowerCase()];
    return { status: 204 };
}

const policyJson = ({ id, name, type }: BranchPolicy) => ({ id, node_id: nodeId("Policy", id), name, type });

function listPolicies(request: Request) {
    const { policies } = environmentOf(request);
    return page(request, policies, (some) => ({
        total_count: policies.length,
        branch_policies: some.map(policyJson),
    }));
}

function createPolicy(request: Request) {
    const environment = environmentOf(request);
    // GitHub answers 404 too where the environment has not been set to custom policies.
    if (!environment.deploymentBranchPolicy?.custom_branch_policies) {
        throw notFound();
    }
    const { name, type = "branch" } = request.body;
    const same = environment.policies.find((each) => each.name === name && each.type === type);
    if (same) {
        return { status: 303, headers: { location: `${request.origin}${request.params.path}/${same.id}` } };
    }
    const policy: BranchPolicy = { id: request.store.nextId(), name, type };
    environment.policies.push(policy);
    return { status: 200, body: policyJson(policy) };
}

function policyOf(request: Request): BranchPolicy {
    const policy = environmentOf(request).policies.find(({ id }) => String(id) === request.params.policy);
    if (!policy) {
        throw notFound();
    }
    return policy;
}

function updatePolicy(request: Request) {
    const policy = policyOf(request);
    policy.name = request.body.name;
    return { status: 200, body: policyJson(policy) };
}

function removePolicy(request: Request) {
    const environment = environmentOf(request);
    const policy = policyOf(request);
    environment.policies = environment.policies.filter((each) => each !== policy);
    return { status: 204 };
}

const all = "/repos/:owner/:repo/environments";
const one = `${all}/:environment`;
const policies = `${one}/deployment-branch-policies`;
const protection = {
    wait_timer: { type: "integer" },
    prevent_self_review: { type: "boolean", nullable: true },
    can_admins_bypass: { type: "boolean", nullable: true },
    reviewers: { type: "array", nullable: true },
    deployment_branch_policy: { type: "object", nullable: true },
} as const;
const name = { type: "string", required: true } as const;

/** Environments and their deployment branch policies. */
export const environmentRoutes: readonly Route[] = [
    { method: "GET", path: all, query: paging, handle: list },
    { method: "GET", path: one, handle: get },
    { method: "PUT", path: one, body: protection, handle: put },
    { method: "DELETE", path: one, handle: remove },
    { method: "GET", path: policies, query: paging, handle: listPolicies },
    {
        method: "POST",
        path: policies,
        body: { name, type: { type: "string", oneOf: ["branch", "tag"] } },
        handle: createPolicy,
    },
    {
        method: "GET",
        path: `${policies}/:policy`,
        handle: (request) => ({ status: 200, body: policyJson(policyOf(request)) }),
    },
    { method: "PUT", path: `${policies}/:policy`, body: { name }, handle: updatePolicy },
    { method: "DELETE", path: `${policies}/:policy`, handle: removePolicy },
];
