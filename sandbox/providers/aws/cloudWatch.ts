import type { MetricAlarm, MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { sameJson, sameSet } from "../differences";
import { Properties, ResourceStandIn } from "../standIn";
import { Clients, defined, unlessGone } from "./clients";
import { fromTags, taggable, toTags } from "./tags";

export function cloudWatch(clients: Clients): Record<string, ResourceStandIn> {
    return {
        "aws:cloudwatch/dashboard:Dashboard": dashboard(clients),
        "aws:cloudwatch/metricAlarm:MetricAlarm": taggable(metricAlarm(clients), async (_id, set, TagKeys, { arn }) => {
            const { cloudWatch: api } = clients;
            if (TagKeys.length > 0) await api.untagResource({ ResourceARN: arn, TagKeys });
            if (Object.keys(set).length > 0) await api.tagResource({ ResourceARN: arn, Tags: toTags(set) });
        }),
    };
}

const toDimensions = (dimensions: Readonly<Record<string, string>> | undefined) =>
    dimensions && Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));

const fromDimensions = (dimensions: MetricAlarm["Dimensions"]) =>
    dimensions?.length ? Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])) : undefined;

function toQuery({ id, expression, label, returnData, metric }: Properties): MetricDataQuery {
    return defined({
        Id: id as string,
        Expression: expression as string | undefined,
        Label: label as string | undefined,
        ReturnData: (returnData ?? false) as boolean, // the official provider's default; the API's is true
        MetricStat: metric && {
            Metric: defined({
                Namespace: metric.namespace,
                MetricName: metric.metricName,
                Dimensions: toDimensions(metric.dimensions),
            }),
            Period: metric.period,
            Stat: metric.stat,
        },
    });
}

function fromQuery({ Id, Expression, Label, ReturnData, MetricStat }: MetricDataQuery): Properties {
    return defined({
        id: Id,
        expression: Expression,
        label: Label,
        returnData: ReturnData || undefined,
        metric:
            MetricStat &&
            defined({
                namespace: MetricStat.Metric?.Namespace,
                metricName: MetricStat.Metric?.MetricName,
                dimensions: fromDimensions(MetricStat.Metric?.Dimensions),
                period: MetricStat.Period,
                stat: MetricStat.Stat,
            }),
    });
}

function metricAlarm({ cloudWatch: api }: Clients): ResourceStandIn {
    const describe = async (name: string) =>
        (await api.describeAlarms({ AlarmNames: [name], AlarmTypes: ["MetricAlarm"] })).MetricAlarms?.[0];
    const put = async (inputs: Properties, tags?: Properties) => {
        await api.putMetricAlarm({
            AlarmName: inputs.name,
            ...defined({
                AlarmDescription: inputs.alarmDescription,
                Namespace: inputs.namespace,
                MetricName: inputs.metricName,
                Dimensions: toDimensions(inputs.dimensions),
                Statistic: inputs.statistic,
                Period: inputs.period,
                Metrics: inputs.metricQueries?.map(toQuery),
                DatapointsToAlarm: inputs.datapointsToAlarm,
            }),
            ComparisonOperator: inputs.comparisonOperator,
            EvaluationPeriods: inputs.evaluationPeriods,
            Threshold: inputs.threshold,
            TreatMissingData: inputs.treatMissingData ?? "missing",
            AlarmActions: inputs.alarmActions ?? [],
            OKActions: inputs.okActions ?? [],
            Tags: tags && toTags(tags),
        });
        return { arn: (await describe(inputs.name))?.AlarmArn };
    };
    const ofMetric = ["namespace", "metricName", "dimensions", "period", "stat"].map((key) => `metric.${key}`);
    return {
        required: ["comparisonOperator", "evaluationPeriods"],
        optional: [
            ...["name", "alarmDescription", "namespace", "metricName", "dimensions", "statistic", "period"],
            ...["id", "expression", "label", "returnData", ...ofMetric].map((key) => `metricQueries.${key}`),
            ...["threshold", "datapointsToAlarm", "treatMissingData", "alarmActions", "okActions"],
        ],
        replaceOn: ["name"],
        autoName: { property: "name", maxLength: 255 },
        sameMeaning: { metricQueries: sameSet, alarmActions: sameSet, okActions: sameSet },
        create: async (inputs) => ({ id: inputs.name, outputs: await put(inputs, inputs.tags ?? {}) }),
        read: async (name) => {
            const found = await describe(name);
            if (!found) return undefined;
            const { Tags } = await api.listTagsForResource({ ResourceARN: found.AlarmArn });
            return defined({
                name,
                arn: found.AlarmArn,
                alarmDescription: found.AlarmDescription,
                namespace: found.Namespace,
                metricName: found.MetricName,
                dimensions: fromDimensions(found.Dimensions),
                statistic: found.Statistic,
                period: found.Period,
                metricQueries: found.Metrics?.map(fromQuery),
                datapointsToAlarm: found.DatapointsToAlarm,
                comparisonOperator: found.ComparisonOperator,
                evaluationPeriods: found.EvaluationPeriods,
                threshold: found.Threshold,
                treatMissingData: found.TreatMissingData,
                alarmActions: found.AlarmActions,
                okActions: found.OKActions,
                tags: fromTags(Tags),
            });
        },
        update: async (_id, _state, inputs) => put(inputs),
        delete: async (name) => void (await unlessGone(api.deleteAlarms({ AlarmNames: [name] }))),
        list: async () => ((await api.describeAlarms({})).MetricAlarms ?? []).map(({ AlarmName }) => AlarmName!),
    };
}

function dashboard({ cloudWatch: api }: Clients): ResourceStandIn {
    const put = async ({ dashboardName, dashboardBody }: Properties) => {
        await api.putDashboard({ DashboardName: dashboardName, DashboardBody: dashboardBody });
        const { DashboardArn: dashboardArn } = await api.getDashboard({ DashboardName: dashboardName });
        return { dashboardArn };
    };
    return {
        required: ["dashboardName", "dashboardBody"],
        optional: [],
        replaceOn: ["dashboardName"],
        sameMeaning: { dashboardBody: sameJson },
        create: async (inputs) => ({ id: inputs.dashboardName, outputs: await put(inputs) }),
        read: async (name) => {
            const found = await unlessGone(api.getDashboard({ DashboardName: name }));
            return (
                found && {
                    dashboardName: name,
                    dashboardBody: found.DashboardBody,
                    dashboardArn: found.DashboardArn,
                }
            );
        },
        update: async (_id, _state, inputs) => put(inputs),
        delete: async (name) => void (await unlessGone(api.deleteDashboards({ DashboardNames: [name] }))),
        list: async () =>
            ((await api.listDashboards({})).DashboardEntries ?? []).map(({ DashboardName }) => DashboardName!),
    };
}
