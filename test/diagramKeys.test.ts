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
const domain = { domainName: "shop.example.com", hostedZone: "example.com" };
const prod = { githubEnvironment: "prod" };
const vpc = {
    vpcId: "vpc-0a1b2c3d",
    publicSubnetIds: "subnet-0000000a,subnet-0000000c",
    privateSubnetIds: "subnet-1000000a,subnet-1000000c",
};
const third = "subnet-2000000d";

/** A value of each key that the picture tells of, and what has to be set beside it, with or without that value. */
const drawn: Readonly<Record<string, readonly [value: string, beside?: Values]>> = {
    githubRepository: ["acme/store"],
    githubBranch: ["release"],
    githubOidcProvider: ["existing"],
    createGithubRepository: ["true"],
    githubEnvironment: ["prod"],
    githubReviewers: ["alice", prod],
    previewPullRequests: ["false"],
    name: ["shop"],
    vpcCidr: ["172.20.0.0/20"],
    availabilityZones: ["3"],
    natGateways: ["none"],
    vpcId: ["vpc-0a1b2c3e", vpc],
    publicSubnetIds: [`${vpc.publicSubnetIds},${third}`, vpc],
    privateSubnetIds: [`${vpc.privateSubnetIds},${third}`, vpc],
    loadBalancer: ["internal"],
    dualStack: ["true"],
    egress: ["5432"],
    containerPort: ["3000"],
    rollout: ["blue-green"],
    rolloutTestPort: ["9000", { rollout: "canary" }],
    domainName: ["store.example.com", domain],
    secrets: ['{"TOKEN":"correct-horse-5e1f"}'],
    cpu: ["512", { memory: "1024" }],
    memory: ["1024"],
    architecture: ["arm64"],
    taskPolicyArns: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
    capacity: ["spot"],
    minTasks: ["1"],
    maxTasks: ["9"],
    scaleSchedule: ['{"night":{"schedule":"cron(0 20 * * ? *)","minTasks":1}}'],
    schedules: ['{"nightly":{"schedule":"rate(1 day)","command":["bin/clean"]}}'],
    logRetentionDays: ["7"],
    releaseCommand: ['["bin/migrate"]'],
    imageScan: ["block"],
    enableExec: ["true", { readOnlyRoot: "false" }],
    alarmEmail: ["on-call@example.com"],
    accessLogs: ["true"],
    flowLogs: ["true"],
    webAclArn: [webAcl],
    kmsKeyArn: [kmsKey],
};

/** How long something takes, what the container is told, and what GitHub, Pulumi and AWS are told of the stack itself. */
const leftOut = `
    healthCheckPath startSeconds drainSeconds stopSeconds bakeMinutes rolloutPercent rolloutStepMinutes
    environment command user readOnlyRoot taskPolicyAllowsAll
    githubPreventSelfReview githubAdminsBypass previewToken pulumiGithubApp releasedBy imageSbom containerInsights deletionProtection
`;

describe("each key of the configuration", () => {
    const pictures = new Map<string, Promise<string>>();
    const picture = (scenario: Scenario = {}): Promise<string> => {
        const key = JSON.stringify(scenario);
        const made =
            pictures.get(key) ?? record(scenario).then((resources) => draw({ ...stack, ...scenario, resources }));
        pictures.set(key, made);
        return made;
    };

    it("has its place in the picture, or is among those that it leaves out", () => {
        const elsewhere = ["aws:region", "hostedZone", "taskPolicyFile"]; // below, beside domainName, and a file
        const told = [...Object.keys(drawn), ...elsewhere, ...leftOut.trim().split(/\s+/)];
        assert.deepEqual(told.sort(), Object.keys(table).sort());
    });

    it("changes the picture that it has a place in", async function () {
        this.timeout(120_000); // some forty programs
        const same: string[] = [];
        for (const [key, [value, beside]] of Object.entries(drawn)) {
            const before = await picture(beside && { values: beside });
            const after = await picture({ values: { ...beside, [key]: value } });
            if (after === before) same.push(key);
        }
        assert.deepEqual(same, []);
    });

    it("changes it as the region does, and the document of taskPolicyFile", async () => {
        const before = await picture();
        assert.notEqual(await picture({ region: "eu-west-1" }), before);
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "picture-"));
        const taskPolicyFile = path.join(folder, "policy.json");
        const mayRead = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::acme-uploads/*" };
        fs.writeFileSync(taskPolicyFile, JSON.stringify({ Version: "2012-10-17", Statement: mayRead }));
        assert.notEqual(await picture({ values: { taskPolicyFile } }), before);
        fs.rmSync(folder, { recursive: true });
    });
});
