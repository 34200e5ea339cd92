import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { accountId, partition } from "../account";
import type { Architecture, Settings } from "../config";
import { newRole, policyDocument, serviceTrust, type Statement } from "../iam";
import { newLogGroup, type LogKeeping } from "../logGroup";
import type { Registry } from "../registry/registry";
import type { Secrets } from "./secrets";
import { TaskDefinitionFamily } from "./taskDefinitionFamily";

export interface TaskArgs extends LogKeeping {
    /** The task definition's family. */
    readonly family: string;
    readonly registry: Registry;
    readonly port: pulumi.Input<number>;
    /** CPU units, MiB: a pair that Fargate runs. */
    readonly cpu: number;
    readonly memory: number;
    readonly architecture: Architecture;
    /** What the container runs, and whom as: the image's own where there is none. */
    readonly command?: readonly string[];
    readonly user?: string;
    /** Nothing but /tmp can be written to. */
    readonly readOnlyRoot: boolean;
    /** What the app's own role may do. */
    readonly taskPolicyArns: Settings["taskPolicyArns"];
    readonly taskPolicyFile: Settings["taskPolicyFile"];
    /** Plain variables of the container. */
    readonly environment: Readonly<Record<string, string>>;
    readonly secrets: Secrets;
    /** How long the app may take to end when it is asked to. */
    readonly stopSeconds: number;
    /** The app's role may carry the shell that `aws ecs execute-command` opens. */
    readonly enableExec: boolean;
    /** Pulumi does not delete the logs. */
    readonly deletionProtection: boolean;
    readonly region: string;
}

/**
 * What ECS needs to start a task, but for the app's secrets.
 * @param registries `arn:…:ecr:<region>`
 */
