import type { Mutation } from "./mutation";

/** Mistakes in what the estimate and the picture say about a stack. */
export const tools: readonly Mutation[] = [
    {
        mistake: "Spot costs as much as on demand",
        file: "tools/cost/charges.ts",
        find: "prices.spotShareOfOnDemand",
        become: "1",
    },
    {
        mistake: "one address is counted for a load balancer in several zones",
        file: "tools/cost/charges.ts",
        find: 'addresses("the load balancer, one in each zone", zones, context)',
        become: 'addresses("the load balancer, one in each zone", 1, context)',
    },
    {
        mistake: "the addresses of tasks in public subnets are forgotten",
        file: "tools/cost/charges.ts",
        find: "lines: assignPublicIp ?",
        become: "lines: !assignPublicIp ?",
    },
    {
        mistake: "an alarm with arithmetic is counted as one",
        file: "tools/cost/charges.ts",
        find: "queries?.filter(({ metric }) => metric !== undefined).length ?? 1",
        become: "1",
    },
    {
        mistake: "an unknown resource is free",
        file: "tools/cost/estimate.ts",
        find: "free : charges[type];",
        become: "free : (charges[type] ?? free);",
    },
    {
        mistake: "an encrypted secret counts as a setting that is missing",
        file: "tools/stackFiles.ts",
        find: "isEncrypted(entry) ? sampleSecret : entry",
        become: "isEncrypted(entry) ? undefined : entry",
    },
    {
        mistake: "the picture shows a port that the tasks do not let in",
        file: "tools/diagram/facts.ts",
        find: ".filter((port) => admitted.has(port))",
        become: "",
    },
    {
        mistake: "the picture shows a port that nobody may reach",
        file: "tools/diagram/facts.ts",
        find: 'rules("Ingress", balancerGroups, [world])',
        become: "listeners.map(({ port }) => port)",
    },
    {
        mistake: "the picture gives every zone a NAT gateway",
        file: "tools/diagram/facts.ts",
        find: 'strategy === "Single" && zone === 0',
        become: 'strategy === "Single"',
    },
    {
        mistake: "the picture lets every role push images",
        file: "tools/diagram/pipelineFacts.ts",
        find: 'pushesImages: may("ecr:PutImage", ',
        become: 'pushesImages: true || may("ecr:PutImage", ',
    },
    {
        mistake: "the picture cuts texts off",
        file: "tools/diagram/shapes.ts",
        find: "if (textWidth(text, size, bold) <= width) {",
        become: "if (textWidth(text, size, bold) <= width / 2) {",
    },
    {
        mistake: "what is live is unknown while a release is under way",
        file: "tools/operations/releases.ts",
        find: 'all.find(({ status }) => status === "SUCCESSFUL")',
        become: 'all.slice(0, 1).find(({ status }) => status === "SUCCESSFUL")',
    },
    {
        mistake: "a deployment that is over is under way",
        file: "tools/operations/releases.ts",
        find: '"SUCCESSFUL", "STOPPED", ',
        become: '"SUCCESSFUL", ',
    },
    {
        mistake: "the status has the alarms of a stack with a longer name",
        file: "tools/operations/status.ts",
        find: ".filter(({ AlarmActions = [] }) => AlarmActions.includes(topicArn))",
        become: "",
    },
    {
        mistake: "tasks in the other target group have no health",
        file: "tools/operations/status.ts",
        find: "advancedConfiguration?.alternateTargetGroupArn,",
        become: "",
    },
    {
        mistake: "a log that is followed repeats its lines",
        file: "tools/operations/logs.ts",
        find: "if (!seen.has(event.eventId!)) {",
        become: "if (event.eventId) {",
    },
    {
        mistake: "a log that is followed misses what comes late",
        file: "tools/operations/logs.ts",
        find: "newest - late",
        become: "newest",
    },
    {
        mistake: "the commands look into the account of the shell, not of the stack",
        file: "tools/operations/stack.ts",
        find: "get: (key) => config[key]",
        become: "get: () => undefined",
    },
    {
        mistake: "the commands reach AWS without the keys that the stack has as secrets",
        file: "tools/operations/stack.ts",
        find: 'lacks ? read("--show-secrets") : shown',
        become: "shown",
    },
    {
        mistake: "the commands want every secret of the app",
        file: "tools/operations/stack.ts",
        find: 'key.startsWith("aws:") && value',
        become: "value",
    },
    {
        mistake: "a shell is opened in a task that has none",
        file: "tools/operations/shell.ts",
        find: "!newest.enableExecuteCommand",
        become: "newest.enableExecuteCommand === undefined",
    },
    {
        mistake: "Ctrl-\\ in a shell ends this end of it",
        file: "tools/operations/sessionPlugin.ts",
        find: '"SIGINT", "SIGQUIT", "SIGTSTP"',
        become: '"SIGINT"',
    },
    {
        mistake: "a terminal has no Ctrl-Z any more after a shell",
        file: "tools/operations/sessionPlugin.ts",
        find: "        restore();\n",
        become: "",
    },
];
