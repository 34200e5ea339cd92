import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { LoadBalancer } from "../network/loadBalancer";
import type { Service } from "../service/service";

export interface DashboardArgs {
    /** The dashboard's name, one for each account: unlike alarms, dashboards belong to no region. */
    readonly dashboardName: string;
    readonly region: string;
    readonly loadBalancer: LoadBalancer;
    readonly service: Service;
    /** The alarms whose state is shown, by ARN. */
    readonly alarms: readonly pulumi.Input<string>[];
}

/** A line of a graph: what is measured, by which statistic, and what it is called. */
interface Line {
    readonly metricName: string;
    readonly stat: string;
    readonly label: string;
    /** Where the line is not of what the graph is of. */
    readonly of?: Dimensions;
}

type Dimensions = Readonly<Record<string, pulumi.Input<string>>>;

/** CloudWatch's grid is 24 columns wide. */
const width = 12;
const height = 6;

/** The four golden signals on one page: latency, traffic, errors and saturation, and above them which alarms are raised. */
export class Dashboard extends pulumi.ComponentResource {
    constructor(name: string, args: DashboardArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:dashboard:Dashboard", name, {}, opts);
        const { loadBalancer, service, region } = args;

        const graph =
            (namespace: string, dimensions: Dimensions) => (title: string, unit: string, lines: readonly Line[]) => ({
                type: "metric",
                width,
                height,
                properties: {
                    title,
                    region,
                    period: 60,
                    view: "timeSeries",
                    yAxis: { left: { min: 0, label: unit, showUnits: false } },
                    metrics: lines.map(({ metricName, of = dimensions, ...options }) => [
                        namespace,
                        metricName,
                        ...Object.entries(of).flat(),
                        options,
                    ]),
                },
            });
        const requests = graph("AWS/ApplicationELB", loadBalancer.balancerDimensions);
        /** A line for each target group: while a release is shifted, one of them is the new version. */
        const eachGroup = (line: Line): Line[] =>
            loadBalancer.targetDimensions.map((of, group) => ({
                ...line,
                label: `${line.label}, group ${group + 1}`,
                of,
            }));
        const tasks = graph("AWS/ECS", service.metricDimensions);

        const graphs = [
            requests("Latency", "seconds", [
                { metricName: "TargetResponseTime", stat: "p50", label: "half of the requests within" },
                { metricName: "TargetResponseTime", stat: "p95", label: "95 % within" },
                { metricName: "TargetResponseTime", stat: "p99", label: "99 % within" },
            ]),
            requests("Traffic", "a minute", [
                { metricName: "RequestCount", stat: "Sum", label: "requests" },
                ...eachGroup({ metricName: "RequestCount", stat: "Sum", label: "requests" }),
            ]),
            requests("Errors of the app", "a minute", [
                ...eachGroup({ metricName: "HTTPCode_Target_5XX_Count", stat: "Sum", label: "5xx" }),
                { metricName: "HTTPCode_Target_4XX_Count", stat: "Sum", label: "4xx" },
            ]),
            requests("Errors of the load balancer", "a minute", [
                { metricName: "HTTPCode_ELB_5XX_Count", stat: "Sum", label: "5xx" },
                { metricName: "RejectedConnectionCount", stat: "Sum", label: "rejected connections" },
            ]),
            tasks("Saturation", "per cent", [
                { metricName: "CPUUtilization", stat: "Average", label: "CPU, average" },
                { metricName: "CPUUtilization", stat: "Maximum", label: "CPU, busiest task" },
                { metricName: "MemoryUtilization", stat: "Average", label: "memory, average" },
                { metricName: "MemoryUtilization", stat: "Maximum", label: "memory, fullest task" },
            ]),
            requests("Tasks", "tasks", [
                ...eachGroup({ metricName: "HealthyHostCount", stat: "Minimum", label: "healthy" }),
                ...eachGroup({ metricName: "UnHealthyHostCount", stat: "Maximum", label: "unhealthy" }),
            ]),
        ];
        const alarms = {
            type: "alarm",
            width: 2 * width,
            height: 3,
            properties: { title: "Alarms", alarms: args.alarms },
        };

        new aws.cloudwatch.Dashboard(
            name,
            {
                dashboardName: args.dashboardName,
                dashboardBody: pulumi.jsonStringify({ widgets: [alarms, ...graphs] }),
            },
            { parent: this },
        );
        this.registerOutputs({});
    }
}
