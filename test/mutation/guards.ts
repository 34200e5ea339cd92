import type { Mutation } from "./mutation";

/** What keeps a stack from what it would lose, and what belongs to others from the stack. */
export const guards: readonly Mutation[] = [
    {
        mistake: "a new listener leads to the target group that does not serve",
        file: "infra/service/toldService.ts",
        find: '":targetgroup/main-alternate-") ? 1 : 0',
        become: '":targetgroup/main-alternate-") ? 0 : 1',
    },
    {
        mistake: "nobody asks which target group serves",
        file: "infra/runningStack.ts",
        find: "if (olds.name === undefined || !(olds.shifted || news.shifted)) {",
        become: "if (true) {",
    },
    {
        mistake: "the rule of a new listener takes over the former one's weights",
        file: "infra/network/trafficShift.ts",
        find: "`production-${protocol.toLowerCase()}`",
        become: '"production"',
    },
    {
        mistake: "a rule that ECS has gone back to is deleted",
        file: "infra/service/service.ts",
        find: "rules: [shift.productionListenerRule, shift.testListenerRule],",
        become: "rules: [],",
    },
    {
        mistake: "a rename asks for the service by its new name",
        file: "infra/runningStack.ts",
        find: "(await this.runs(kept))",
        become: "(await this.runs(news))",
    },
    {
        mistake: "a stack that runs counts as never made",
        file: "infra/service/toldService.ts",
        find: 'services.find(({ status }) => status !== "INACTIVE")',
        become: 'services.find(({ status }) => status === "INACTIVE")',
    },
    {
        mistake: "where ECS does not tell, nothing is refused",
        file: "infra/runningStack.ts",
        find: "return true;",
        become: "return false;",
    },
    {
        mistake: "the repository that the stack made may be deleted",
        file: "infra/runningStack.ts",
        find: "createGithubRepository: github.create,",
        become: "createGithubRepository: false,",
    },
    {
        mistake: "another key replaces the image repository",
        file: "infra/runningStack.ts",
        find: 'kmsKeyArn: settings.kmsKeyArn ?? "",',
        become: 'kmsKeyArn: "",',
    },
    {
        mistake: "what a running release reads goes where AWS does not tell what runs",
        file: "infra/service/inUse.ts",
        find: "pulumi.runtime.isDryRun() && ",
        become: "",
    },
    {
        mistake: "settings are written into the repository of an owner that the environment names",
        file: "infra/github/repository.ts",
        find: "if (overridden !== undefined) {",
        become: "if (false) {",
    },
    {
        mistake: "a repository that GitHub does not show is trusted",
        file: "infra/github/repository.ts",
        find: "return problem === undefined ? { account, repository, moved } : { problem };",
        become: "return { account, repository, moved };",
    },
    {
        mistake: "an environment with variables of somebody else is taken over",
        file: "infra/github/claim.ts",
        find: "deployScope.variables, deployScope.secrets].flat()",
        become: "deployScope.secrets].flat()",
    },
    {
        mistake: "a pull request's preview does not know the stack's own environment",
        file: "infra/github/claim.ts",
        find: 'claim.startsWith("environment ") &&',
        become: "false &&",
    },
    {
        mistake: "another project's secret counts as this stack's",
        file: "infra/service/secrets.ts",
        find: "secret.tags.Project === Project && ",
        become: "",
    },
    {
        mistake: "flow logs are asked for in a VPC that gets none",
        file: "infra/config/together.ts",
        find: '"natGateways", "flowLogs"]',
        become: '"natGateways"]',
    },
    {
        mistake: "a preview fails for what is about to be mended",
        file: "infra/service/outcome.ts",
        find: "if (pulumi.runtime.isDryRun()) {",
        become: "if (false) {",
    },
    {
        mistake: "what tasks live on is deleted after ECS has moved them back",
        file: "infra/service/outcome.ts",
        find: "is !== asked",
        become: "false",
    },
    {
        mistake: "the environment's profile takes the place of its keys",
        file: "infra/awsCaller.ts",
        find: 'this.setting("profile") === undefined && AWS_ACCESS_KEY_ID',
        become: "false && AWS_ACCESS_KEY_ID",
    },
    {
        mistake: "a session that ends is used on",
        file: "infra/awsCaller.ts",
        find: "known && isFresh(known) ? known : assume()",
        become: "known ?? assume()",
    },
    {
        mistake: "a stack keeps the code that deletes for good",
        file: "infra/service/taskDefinitionFamily.ts",
        find: " || olds.__provider !== news.__provider",
        become: "",
    },
];