const executionStatements = (
    repositoryArn: pulumi.Input<string>,
    logGroupArn: pulumi.Input<string>,
    registries: pulumi.Input<string>,
): Statement[] => [
    // ECR hands out registry tokens for the whole account; the action has no narrower resource.
    { sid: "Login", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
    {
        sid: "PullImage",
        actions: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        resources: [repositoryArn],
    },
    // Where an account has GuardDuty's runtime monitoring, AWS adds its agent to each task, and ECS pulls it, from a repository of AWS's,
    // with this role: "Prerequisites for AWS Fargate (Amazon ECS only) support" in GuardDuty's guide.
    {
        sid: "PullGuardDutyAgent",
        actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        resources: [pulumi.interpolate`${registries}:*:repository/aws-guardduty-agent-fargate`],
    },
    {
        sid: "WriteLogs",
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [pulumi.interpolate`${logGroupArn}:log-stream:*`],
    },
];

/** What the agent that AWS puts into the container needs, and no more: "ECS Exec", IAM permissions, in the ECS Developer Guide. */
const shellStatements = (logGroupArn: pulumi.Output<string>, kmsKeyArn?: string): Statement[] => [
    {
        sid: "OpenShell",
        actions: [
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
        ],
        resources: ["*"], // channels have no ARN
    },
    // CloudWatch Logs lists groups for the whole account or not at all.
    { sid: "FindLogGroup", actions: ["logs:DescribeLogGroups"], resources: ["*"] },
    {
        sid: "LogShell",
        actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        resources: [pulumi.interpolate`${logGroupArn}:*`],
    },
    ...(kmsKeyArn ? [{ sid: "DecryptShell", actions: ["kms:Decrypt"], resources: [kmsKeyArn] } as const] : []),
];

/** The volume at /tmp. */
const temporary = "tmp";

/** "ContainerDefinition" of the ECS API Reference. */
const containerDefinition = (name: string, args: TaskArgs, logGroupName: pulumi.Input<string>) => ({
    name,
    image: args.registry.imageRef,
    essential: true,
    command: args.command,
    user: args.user,
    readonlyRootFilesystem: args.readOnlyRoot || undefined,
    mountPoints: args.readOnlyRoot ? [{ sourceVolume: temporary, containerPath: "/tmp", readOnly: false }] : undefined,
    stopTimeout: args.stopSeconds,
    environment: Object.entries(args.environment).map(([variable, value]) => ({ name: variable, value })),
    secrets: args.secrets.references,
    // Processes that a closed shell leaves behind are somebody's children again, and end.
    linuxParameters: args.enableExec ? { initProcessEnabled: true } : undefined,
    portMappings: [{ containerPort: args.port, hostPort: args.port, protocol: "tcp" }],
    logConfiguration: {
        logDriver: "awslogs",
        options: {
            "awslogs-group": logGroupName,
            "awslogs-region": args.region,
            "awslogs-stream-prefix": name,
        },
    },
});

const cpuArchitectures = { x86_64: "X86_64", arm64: "ARM64" } as const;

/** What runs: the container, its size, its logs, and the two roles it runs with. */
export class Task extends pulumi.ComponentResource {
    /** The name of the one container, which the pipeline puts new images into. */
    public readonly containerName = "app";
    public readonly family: pulumi.Output<string>;
    /** The revision that this program registered; the pipeline registers newer ones. */
    public readonly definitionArn: pulumi.Output<string>;
    /** `arn:…:task-definition/<family>`: with `:*`, every revision. */
    public readonly familyArn: pulumi.Output<string>;
    /** The ARN of the group that the containers log to. */
    public readonly logGroupArn: pulumi.Output<string>;
    /** What ECS uses to start a task: pulls its image, reads its secrets, writes its logs. */
    public readonly executionRoleArn: pulumi.Output<string>;
    /** What the app's own AWS calls are made with: nothing is allowed but what is configured, until somebody attaches a policy. */
    public readonly taskRoleArn: pulumi.Output<string>;
    public readonly logGroupName: pulumi.Output<string>;
    /** The group that is told what is typed and shown in shells; undefined where none can be opened. */
    public readonly shellLogGroupName?: pulumi.Output<string>;
    /** All that must be there before a task starts, and stay until the last one has stopped. */
    public readonly ready: pulumi.Resource[];

    constructor(name: string, args: TaskArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:task:Task", name, {}, opts);

        const kept = { parent: this, protect: args.deletionProtection };
        const logs = newLogGroup(name, `/ecs/${args.family}`, args, kept);
        const shellLogs = args.enableExec
            ? newLogGroup(`${name}-shell`, `/ecs/${args.family}/shell`, args, kept)
            : undefined;

        const account = accountId(this);
        const trust = serviceTrust("ecs-tasks.amazonaws.com", account);
        const executionRole = newRole(
            `${name}-execution`,
            { description: "Starts the tasks: pulls the image, writes the logs", trust },
            { parent: this },
        );
        const executionPolicy = new aws.iam.RolePolicy(
            `${name}-execution`,
            {
                role: executionRole.name,
                policy: args.secrets.statements.apply((readSecrets) =>
                    policyDocument([
                        ...executionStatements(
                            args.registry.repositoryArn,
                            logs.arn,
                            pulumi.interpolate`arn:${partition(this)}:ecr:${args.region}`,
                        ),
                        ...readSecrets,
                    ]),
                ),
            },
            { parent: this },
        );
        const taskRole = newRole(`${name}-task`, { description: "The app's own role", trust }, { parent: this });
        const taskPolicies = this.taskPolicies(name, taskRole, args, shellLogs);

        const family = new TaskDefinitionFamily(
            name,
            { family: args.family, region: args.region, account },
            { parent: this },
        );
        const definition = new aws.ecs.TaskDefinition(
            name,
            {
                family: family.family,
                requiresCompatibilities: ["FARGATE"],
                networkMode: "awsvpc",
                cpu: String(args.cpu),
                memory: String(args.memory),
                runtimePlatform: {
                    operatingSystemFamily: "LINUX",
                    cpuArchitecture: cpuArchitectures[args.architecture],
                },
                executionRoleArn: executionRole.arn,
                taskRoleArn: taskRole.arn,
                // A volume without anything in it is the task's own and goes with it; unlike a tmpfs it takes none of the task's memory.
                volumes: args.readOnlyRoot ? [{ name: temporary }] : undefined,
                containerDefinitions: pulumi.jsonStringify([containerDefinition(this.containerName, args, logs.name)]),
                // A replaced revision stays active: it may be the one that runs, or that a failed release is rolled back to.
                // TaskDefinitionFamily takes all of them away in the end.
                skipDestroy: true,
            },
            // The next release, and each scheduled run from now on, reads what it names.
            { parent: this, dependsOn: executionPolicy },
        );

        this.family = definition.family;
        this.definitionArn = definition.arn;
        // Not the definition's own `arnWithoutRevision`: in the preview of a new revision that is unknown, and every policy that
        // names it would show as changed.
        this.familyArn = pulumi.interpolate`arn:${partition(this)}:ecs:${args.region}:${account}:task-definition/${this.family}`;
        this.logGroupArn = logs.arn;
        this.executionRoleArn = executionRole.arn;
        this.taskRoleArn = taskRole.arn;
        this.logGroupName = logs.name;
        this.shellLogGroupName = shellLogs?.name;
        this.ready = [family, executionPolicy, ...taskPolicies];
        this.registerOutputs({ family: this.family, definitionArn: this.definitionArn });
    }

    /** What is configured for the app's own role. Policies that others attach to it are not these, and stay. */
    private taskPolicies(
        name: string,
        { name: role }: aws.iam.Role,
        args: TaskArgs,
        shellLogs?: aws.cloudwatch.LogGroup,
    ): pulumi.Resource[] {
        const own = (logicalName: string, policy: pulumi.Input<string>) =>
            new aws.iam.RolePolicy(logicalName, { role, policy }, { parent: this });
        return [
            ...(shellLogs ? [own(`${name}-exec`, policyDocument(shellStatements(shellLogs.arn, args.kmsKeyArn)))] : []),
            ...(args.taskPolicyFile ? [own(`${name}-app`, args.taskPolicyFile.document)] : []),
            ...args.taskPolicyArns.map(
                (policyArn) =>
                    new aws.iam.RolePolicyAttachment(
                        `${name}-app-${policyArn.split(":").slice(4).join("-")}`, // of two owners, maybe, in one name
                        { role, policyArn },
                        { parent: this },
                    ),
            ),
        ];
    }
}
