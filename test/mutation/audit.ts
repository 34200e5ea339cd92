import type { Mutation } from "./mutation";

/** Mistakes in what an audit asks for. */
export const audit: readonly Mutation[] = [
    {
        mistake: "what is sent without TLS is taken",
        file: "infra/iam.ts",
        find: '"effect" in entry ? entry.effect : "Allow"',
        become: '"Allow"',
    },
    {
        mistake: "other accounts' alarms reach the topic",
        file: "infra/monitoring/notifications.ts",
        find: 'condition: { StringEquals: { "aws:SourceAccount": account } },',
        become: "",
    },
    {
        mistake: "the load balancers of others write into the bucket",
        file: "infra/network/accessLogs.ts",
        find: "/AWSLogs/${account}/*",
        become: "/*",
    },
    {
        mistake: "destroy fails at a bucket with logs in it",
        file: "infra/network/accessLogs.ts",
        find: "forceDestroy: !args.deletionProtection",
        become: "forceDestroy: false",
    },
    {
        mistake: "access logs go on into a bucket that is gone",
        file: "infra/network/loadBalancer.ts",
        find: 'accessLogs: { enabled: logs !== undefined, bucket: logs?.bucket ?? "" },',
        become: "accessLogs: logs && { enabled: true, bucket: logs.bucket },",
    },
    {
        mistake: "another web ACL ends as none",
        file: "infra/network/loadBalancer.ts",
        find: "{ parent: this, deleteBeforeReplace: true },",
        become: "own,",
    },
    {
        mistake: "anybody's flow logs may use the role",
        file: "infra/network/flowLogs.ts",
        find: "vpc-flow-log/*",
        become: "*",
    },
    {
        mistake: "a key for the images is taken where there are images",
        file: "infra/runningStack/provider.ts",
        find: ', kmsKeyArn: "" } as const',
        become: " } as const",
    },
    {
        mistake: "whoever has the execution role decrypts everything with the key",
        file: "infra/service/secrets.ts",
        find: 'condition: { StringLike: { "kms:ViaService": "secretsmanager.*" } },',
        become: "",
    },
    {
        mistake: "shells are not encrypted with the key",
        file: "infra/service/service.ts",
        find: "kmsKeyId: kmsKeyArn,",
        become: "",
    },
    {
        mistake: "the load balancer is told of a bucket that does not let it in yet",
        file: "infra/network/accessLogs.ts",
        find: "this.bucket = policy.bucket;",
        become: "this.bucket = bucket.bucket;",
    },
    {
        mistake: "tasks do not reach the VPC's own DNS servers",
        file: "infra/service/egress.ts",
        find: '...(dns ? ["udp", "tcp"] : [])',
        become: '...(dns ? ["tcp"] : [])',
    },
    {
        mistake: "a VPC that another account shares is refused",
        file: "infra/network/existingVpc.ts",
        find: "[...new Set([main, ...ids])].filter(Boolean)",
        become: "[...new Set([main, ...ids])]",
    },
    {
        mistake: "a preview reads what instances are started with",
        file: "infra/delivery/previewRights.ts",
        find: '"ec2:DescribeVpcs",',
        become: '"ec2:DescribeVpcs", "ec2:DescribeInstanceAttribute",',
    },
    {
        mistake: "missing tasks raise no alarm",
        file: "infra/monitoring/alarms.ts",
        find: 'comparisonOperator: "GreaterThanThreshold",\n                      threshold: 0,',
        become: 'comparisonOperator: "LessThanThreshold",\n                      threshold: 0,',
    },
];
