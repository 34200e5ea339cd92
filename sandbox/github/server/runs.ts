import { invalid, type Fields } from "./http";
import { fullNameOf } from "./repositories";
import type { Run } from "./runRecords";
import { own, type Environment, type Repository, type Store } from "./state";

/** The description of a run, as the sandbox's own calls take it. */
export const runFields: Fields = {
    repository: { type: "string", required: true },
    event: { type: "string", required: true, oneOf: ["push", "workflow_dispatch", "tag", "pull_request"] },
    ref: { type: "string", required: true },
    sha: { type: "string", required: true },
    environment: { type: "string" },
    workflow: { type: "string" },
    subject: { type: "string", oneOf: ["name", "immutable"] },
    head: { type: "string" },
    actor: { type: "string" },
};

// A pull request's ref is the merge of its branch into the base.
const refs: Record<Run["event"], RegExp> = {
    push: /^refs\/heads\/.+$/,
    workflow_dispatch: /^refs\/(heads|tags)\/.+$/,
    tag: /^refs\/tags\/.+$/,
    pull_request: /^refs\/pull\/\d+\/merge$/,
};

/** @throws Refusal 422 when the repository is not there */
export function repositoryNamed(store: Store, fullName: string): Repository {
    const [owner = "", name = "", ...more] = fullName.split("/");
    const repository = more.length === 0 ? store.repository(owner, name) : undefined;
    if (!repository) {
        throw invalid(`There is no repository "${fullName}" here.`);
    }
    return repository;
}

/**
 * Checks what GitHub would not run: an impossible ref, an unknown environment, or a ref that the environment's
 * deployment branch policy does not let in. GitHub would create an unknown environment on the fly, open to all
 * branches; here that is an error, since it is one in a pipeline.
 * @throws Refusal 422 that says what is wrong
 */
export function checkedRun(store: Store, body: Readonly<Record<string, any>>): Run {
    const repository = repositoryNamed(store, body.repository);
    const ref: string = body.ref;
    const event: Run["event"] = body.event;
    if (!refs[event].test(ref)) {
        throw invalid(`For 'properties/ref', "${ref}" is not a ref of the event ${event} (${refs[event].source}).`);
    }
    if (!/^[0-9a-f]{40}$/.test(body.sha)) {
        throw invalid(`For 'properties/sha', "${body.sha}" is not a commit (40 hexadecimal digits).`);
    }
    // GitHub gives the immutable form to repositories that are younger than it.
    const subject: Run["subject"] = body.subject ?? (repository.seeded ? "name" : "immutable");
    const environment = body.environment === undefined ? undefined : environmentNamed(repository, body.environment);
    if (environment && !letsIn(environment, ref)) {
        const what = ref.replace(/^refs\/(heads|tags)\//, "");
        const rules = "due to environment protection rules";
        throw invalid(`Branch "${what}" is not allowed to deploy to ${environment.name} ${rules}.`);
    }
    const usual = event === "pull_request" ? "preview" : "deploy";
    const workflow: string = body.workflow ?? `.github/workflows/${usual}.yml`;
    const head: string = body.head ?? fullNameOf(repository);
    if (event !== "pull_request" && head !== fullNameOf(repository)) {
        throw invalid(
            `For 'properties/head', "${head}" is not the repository, and only a pull request comes from another.`,
        );
    }
    const actor: string = body.actor ?? store.tokenHolder.login;
    const about = { repository: fullNameOf(repository), event, ref, sha: body.sha, workflow, subject, head, actor };
    return { ...about, ...named(environment) };
}

const named = (environment: Environment | undefined) => (environment ? { environment: environment.name } : {});

/** @throws Refusal 422 when the environment is not there */
export function environmentNamed(repository: Repository, name: string): Environment {
    const environment = own(repository.environments, name.toLowerCase());
    if (!environment) {
        throw invalid(`${fullNameOf(repository)} has no environment "${name}".`);
    }
    return environment;
}

/** No branch is protected here, and GitHub lets every branch in then unless custom policies say which. */
function letsIn(environment: Environment, ref: string): boolean {
    if (!environment.deploymentBranchPolicy?.custom_branch_policies) {
        return true;
    }
    const type = ref.startsWith("refs/tags/") ? "tag" : "branch";
    const name = ref.replace(/^refs\/(heads|tags)\//, "");
    return environment.policies.some((policy) => policy.type === type && glob(policy.name).test(name));
}

/** Ruby's File.fnmatch, as GitHub uses it: `*` and `?` stop at a slash, `**` followed by one does not. */
function glob(pattern: string): RegExp {
    const parts = pattern.split(/(\*\*\/|\*|\?)/).map((part) => {
        switch (part) {
            case "**/":
                return "(?:.*/)?";
            case "*":
                return "[^/]*";
            case "?":
                return "[^/]";
            default:
                return part.replace(/[.+^${}()|[\]\\]/g, "\\$&");
        }
    });
    return new RegExp(`^${parts.join("")}$`);
}
