/** What runs, what it uses, and who watches it. */
import type { Recording, Registration } from "../recorder";
import type { Facts } from "./model";

interface Container {
    readonly image: string;
    readonly secrets?: readonly { readonly name: string }[];
    readonly logConfiguration: { readonly options: Readonly<Record<string, string>> };
}

export function tasksOf(resources: Recording): Pick<Facts, "tasks" | "image" | "logs" | "secrets"> {
    const { inputs } = resources.one("aws:ecs/taskDefinition:TaskDefinition");
    const [container] = JSON.parse(String(inputs.containerDefinitions)) as [Container];
    const bounds = resources.one("aws:appautoscaling/target:Target").inputs;
    const strategy = resources.one("aws:ecs/service:Service").inputs.capacityProviderStrategies as {
        capacityProvider: string;
    }[];
    const repository = resources.one("aws:ecr/repository:Repository");
    const group = container.logConfiguration.options["awslogs-group"]!;
    const logs = resources.of("aws:cloudwatch/logGroup:LogGroup").find(({ inputs }) => inputs.name === group);
    const architecture = (inputs.runtimePlatform as { cpuArchitecture: string }).cpuArchitecture.toLowerCase();
    return {
        tasks: {
            least: Number(bounds.minCapacity),
            most: Number(bounds.maxCapacity),
            size: `${Number(inputs.cpu) / 1024} vCPU, ${Number(inputs.memory) / 1024} GB, ${architecture}`,
            spot: strategy.some(({ capacityProvider }) => capacityProvider === "FARGATE_SPOT"),
        },
        image: {
            repository: String(repository.inputs.name),
            pulled: container.image.startsWith(`${String(repository.outputs.repositoryUrl)}@`),
        },
        logs: logs && { group, days: Number(logs.inputs.retentionInDays) },
        secrets: (container.secrets ?? []).map(({ name }) => name),
    };
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
            rollsBack: alarms.some(
                ({ inputs }) => rollback?.rollback && rollback.alarmNames.includes(String(inputs.name)),
            ),
            dashboard: resources.of("aws:cloudwatch/dashboard:Dashboard").length > 0,
        },
        reports: resources
            .of("aws:cloudwatch/eventTarget:EventTarget")
            .some(({ inputs }) => topics.includes(inputs.arn)),
        mail: subscription && String(subscription.inputs.endpoint),
    };
}
