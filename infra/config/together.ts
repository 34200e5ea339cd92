import { isResourceName, longestName, nameInWords, regionOf } from "./awsKinds";
import { parent } from "./networkKinds";
import { isAdministrator } from "./policyKinds";
import type { ConfigReader, ConfigSource } from "./reader";
import { longestRollout, rolloutMinutes } from "./rolloutKinds";
import type { Values } from "./table";

/** Values that are fine alone and wrong together: only worth saying where each of them is fine alone. */
export function checkTogether(config: ConfigReader, values: Values, source: ConfigSource): void {
    checkEnvironment(config, values);
    checkDomain(config, values);
    checkTasks(config, values);
    checkRollout(config, values);
    checkVariables(config, values);
    checkPolicies(config, values);
    checkShell(config, values);
    checkRegions(config, values);
    checkName(config, values, source);
}

function checkEnvironment(config: ConfigReader, values: Values): void {
    const { users, teams } = values.githubReviewers;
    const asked = users.length + teams.length > 0;
    if (config.accepted("githubEnvironment", "githubReviewers") && asked && !values.githubEnvironment) {
        config.refuse("githubEnvironment", "an environment, which is what githubReviewers guard", "", "prod");
    }
    const guarded = values.githubEnvironment !== undefined && teams.length > 0;
    if (config.accepted("githubReviewers", "previewPullRequests") && guarded && values.previewPullRequests) {
        config.refuse(
            "previewPullRequests",
            "false where githubReviewers has a team: the token of a pull request may not look one up",
            "true",
            "false",
        );
    }
}

function checkDomain(config: ConfigReader, { domainName, hostedZone }: Values): void {
    if (!config.accepted("domainName", "hostedZone")) {
        return;
    }
    if (domainName && !hostedZone) {
        config.refuse("hostedZone", "the Route 53 zone of domainName: HTTPS needs both", "", parent(domainName));
    } else if (hostedZone && !domainName) {
        config.refuse("domainName", "a name in hostedZone: HTTPS needs both", "", `app.${hostedZone}`);
    } else if (domainName && hostedZone && domainName !== hostedZone && !domainName.endsWith(`.${hostedZone}`)) {
        config.refuse("domainName", `a name in the zone "${hostedZone}"`, domainName, `app.${hostedZone}`);
    }
}

function checkTasks(config: ConfigReader, { minTasks, maxTasks }: Values): void {
    if (config.accepted("minTasks", "maxTasks") && minTasks > maxTasks) {
        config.refuse("maxTasks", `at least minTasks (${minTasks})`, String(maxTasks), minTasks);
    }
}

function checkRollout(config: ConfigReader, values: Values): void {
    const { rolloutTestPort } = values;
    if (rolloutTestPort === 80 || rolloutTestPort === 443) {
        const expected = "a port on which the load balancer does not serve visitors: another than 80 and 443";
        config.refuse("rolloutTestPort", expected, String(rolloutTestPort), 9000);
    }
    if (!config.accepted("rollout", "bakeMinutes", "rolloutPercent", "rolloutStepMinutes")) {
        return;
    }
    const minutes = rolloutMinutes(values);
    if (minutes > longestRollout) {
        config.refuse(
            "rolloutStepMinutes",
            `a rollout of at most ${longestRollout} minutes (30 days), which is ECS's limit: this one takes ${minutes}`,
            String(values.rolloutStepMinutes),
            60,
        );
    }
}

function checkVariables(config: ConfigReader, { environment, secrets }: Values): void {
    for (const variable of Object.keys(environment).filter((name) => Object.hasOwn(secrets, name))) {
        const problem = "expected in environment or in secrets, got in both";
        config.note(variable, problem, `pulumi config rm --path environment.${variable}`);
    }
}

/** What allows everything does so for a reason, and a reason is for something, or it would cover what comes later. */
function checkPolicies(config: ConfigReader, { taskPolicyArns, taskPolicyFile, taskPolicyAllowsAll }: Values): void {
    if (!config.accepted("taskPolicyArns", "taskPolicyFile", "taskPolicyAllowsAll")) {
        return;
    }
    const file = taskPolicyFile?.allowsAll && `${taskPolicyFile.path} (${taskPolicyFile.allowsAll})`;
    const all = [...taskPolicyArns.filter(isAdministrator), ...(file ? [file] : [])];
    if (all.length > 0 && !taskPolicyAllowsAll) {
        const expected = `a reason, as everything is allowed on everything by ${all.join(" and ")}`;
        config.refuse("taskPolicyAllowsAll", expected, "", "it manages the accounts of this organization");
    } else if (all.length === 0 && taskPolicyAllowsAll) {
        const problem = "expected no reason, as no policy allows everything on everything";
        config.note("taskPolicyAllowsAll", problem, "pulumi config rm taskPolicyAllowsAll");
    }
}

/** "ECS Exec" in the ECS Developer Guide: its agent has to write into the container's root file system. */
function checkShell(config: ConfigReader, { enableExec, readOnlyRoot }: Values): void {
    if (config.accepted("enableExec", "readOnlyRoot") && enableExec && readOnlyRoot) {
        config.refuse("readOnlyRoot", "false with enableExec, whose agent writes into the container", "true", "false");
    }
}

/** What belongs to a region serves in no other. */
function checkRegions(config: ConfigReader, values: Values): void {
    const region = values["aws:region"];
    for (const key of ["kmsKeyArn", "webAclArn"] as const) {
        const given = values[key];
        if (config.accepted("aws:region", key) && given !== undefined && regionOf(given) !== region) {
            config.refuse(key, `one in ${region}, the stack's region`, given, given.replace(regionOf(given), region));
        }
    }
}

/** The default of `name` is made of names that have rules of their own. */
function checkName(config: ConfigReader, values: Values, { project, stack }: ConfigSource): void {
    const name = `${project}-${stack}`;
    if (values.name !== undefined || isResourceName(name)) {
        return;
    }
    const renamed = nameLike(stack, longestName - project.length - 1);
    config.note(
        "stack name",
        `expected ${nameInWords} with the project's name, got "${name}" (it names the ECR repository and the ECS service)`,
        isResourceName(`${project}-${renamed}`)
            ? `pulumi stack rename ${renamed}`
            : `pulumi config set name ${nameLike(name, longestName)}`,
    );
}

/** The acceptable name that is nearest to `given`. */
function nameLike(given: string, longest: number): string {
    const words = given.toLowerCase().match(/[a-z0-9]+/g) ?? ["dev"];
    return words.join("-").slice(0, longest).replace(/-$/, "");
}
