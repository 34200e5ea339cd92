/** What runs, what it uses, and who watches it. */
import type { Recording, Registration } from "../recorder";
import type { Facts } from "./model";

interface Container {
    readonly image: string;
    readonly secrets?: readonly { readonly name: string }[];
    readonly logConfiguration: { readonly options: Readonly<Record<string, string>> };
}

export function tasksOf(
    resources: Recording,
): Pick<Facts, "tasks" | "schedules" | "role" | "image" | "logs" | "secrets"> {
    const { inputs } = resources.one("aws:ecs/taskDefinition:TaskDefinition");
    const [container] = JSON.parse(String(inputs.containerDefinitions)) as [Container];
    const bounds = resources.one("aws:appautoscaling/target:Target").inputs;
    const service = resources.one("aws:ecs/service:Service").inputs;
    const strategy = service.capacityProviderStrategies as { capacityProvider: string }[];
    const { strategy: rollout } = service.deploymentConfiguration as { readonly strategy: string };
    const repository = resources.one("aws:ecr/repository:Repository");
    const group = container.logConfiguration.options["awslogs-group"]!;
    const logs = resources.of("aws:cloudwatch/logGroup:LogGroup").find(({ inputs }) => inputs.name === group);
    const architecture = (inputs.runtimePlatform as { cpuArchitecture: string }).cpuArchitecture.toLowerCase();
    return {
        tasks: {
            least: Number(bounds.minCapacity),
            most: Number(bounds.maxCapacity),
            hours: resources.of("aws:appautoscaling/scheduledAction:ScheduledAction").length,
            size: `${Number(inputs.cpu) / 1024} vCPU, ${Number(inputs.memory) / 1024} GB, ${architecture}`,
            spot: strategy.some(({ capacityProvider }) => capacityProvider === "FARGATE_SPOT"),
            rollout: rollout.toLowerCase().replace("_", "-"),
        },
        schedules: resources
            .of("aws:scheduler/schedule:Schedule")
            .map(({ inputs: { name } }) => String(name))
            .sort(),
        role: roleOf(resources, inputs.taskRoleArn),
        image: {
            repository: String(repository.inputs.name),
            pulled: container.image.startsWith(`${String(repository.outputs.repositoryUrl)}@`),
        },
        logs: logs && { group, days: Number(logs.inputs.retentionInDays) },
        secrets: (container.secrets ?? []).map(({ name }) => name),
    };
}

/** What the app's own role may do. */
function roleOf(resources: Recording, arn: unknown): Facts["role"] {
    const role = resources.of("aws:iam/role:Role").find(({ outputs }) => outputs.arn === arn)!.outputs.name;
    const its = (type: string) => resources.of(type).filter(({ inputs }) => inputs.role === role);
    const policies = its("aws:iam/rolePolicy:RolePolicy").map(({ inputs }) => String(inputs.policy));
    const opensShells = (policy: string) => policy.includes("ssmmessages:OpenDataChannel");
    return {
        managed: its("aws:iam/rolePolicyAttachment:RolePolicyAttachment").map(({ inputs }) =>
            String(inputs.policyArn).split("/").at(-1)!,
        ),
        written: policies.some((policy) => !opensShells(policy)),
        shell: policies.some(opensShells),
    };
}

/** What a KMS key that is not AWS's own encrypts. */
export function encryptedIn(resources: Recording): string[] {
    const keys: Readonly<Record<string, readonly [type: string, key: (inputs: Registration["inputs"]) => unknown]>> = {
        logs: ["aws:cloudwatch/logGroup:LogGroup", ({ kmsKeyId }) => kmsKeyId],
        images: ["aws:ecr/repository:Repository", ({ encryptionConfigurations }) => encryptionConfigurations],
        secrets: ["aws:secretsmanager/secret:Secret", ({ kmsKeyId }) => kmsKeyId],
        alarms: ["aws:sns/topic:Topic", ({ kmsMasterKeyId }) => kmsMasterKeyId],
    };
    return Object.entries(keys)
        .filter(([, [type, key]]) => resources.of(type).some(({ inputs }) => key(inputs) !== undefined))
        .map(([what]) => what);
}

export function watchersOf(resources: Recording): Pick<Facts, "alarms" | "reports" | "mail"> {
    const alarms = resources.of("aws:cloudwatch/metricAlarm:MetricAlarm");
    const topics = resources.of("aws:sns/topic:Topic").map(({ outputs }) => outputs.arn);
    const tells = ({ inputs }: Registration) =>
        (inputs.alarmActions as unknown[]).some((action) => topics.includes(action));
    const rollback = resources.one("aws:ecs/service:Service").inputs.alarms as
        { readonly alarmNames: readonly string[]; readonly rollback: boolean } | undefined;
    const [subscription] = resources.of("aws:sns/topicSubscription:TopicSubscription");
    return {
        alarms: {
            count: alarms.length,
            told: alarms.length > 0 && alarms.every(tells),
            rollsBack: alarms.filter(
                ({ inputs }) => rollback?.rollback && rollback.alarmNames.includes(String(inputs.name)),
            ).length,
            dashboard: resources.of("aws:cloudwatch/dashboard:Dashboard").length > 0,
        },
        reports: resources
            .of("aws:cloudwatch/eventTarget:EventTarget")
            .some(({ inputs }) => topics.includes(inputs.arn)),
        mail: subscription && String(subscription.inputs.endpoint),
    };
}
