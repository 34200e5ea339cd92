import type { Mutation } from "./mutation";

/** Mistakes around environments, alarms, and what guards a stack. */
export const production: readonly Mutation[] = [
    {
        mistake: "an environment takes deployments of every branch",
        file: "infra/github/environment.ts",
        find: "deploymentBranchPolicy: { protectedBranches: false, customBranchPolicies: true },",
        become: "",
    },
    {
        mistake: "an environment's reviewers are forgotten",
        file: "infra/github/environment.ts",
        find: "reviewers: asked ?",
        become: "reviewers: !asked ?",
    },
    {
        mistake: "a stack with an environment trusts the branch without it",
        file: "infra/delivery/delivery.ts",
        find: "environment ? `environment:${environment.environmentName}` : ",
        become: "",
    },
    {
        mistake: "pull requests get into a stack that they do not preview",
        file: "infra/delivery/delivery.ts",
        find: "args.previews\n            ?",
        become: "true\n            ?",
    },
    {
        mistake: "two stacks of a repository overwrite each other's settings",
        file: "infra/github/pipelineSettings.ts",
        find: "const shared = environment ? undefined : deploy;",
        become: "const shared = deploy;",
    },
    {
        mistake: "two stacks of a repository overwrite each other's runner",
        file: "infra/github/settingNames.ts",
        find: '`RUNNER_${environment.toUpperCase().replaceAll("-", "_")}`',
        become: '"RUNNER"',
    },
    {
        mistake: "prod is deployed to although dev was cancelled",
        file: ".github/workflows/deploy.yml",
        find: "(needs.dev.result == 'success' || needs.dev.result == 'skipped')",
        become: "!failure()",
    },
    {
        mistake: "prod does not wait for dev",
        file: ".github/workflows/deploy.yml",
        find: "needs: [commit, deploy, dev]",
        become: "needs: [commit, deploy]",
    },
    {
        mistake: "a team is looked up with a pull request's token, which may not",
        file: "infra/config/together.ts",
        find: "guarded && values.previewPullRequests",
        become: "guarded && !values.previewPullRequests",
    },
    {
        mistake: "an alarm tells nobody",
        file: "infra/monitoring/alarms.ts",
        find: "alarmActions: [notifications.topicArn],",
        become: "",
    },
    {
        mistake: "another service's failed release wakes this one's team",
        file: "infra/monitoring/incidents.ts",
        find: "                        resources,\n",
        become: "",
    },
    {
        mistake: "every task that is replaced wakes somebody",
        file: "infra/monitoring/incidents.ts",
        find: 'stopCode: ["TaskFailedToStart"],',
        become: "",
    },
    {
        mistake: "a message does not say why",
        file: "infra/monitoring/incidents.ts",
        find: "$.detail.${member}",
        become: "$.detail.cause",
    },
    {
        mistake: "an outage that reports nothing is no alarm",
        file: "infra/monitoring/alarms.ts",
        find: 'silenceIsBad ? "breaching" : "notBreaching"',
        become: '"notBreaching"',
    },
    {
        mistake: "every single error wakes somebody",
        file: "infra/monitoring/alarms.ts",
        find: "IF(FILL(errors${group}, 0) >= 5, ",
        become: "IF(FILL(errors${group}, 0) >= 1, ",
    },
    {
        mistake: "a canary's errors vanish in what the old version answers",
        file: "infra/monitoring/alarms.ts",
        find: "MAX([rate0, rate1])",
        become: "rate0",
    },
    {
        mistake: "pulumi up undoes a shift that is under way",
        file: "infra/network/trafficShift.ts",
        find: 'ignoreChanges: ["actions"]',
        become: "ignoreChanges: []",
    },
    {
        mistake: "ECS may move the tasks of any service",
        file: "infra/network/trafficShift.ts",
        find: "resources: targetGroups.map(({ arn }) => arn),",
        become: 'resources: ["*"],',
    },
    {
        mistake: "a release that fails visitors' requests stays",
        file: "infra/service/service.ts",
        find: "alarms: { enable: true, rollback: true,",
        become: "alarms: { enable: true, rollback: false,",
    },
    {
        mistake: "Container Insights' logs are kept for ever, and after destroy",
        file: "infra/service/service.ts",
        find: "dependsOn: insightsLogs",
        become: "",
    },
    {
        mistake: "the app's role may open sessions elsewhere",
        file: "infra/service/task.ts",
        find: '"ssmmessages:OpenDataChannel",\n',
        become: '"ssmmessages:OpenDataChannel",\n        "ssm:StartSession",\n',
    },
    {
        mistake: "a shell can be opened in every stack",
        file: "infra/service/service.ts",
        find: "enableExecuteCommand: args.enableExec,",
        become: "enableExecuteCommand: true,",
    },
    {
        mistake: "a destroy takes the images of a protected stack",
        file: "infra/registry.ts",
        find: "forceDelete: !args.deletionProtection,",
        become: "forceDelete: true,",
    },
    {
        mistake: "a destroy takes the secrets of a protected stack",
        file: "infra/service/secrets.ts",
        find: "{ parent: this, protect },",
        become: "{ parent: this },",
    },
];
