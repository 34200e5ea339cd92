import { isResourceName, longestName, nameInWords, regionOf } from "./awsKinds";
import { arnOf, isReference } from "./containerKinds";
import { parent, prefixLength, zoneBits } from "./networkKinds";
import { isAdministrator } from "./policyKinds";
import type { ConfigReader, ConfigSource } from "./reader";
import { longestRollout, rolloutMinutes } from "./rolloutKinds";
import { table, type Values } from "./table";

type Reader = ConfigReader<keyof typeof table>;

/** Values that are fine alone and wrong together: only worth saying where each of them is fine alone. */
export function checkTogether(config: Reader, values: Values, source: ConfigSource): void {
    checkEnvironment(config, values);
    checkNetwork(config, values);
    checkDualStack(config, values);
    checkDomain(config, values);
    checkTasks(config, values);
    checkRoom(config, values);
    checkHours(config, values);
    checkGroup(config, values, source);
    checkRollout(config, values);
    checkVariables(config, values);
    checkSecrets(config, values);
    checkPolicies(config, values);
    checkShell(config, values);
    checkRegions(config, values);
    checkName(config, values, source);
}

function checkEnvironment(config: Reader, values: Values): void {
    const { users, teams } = values.githubReviewers;
    const asked = users.length + teams.length > 0;
    if (config.accepted("githubEnvironment", "githubReviewers") && asked && !values.githubEnvironment) {
        config.refuse("githubEnvironment", "an environment, which is what githubReviewers guard", "", "prod");
    }
    for (const [key, isSet] of [
        ["githubPreventSelfReview", values.githubPreventSelfReview],
        ["githubAdminsBypass", !values.githubAdminsBypass],
    ] as const) {
        if (config.accepted("githubReviewers", key) && isSet && !asked) {
            config.refuse("githubReviewers", `a reviewer, without whom ${key} has no effect`, "", "alice");
        }
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

/** What an existing VPC needs and what it has already. */
function checkNetwork(config: Reader, values: Values): void {
    const { vpcId, publicSubnetIds, privateSubnetIds, loadBalancer } = values;
    if (!config.accepted("vpcId", "publicSubnetIds", "privateSubnetIds")) {
        return;
    }
    const { vpcId: anyVpc, publicSubnetIds: anySubnets } = table;
    const internal = loadBalancer === "internal";
    if (vpcId === undefined && publicSubnetIds.length + privateSubnetIds.length > 0) {
        config.refuse("vpcId", "the VPC that publicSubnetIds and privateSubnetIds are in", "", anyVpc.example!);
    }
    if (vpcId !== undefined && privateSubnetIds.length === 0) {
        config.refuse("privateSubnetIds", "the subnets of vpcId that tasks run in", "", anySubnets.example!);
    }
    if (vpcId !== undefined && publicSubnetIds.length === 0 && !internal) {
        config.refuse("publicSubnetIds", "the subnets of vpcId for the load balancer", "", anySubnets.example!);
    }
    for (const key of ["vpcCidr", "availabilityZones", "natGateways", "flowLogs"] as const) {
        if (vpcId !== undefined && config.accepted(key) && String(values[key]) !== table[key].default) {
            const problem = `expected none beside vpcId, whose VPC has its own, got "${values[key]}"`;
            config.note(key, problem, `pulumi config rm ${key}`);
        }
    }
}

/** Where IPv6 would lead nowhere, or straight to the tasks. */
function checkDualStack(config: Reader, { dualStack, loadBalancer, natGateways }: Values): void {
    if (!dualStack || !config.accepted("dualStack", "loadBalancer", "natGateways")) {
        return;
    }
    if (loadBalancer === "internal") {
        config.refuse("dualStack", "false where loadBalancer is internal, in subnets with IPv4 only", "true", "false");
    } else if (natGateways === "none") {
        const expected =
            "false where natGateways is none: the tasks are in the public subnets, and IPv6 would be theirs, too";
        config.refuse("dualStack", expected, "true", "false");
    }
}

function checkDomain(config: Reader, { domainName, hostedZone }: Values): void {
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

function checkTasks(config: Reader, { minTasks, maxTasks }: Values): void {
    if (config.accepted("minTasks", "maxTasks") && minTasks > maxTasks) {
        config.refuse("maxTasks", `at least minTasks (${minTasks})`, String(maxTasks), minTasks);
    }
}

/** AWS keeps five addresses of a subnet for itself, and of a public one the load balancer has eight: the VPC and ELB User Guides. */
const keptByAws = 5;
const ofLoadBalancer = 8;

/** Each task has an address of its own, and a release runs twice as many tasks. */
function checkRoom(config: Reader, values: Values): void {
    const { vpcId, vpcCidr, availabilityZones, natGateways, loadBalancer, maxTasks, scaleSchedule } = values;
    const keys = ["vpcCidr", "availabilityZones", "natGateways", "loadBalancer", "maxTasks", "scaleSchedule"] as const;
    if (vpcId !== undefined || !config.accepted(...keys)) {
        return;
    }
    const zone = prefixLength(vpcCidr) + zoneBits; // half of it is private, a quarter public
    const isPublic = natGateways === "none";
    const shared = isPublic === (loadBalancer === "internet-facing") ? ofLoadBalancer : 0;
    const each = 2 ** (32 - zone - (isPublic ? 2 : 1)) - keptByAws - shared;
    const most = Math.floor((availabilityZones * each) / 2);
    const expected = `at most ${most}, as a release runs twice as many in the subnets of ${vpcCidr} (vpcCidr)`;
    if (maxTasks > most) {
        config.refuse("maxTasks", expected, String(maxTasks), most);
    }
    for (const [name, { maxTasks: atThatHour = 0 }] of Object.entries(scaleSchedule)) {
        if (atThatHour > most) {
            const fix = `pulumi config set --path 'scaleSchedule.${name}.maxTasks' ${most}`;
            config.note(`scaleSchedule.${name}`, `expected maxTasks of ${expected}, got ${atThatHour}`, fix);
        }
    }
}

/** Of the 10,240 characters of a role's own policies ("IAM and AWS STS quotas") the rest is for images and logs. */
const longestSecrets = 8_500;

/** The role that starts tasks reads these secrets and no others: each is in its policy by its ARN, and decrypted by it, too. */
function checkSecrets(config: Reader, { secrets }: Values): void {
    if (!config.accepted("secrets")) {
        return;
    }
    const given = Object.entries(secrets);
    const existing = [...new Set(given.filter(isReference).map(([, value]) => arnOf(value)))];
    const made = given.filter((entry) => !isReference(entry)).map(([variable]) => 90 + variable.length); // as Pulumi and AWS name them
    const characters = [...existing.map((arn) => 2 * (arn.length + 3)), ...made].reduce((sum, each) => sum + each, 0);
    if (characters > longestSecrets) {
        config.note(
            "secrets",
            `expected what the policy of the role that reads them has room for, ${longestSecrets} characters of ARNs, got ${characters}`,
            "keep values that belong together in one secret of Secrets Manager, as JSON, and refer to each by that one's ARN and :KEY::",
        );
    }
}

/** The bounds that an entry of `scaleSchedule` stands for, with those of the settings for what it leaves out. */
function checkHours(config: Reader, { minTasks, maxTasks, scaleSchedule }: Values): void {
    if (!config.accepted("minTasks", "maxTasks", "scaleSchedule")) {
        return;
    }
    for (const [name, { minTasks: least = minTasks, maxTasks: most = maxTasks }] of Object.entries(scaleSchedule)) {
        const entry = `scaleSchedule.${name}`;
        const fix = `pulumi config set --path '${entry}.maxTasks' ${least}`;
        if (least > most) {
            config.note(entry, `expected maxTasks of at least minTasks (${least}), got ${most}`, fix);
        } else if (least === 0 && most > 0) {
            // Autoscaling goes by what tasks use: of none it hears nothing, and none would stay until the next of the hours.
            config.note(entry, `expected maxTasks 0 with minTasks 0, from which no load leads back, got ${most}`, fix);
        }
    }
}

/** "CreateScheduleGroup" in the EventBridge Scheduler API Reference. */
const longestGroup = 64;

function checkGroup(config: Reader, values: Values, { project, stack }: ConfigSource): void {
    const name = values.name ?? `${project}-${stack}`;
    if (
        config.accepted("name", "schedules") &&
        Object.keys(values.schedules).length > 0 &&
        name.length > longestGroup
    ) {
        const problem = `expected none under a name of more than ${longestGroup} characters, which their group has: "${name}"`;
        config.note("schedules", problem, "pulumi config rm schedules");
    }
}

function checkRollout(config: Reader, values: Values): void {
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

function checkVariables(config: Reader, { environment, secrets }: Values): void {
    for (const variable of Object.keys(environment).filter((name) => Object.hasOwn(secrets, name))) {
        const problem = "expected in environment or in secrets, got in both";
        config.note(variable, problem, `pulumi config rm --path environment.${variable}`);
    }
}

/** What allows everything does so for a reason, and a reason is for something, or it would cover what comes later. */
function checkPolicies(config: Reader, { taskPolicyArns, taskPolicyFile, taskPolicyAllowsAll }: Values): void {
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
function checkShell(config: Reader, { enableExec, readOnlyRoot }: Values): void {
    if (config.accepted("enableExec", "readOnlyRoot") && enableExec && readOnlyRoot) {
        config.refuse("readOnlyRoot", "false with enableExec, whose agent writes into the container", "true", "false");
    }
}

/** What belongs to a region serves in no other. */
function checkRegions(config: Reader, values: Values): void {
    const region = values["aws:region"];
    for (const key of ["kmsKeyArn", "webAclArn"] as const) {
        const given = values[key];
        if (config.accepted("aws:region", key) && given !== undefined && regionOf(given) !== region) {
            config.refuse(key, `one in ${region}, the stack's region`, given, given.replace(regionOf(given), region));
        }
    }
}

/** The default of `name` is made of names that have rules of their own. */
function checkName(config: Reader, values: Values, { project, stack }: ConfigSource): void {
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
