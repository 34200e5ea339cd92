/** How a stack is at this moment, as ECS, the load balancer and CloudWatch tell it. */
import type { CloudWatch, MetricAlarm } from "@aws-sdk/client-cloudwatch";
import {
    ServiceNotFoundException,
    type ECS,
    type Service,
    type ServiceDeployment,
    type Task,
} from "@aws-sdk/client-ecs";
import type { ElasticLoadBalancingV2, TargetHealth } from "@aws-sdk/client-elastic-load-balancing-v2";
import { lastReleases, originOf, type History, type Origin } from "./releases";
import type { Stack } from "./stack";
import { describedTasks } from "./tasks";

export interface Clients {
    readonly ecs: Pick<
        ECS,
        | "describeServiceDeployments"
        | "describeServiceRevisions"
        | "describeServices"
        | "describeTaskDefinition"
        | "describeTasks"
        | "listServiceDeployments"
        | "listTasks"
    >;
    readonly cloudWatch: Pick<CloudWatch, "describeAlarms">;
    readonly elb: Pick<ElasticLoadBalancingV2, "describeTargetHealth">;
}

export interface Status extends Pick<History, "last" | "live"> {
    readonly service: Service;
    /** What runs where AWS remembers no release that has succeeded, as of more than 90 days ago. */
    readonly runs?: Origin;
    readonly deployment?: ServiceDeployment;
    /** Those that run or are to, the oldest first. */
    readonly tasks: readonly Task[];
    /** What the load balancer thinks of each task that it knows, by the task's address. */
    readonly health: ReadonlyMap<string, TargetHealth>;
    /** Those of the last hour, the newest first. */
    readonly stopped: readonly Task[];
    /** Every alarm that tells the stack's topic, those of other stacks among them. */
    readonly alarms: readonly MetricAlarm[];
}

/** How many releases are shown. */
const releases = 3;

/** @throws ServiceNotFoundException, as from the calls that are not DescribeServices, if there is no such service */
export async function statusOf({ ecs, cloudWatch, elb }: Clients, stack: Stack): Promise<Status> {
    const { clusterName: cluster, serviceName } = stack;
    const tasksThat = (desired: "RUNNING" | "STOPPED") => describedTasks(ecs, cluster, serviceName, desired);
    const [{ services = [] }, { last, live, underWay: deployment }, tasks, toStop, alarms] = await Promise.all([
        ecs.describeServices({ cluster, services: [serviceName] }),
        lastReleases(ecs, cluster, serviceName, releases),
        tasksThat("RUNNING"),
        tasksThat("STOPPED"),
        alarmsOf(cloudWatch, stack.alarmTopicArn),
    ]);
    const [service] = services;
    if (!service || service.status === "INACTIVE") {
        throw new ServiceNotFoundException({ message: `ECS has no service ${serviceName}.`, $metadata: {} });
    }
    const isOld = !live && !deployment && (service.runningCount ?? 0) > 0;
    const hasEnded = ({ lastStatus }: Task) => lastStatus === "STOPPED";
    const [stopped, ending] = [toStop.filter(hasEnded), toStop.filter((task) => !hasEnded(task))];
    return {
        ...{ service, last, live, alarms, deployment },
        runs: isOld ? await originOf(ecs, service.taskDefinition) : undefined,
        tasks: [...tasks, ...ending].sort((one, other) => at(one.createdAt) - at(other.createdAt)),
        health: await healthOf(elb, service),
        stopped: stopped.sort((one, other) => at(other.stoppedAt) - at(one.stoppedAt)),
    };
}

const at = (date?: Date): number => date?.getTime() ?? 0;

async function alarmsOf(cloudWatch: Clients["cloudWatch"], topicArn: string): Promise<MetricAlarm[]> {
    const found: MetricAlarm[] = [];
    let NextToken: string | undefined;
    do {
        // It finds what begins so, the topic of a stack with a longer name as well.
        const page = await cloudWatch.describeAlarms({ ActionPrefix: topicArn, NextToken });
        found.push(...(page.MetricAlarms ?? []).filter(({ AlarmActions = [] }) => AlarmActions.includes(topicArn)));
        NextToken = page.NextToken;
    } while (NextToken);
    return found;
}

/** Of both target groups, which take turns. One address is in the two of them only where it is unused in one. */
async function healthOf(elb: Clients["elb"], { loadBalancers = [] }: Service): Promise<Map<string, TargetHealth>> {
    const groups = loadBalancers.flatMap(({ targetGroupArn, advancedConfiguration }) => [
        targetGroupArn,
        advancedConfiguration?.alternateTargetGroupArn,
    ]);
    const answers = await Promise.all(
        groups.flatMap((group) => (group ? [elb.describeTargetHealth({ TargetGroupArn: group })] : [])),
    );
    const targets = answers.flatMap(({ TargetHealthDescriptions = [] }) => TargetHealthDescriptions);
    return new Map(targets.map(({ Target, TargetHealth = {} }) => [Target?.Id ?? "", TargetHealth]));
}

/** The address by which the load balancer knows a task. */
export function addressOf({ attachments = [] }: Task): string {
    const details = attachments.flatMap((attachment) => attachment.details ?? []);
    return details.find(({ name }) => name === "privateIPv4Address")?.value ?? "";
}
