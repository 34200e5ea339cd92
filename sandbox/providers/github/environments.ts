import type { Properties, ResourceStandIn } from "../standIn";
import { joinId, splitId, type GitHub } from "./client";
import { repositoryIdOf } from "./repository";
import { environments } from "./scopes";

const one = "/repos/{owner}/{repo}/environments/{environment}";
const policies = `${one}/deployment-branch-policies`;

function protectionBody(inputs: Properties): Properties {
    const of = (type: string, ids: readonly number[] = []) => ids.map((id) => ({ type, id }));
    const reviewers = (inputs.reviewers ?? []).flatMap((each: Properties) => [
        ...of("Team", each.teams),
        ...of("User", each.users),
    ]);
    const policy = inputs.deploymentBranchPolicy;
    return {
        wait_timer: inputs.waitTimer ?? 0,
        can_admins_bypass: inputs.canAdminsBypass ?? true,
        prevent_self_review: inputs.preventSelfReview ?? false,
        reviewers,
        deployment_branch_policy: policy
            ? { protected_branches: policy.protectedBranches, custom_branch_policies: policy.customBranchPolicies }
            : null,
    };
}

/** The protection that GitHub tells, by the names of the inputs. It does not tell an empty list of reviewers from none. */
function protectionInputs(found: any, declared: Properties): Properties {
    const rule = (type: string) => found.protection_rules.find((each: any) => each.type === type);
    const required = rule("required_reviewers");
    const ids = (type: string) =>
        (required?.reviewers ?? []).filter((each: any) => each.type === type).map((each: any) => each.reviewer.id);
    const policy = found.deployment_branch_policy;
    const some = (name: string, list: number[]) =>
        list.length > 0 || declared.reviewers?.[0]?.[name] !== undefined ? { [name]: list } : {};
    return {
        waitTimer: rule("wait_timer")?.wait_timer,
        canAdminsBypass: found.can_admins_bypass,
        preventSelfReview: required?.prevent_self_review ?? false,
        reviewers: required && [{ ...some("teams", ids("Team")), ...some("users", ids("User")) }],
        deploymentBranchPolicy: policy && {
            protectedBranches: policy.protected_branches,
            customBranchPolicies: policy.custom_branch_policies,
        },
    };
}

/** github:index/repositoryEnvironment:RepositoryEnvironment; the id is `repository:environment`. */
export function repositoryEnvironment(github: GitHub): ResourceStandIn {
    const at = (id: string) => {
        const [repo = "", environment = ""] = splitId(id, "repository", "environment");
        return { repo, environment };
    };
    return {
        required: ["repository", "environment"],
        optional: [
            "canAdminsBypass",
            "preventSelfReview",
            "waitTimer",
            "reviewers.users",
            "reviewers.teams",
            "deploymentBranchPolicy.protectedBranches",
            "deploymentBranchPolicy.customBranchPolicies",
        ],
        replaceOn: ["repository", "environment"],
        async create(inputs) {
            const { repository, environment } = inputs;
            await github.call(`PUT ${one}`, { repo: repository, environment, ...protectionBody(inputs) });
            const repositoryId = await repositoryIdOf(github, repository);
            return { id: joinId(repository, environment), outputs: { repositoryId } };
        },
        async read(id, state) {
            const { repo, environment } = at(id);
            const found = await github.find(`GET ${one}`, { repo, environment });
            return found && { ...state, repository: repo, environment, ...protectionInputs(found, state) };
        },
        async update(id, _state, inputs) {
            await github.call(`PUT ${one}`, { ...at(id), ...protectionBody(inputs) });
            return {};
        },
        async delete(id) {
            await github.find(`DELETE ${one}`, at(id));
        },
        list: async () => (await environments(github)).map((each) => joinId(each.repo, each.environment)),
    };
}

/**
 * github:index/repositoryEnvironmentDeploymentPolicy, for branches only; the id is `repository:environment:number`.
 * Creating one that is there already finds it, as on GitHub.
 */
export function deploymentPolicy(github: GitHub): ResourceStandIn {
    const at = (id: string) => {
        const [repo = "", environment = "", policy = ""] = splitId(id, "repository", "environment", "policyId");
        return { repo, environment, policy };
    };
    return {
        required: ["repository", "environment", "branchPattern"],
        optional: [],
        replaceOn: ["repository", "environment"],
        async create(inputs) {
            const { repository, environment, branchPattern: name } = inputs;
            const body = { repo: repository, environment, name, type: "branch" };
            const { id: policyId } = await github.call(`POST ${policies}`, body);
            const repositoryId = await repositoryIdOf(github, repository);
            return { id: joinId(repository, environment, String(policyId)), outputs: { policyId, repositoryId } };
        },
        async read(id, state) {
            const { repo, environment, policy } = at(id);
            const found = await github.find(`GET ${policies}/{policy}`, { repo, environment, policy });
            const named = { repository: repo, environment, policyId: Number(policy) };
            return found && { ...state, ...named, branchPattern: found.name };
        },
        async update(id, _state, inputs) {
            await github.call(`PUT ${policies}/{policy}`, { ...at(id), name: inputs.branchPattern });
            return {};
        },
        async delete(id) {
            await github.find(`DELETE ${policies}/{policy}`, at(id));
        },
        async list() {
            const ids: string[] = [];
            for (const place of await environments(github)) {
                for (const { id } of await github.list(`GET ${policies}`, place)) {
                    ids.push(joinId(place.repo, place.environment, String(id)));
                }
            }
            return ids;
        },
    };
}
