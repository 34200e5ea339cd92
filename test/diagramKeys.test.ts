/** The picture follows the configuration: each key has something of its own in it, or is among those that it leaves out. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { table } from "../infra/config/table";
import { draw } from "../tools/diagram/draw";
import { record, type Scenario } from "./record";
import { kmsKey, webAcl } from "./scenarios";
import type { Values } from "./settings";

const stack = { name: "shop", region: "ap-northeast-1" };

/** Of each key a value, what the picture says with it, and what has to be set beside it; those of one list go together. */
type Drawn = Readonly<Record<string, readonly [value: string, text: string, beside?: Values]>>;

const drawn: readonly Drawn[] = [
    {
        githubRepository: ["acme/store", "acme/store"],
        githubBranch: ["release", "on a push to release"],
        githubOidcProvider: ["existing", "the account has it"],
        name: ["store", "/ecs/store"],
        vpcCidr: ["172.20.0.0/20", "VPC 172.20.0.0/20"],
        availabilityZones: ["3", "Availability zone 3"],
        dualStack: ["true", "over IPv4 and IPv6"],
        egress: ["5432", "reach the VPC: 5432"],
        containerPort: ["3000", "listen on 3000"],
        rollout: ["blue-green", "blue-green releases"],
        rolloutTestPort: ["9000", "\n9000\n"],
        domainName: ["store.example.com", "store.example.com", { hostedZone: "example.com" }],
        secrets: ['{"TOKEN":"correct-horse-5e1f"}', "TOKEN"],
        cpu: ["512", "0.5 vCPU"],
        memory: ["1024", "1 GB"],
        architecture: ["arm64", "arm64"],
        taskPolicyArns: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", "AmazonS3ReadOnlyAccess"],
        capacity: ["spot", "Spot but for one"],
        minTasks: ["1", "1 to 9 tasks"],
        maxTasks: ["9", "1 to 9 tasks"],
        scaleSchedule: ['{"night":{"schedule":"cron(0 20 * * ? *)","minTasks":1}}', "other bounds at 1 time"],
        schedules: ['{"nightly":{"schedule":"rate(1 day)","command":["bin/clean"]}}', "nightly"],
        logRetentionDays: ["7", "kept for 7 days"],
        releaseCommand: ['["bin/migrate"]', "runs the release command"],
        imageScan: ["block", "stops at critical findings"],
        enableExec: ["true", "lets a shell into a task", { readOnlyRoot: "false" }],
        alarmEmail: ["on-call@example.com", "mails on-call@example.com"],
        accessLogs: ["true", "access logs, kept for 7 days"],
        flowLogs: ["true", "flow logs for 7 days"],
        webAclArn: [webAcl, "behind a web ACL"],
        kmsKeyArn: [kmsKey, "KMS key, not the stack"],
    },
    {
        createGithubRepository: ["true", "created by the stack"],
        githubEnvironment: ["prod", "Environment prod"],
        githubReviewers: ["alice", "needs a reviewer"],
        previewPullRequests: ["false", "1 secret"],
        natGateways: ["none", "Private 10.0.0.0/19, empty"],
    },
    {
        vpcId: ["vpc-0a1b2c3d", "VPC vpc-0a1b2c3d"],
        publicSubnetIds: ["subnet-0000000a,subnet-0000000c,subnet-0000000d", "3 of the VPC"],
        privateSubnetIds: ["subnet-1000000a,subnet-1000000c", "2 of the VPC"],
    },
    { loadBalancer: ["internal", "from the VPC alone"] },
];

/** How long something takes, what the container is told, and what GitHub, Pulumi and AWS are told of the stack itself. */
const leftOut = `
    domainOverwrite healthCheckPath requestsPerTask startSeconds drainSeconds stopSeconds bakeMinutes rolloutPercent rolloutStepMinutes
    environment command user readOnlyRoot taskPolicyAllowsAll
    githubPreventSelfReview githubAdminsBypass previewToken pulumiGithubApp releasedBy imageSbom containerInsights deletionProtection
`;

describe("each key of the configuration", () => {
    const textsOf = async (scenario: Scenario = {}): Promise<string> => {
        const picture = draw({ ...stack, ...scenario, resources: await record(scenario) });
        return [...picture.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text).join("\n");
    };

    it("has its place in the picture, or is among those that it leaves out", () => {
        const elsewhere = ["aws:region", "hostedZone", "taskPolicyFile"]; // below, beside domainName, and a file
        const told = [...drawn.flatMap(Object.keys), ...elsewhere, ...leftOut.trim().split(/\s+/)];
        assert.deepEqual(told.sort(), Object.keys(table).sort());
    });

    it("says in the picture what it is, where it has a place in it", async () => {
        const plain = await textsOf();
        for (const keys of drawn) {
            const each = Object.entries(keys).map(([key, [value, , beside]]): Values => ({ ...beside, [key]: value }));
            const texts = await textsOf({ values: Object.assign({}, ...each) as Values });
            for (const [key, [, text]] of Object.entries(keys)) {
                assert.ok(texts.includes(text), `${key}: ${text} is not among\n${texts}`);
                assert.ok(!plain.includes(text), `${key}: ${text} is there without it`);
            }
        }
    });

    it("changes it as the region does, and the document of taskPolicyFile", async () => {
        const before = await textsOf();
        assert.notEqual(await textsOf({ region: "eu-west-1" }), before);
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "picture-"));
        const taskPolicyFile = path.join(folder, "policy.json");
        const mayRead = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::acme-uploads/*" };
        fs.writeFileSync(taskPolicyFile, JSON.stringify({ Version: "2012-10-17", Statement: mayRead }));
        assert.notEqual(await textsOf({ values: { taskPolicyFile } }), before);
        fs.rmSync(folder, { recursive: true });
    });
});
