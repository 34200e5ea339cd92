import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { defaultStack, draw, picture } from "../tools/diagram/draw";
import { boxesOf, collisions, inside, list } from "./drawn";
import { record, type Recording } from "./record";
import {
    alternative,
    everything,
    inExistingVpc,
    internal,
    kmsKey,
    production,
    standard,
    webAcl,
    withDomain,
    withoutNat,
    withSchedules,
} from "./scenarios";
import { projectFolder } from "./settings";

const drawn = (resources: Recording) => draw({ name: "shop-dev", region: "ap-northeast-1", resources });

const secretNames = ["DB_PASSWORD", "API_KEY", "TOKEN", "SIGNING_KEY", "MAIL_PASSWORD", "CACHE_PASSWORD", "DSN"];

/** As much at once as one stack may have. */
async function crowded(): Promise<Recording> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "picture-"));
    const taskPolicyFile = path.join(folder, "policy.json");
    const mayRead = { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::acme-uploads/*" };
    fs.writeFileSync(taskPolicyFile, JSON.stringify({ Version: "2012-10-17", Statement: mayRead }));
    return record({
        values: {
            accessLogs: "true",
            flowLogs: "true",
            webAclArn: webAcl,
            kmsKeyArn: kmsKey,
            dualStack: "true",
            domainName: "shop.example.com",
            hostedZone: "example.com",
            rollout: "canary",
            releaseCommand: '["bin/migrate"]',
            imageScan: "block",
            rolloutTestPort: "9000",
            egress: "5432,6379@10.1.0.0/16,25@10.2.0.0/16,25@10.3.0.0/16",
            taskPolicyArns:
                "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess,arn:aws:iam::aws:policy/AmazonSQSFullAccess",
            taskPolicyFile,
            enableExec: "true",
            readOnlyRoot: "false",
            secrets: JSON.stringify(Object.fromEntries(secretNames.map((secret) => [secret, "correct-horse-5e1f"]))),
            schedules: JSON.stringify({ nightly: { schedule: "rate(1 day)", command: ["bin/clean"] } }),
            scaleSchedule: JSON.stringify({ night: { schedule: "cron(0 20 * * ? *)", minTasks: 0, maxTasks: 0 } }),
        },
    }).finally(() => fs.rmSync(folder, { recursive: true }));
}

const has =
    (type: string) =>
    ({ registrations }: Recording): boolean =>
        registrations.some((one) => one.type.startsWith(type));
const namesOf = ({ registrations }: Recording) => registrations.map(({ name }) => name).join(" ");
const declares = (name: string) => (resources: Recording) => namesOf(resources).split(" ").includes(name);
/** The one scenario with a key. */
const isAudited = declares("main-flow-logs");

/** The program's resources without some, as if nobody had declared them. */
function without(recording: Recording, type: string, name: string): Recording {
    const registrations = recording.registrations.filter((one) => one.type !== type || one.name !== name);
    assert.equal(registrations.length, recording.registrations.length - 1);
    const of = (wanted: string) => registrations.filter((one) => one.type === wanted);
    return { ...recording, registrations, of, one: (wanted) => of(wanted)[0]! };
}

describe("the picture of the architecture", () => {
    it("shows the default stack as it is", async () => {
        const committed = fs.readFileSync(path.join(projectFolder, picture), "utf8");
        const current = draw(await defaultStack());
        assert.ok(committed === current, `${picture} shows another stack than the program declares: npm run diagram`);
    });

    it("draws an arrow for each way that requests take, with the port that rules open", async () => {
        assert.deepEqual(list(drawn(await standard()), "traffic"), [
            "internet-gateway → load-balancer-1",
            "internet-gateway → load-balancer-2",
            "internet-gateway → web-apis (443)",
            "load-balancer-1 → tasks-1 (8080)",
            "load-balancer-2 → tasks-2 (8080)",
            "nat-gateway-1 → internet-gateway",
            "s3-endpoint → s3 (443)",
            "service → s3-endpoint",
            "tasks-1 → nat-gateway-1 (443)",
            "tasks-2 → nat-gateway-1 (443)",
            "visitors → internet-gateway (80)",
        ]);
    });

    it("draws an arrow for each permission and setting of the pipeline, and for what the tasks use", async () => {
        assert.deepEqual(list(drawn(await standard()), "relation"), [
            "alarms → service",
            "alarms → topic",
            "deploy.yml → role-deploy (OIDC token)",
            "preview.yml → role-preview (OIDC token)",
            "role-deploy → oidc-provider",
            "role-deploy → registry (pushes images)",
            "role-deploy → service (rolls out)",
            "role-preview → oidc-provider",
            "settings → deploy.yml",
            "settings → preview.yml",
            "tasks-1 → logs",
            "tasks-1 → registry",
            "tasks-2 → logs registry",
        ]);
    });

    it("draws no arrow that no rule allows", async () => {
        const rule = (direction: string) => `aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`;
        const cases = [
            [rule("Ingress"), "main-alb-http", /^visitors/],
            [rule("Egress"), "main-alb-to-tasks", /^load-balancer-\d → tasks/],
            [rule("Ingress"), "main-tasks-from-alb", /^load-balancer-\d → tasks/],
            [rule("Egress"), "main-tasks-https", /^tasks-\d →|web-apis/],
        ] as const;
        for (const [type, name, gone] of cases) {
            const [before, after] = [await standard(), without(await standard(), type, name)].map((resources) =>
                list(drawn(resources), "traffic"),
            );
            assert.ok(before!.some((arrow) => gone.test(arrow)));
            assert.deepEqual(
                after!.filter((arrow) => gone.test(arrow)),
                [],
                name,
            );
        }
        const deploy = without(await standard(), "aws:iam/rolePolicy:RolePolicy", "main-deploy");
        const arrows = list(drawn(deploy), "relation").filter((arrow) => /pushes|rolls/.test(arrow));
        assert.deepEqual(arrows, []);
    });

    it("nests subnets in zones, zones in the VPC, and the VPC in the region", async () => {
        for (const [run, zones] of [
            [await standard(), 2],
            [await alternative(), 3],
        ] as const) {
            const boxes = boxesOf(drawn(run));
            const place = (id: string) => boxes.get(id)!.place;
            assert.equal([...boxes.keys()].filter((id) => id.startsWith("zone-")).length, zones);
            for (let zone = 1; zone <= zones; zone++) {
                assert.ok(inside(place(`load-balancer-${zone}`), place(`public-${zone}`)));
                assert.ok(inside(place(`tasks-${zone}`), place(`private-${zone}`)));
                assert.ok(inside(place(`tasks-${zone}`), place("service")));
                assert.ok(inside(place(`public-${zone}`), place(`zone-${zone}`)));
                assert.ok(inside(place(`private-${zone}`), place(`zone-${zone}`)));
                assert.ok(inside(place(`zone-${zone}`), place("vpc")));
            }
            assert.ok(inside(place("vpc"), place("region")));
        }
        const { text } = boxesOf(drawn(await alternative())).get("vpc")!;
        assert.equal(text, "VPC 172.20.0.0/20");
    });

    it("follows the NAT gateways: one, one in each zone, or none and tasks in the public subnets", async () => {
        const ways = (svg: string) => list(svg, "traffic").filter((arrow) => arrow.startsWith("tasks-"));
        assert.deepEqual(ways(drawn(await alternative())), [
            "tasks-1 → nat-gateway-1 (443)",
            "tasks-2 → nat-gateway-2 (443)",
            "tasks-3 → nat-gateway-3 (443)",
        ]);
        const svg = drawn(await withoutNat());
        assert.deepEqual(ways(svg), ["tasks-1 → internet-gateway (443)", "tasks-2 → internet-gateway (443)"]);
        const boxes = boxesOf(svg);
        assert.deepEqual(
            [...boxes.keys()].filter((id) => id.startsWith("nat")),
            [],
        );
        assert.ok(inside(boxes.get("tasks-2")!.place, boxes.get("public-2")!.place));
        assert.match(boxes.get("private-2")!.text, /empty/);
    });

    it("follows the container's port and the size of the service", async () => {
        const svg = drawn(await alternative());
        assert.ok(list(svg, "traffic").includes("load-balancer-3 → tasks-3 (3000)"));
        const boxes = boxesOf(svg);
        assert.equal(boxes.get("tasks-1")!.text, "Fargate tasks | listen on 3000 | reach the VPC: 5432");
        assert.equal(boxes.get("service")!.text, "ECS service | 3 to 9 tasks, Spot but for one | 1 vCPU, 4 GB, arm64");
    });

    it("shows the domain, and the app's secrets by name", async () => {
        const svg = drawn(await withDomain());
        const boxes = boxesOf(svg);
        assert.equal(boxes.get("domain")!.text, "shop.example.com | Route 53, with a certificate");
        assert.equal(boxes.get("load-balancer-1")!.text, "Load balancer | 443, 80 → 443");
        assert.match(boxes.get("secrets")!.text, /DB_PASSWORD/);
        const visitors = list(svg, "traffic").filter((arrow) => arrow.startsWith("visitors"));
        assert.deepEqual(visitors, ["visitors → internet-gateway (443)", "visitors → internet-gateway (80)"]);
        assert.ok(list(svg, "relation").includes("domain → load-balancer-1"));
        assert.ok(list(svg, "relation").includes("tasks-1 → secrets"));
        const plain = boxesOf(drawn(await standard()));
        assert.ok(!plain.has("domain") && !plain.has("secrets"));
    });

    it("draws a VPC that was there before as another's, with nothing of it that the stack was not given", async () => {
        const svg = drawn(await inExistingVpc());
        const boxes = boxesOf(svg);
        const { kind, text } = boxes.get("vpc")!;
        assert.deepEqual([kind, text], ["existing", "VPC vpc-0a1b2c3d | not the stack's own"]);
        assert.deepEqual(
            [...boxes.keys()].filter((id) => /gateway|endpoint|^s3$|-2$/.test(id)),
            [],
        );
        assert.equal(boxes.get("public-1")!.text, "Public subnets | 2 of the VPC's");
        assert.equal(boxes.get("private-1")!.text, "Private subnets | 2 of the VPC's");
        assert.equal(boxes.get("tasks-1")!.text, "Fargate tasks | listen on 8080 | reach the VPC: 5432");
        assert.deepEqual(list(svg, "traffic"), [
            "load-balancer-1 → tasks-1 (8080)",
            "routes → load-balancer-1",
            "routes → web-apis (443)",
            "tasks-1 → routes (443)",
            "visitors → routes (80)",
        ]);
    });

    it("draws an internal load balancer among the tasks, with no way to it from the internet", async () => {
        const existing = { vpcId: "vpc-0a1b2c3d", privateSubnetIds: "subnet-1000000a,subnet-1000000c" };
        for (const [values, tasksIn] of [
            [{}, "private"],
            [{ natGateways: "none" }, "public"],
            [existing, "private"],
        ] as const) {
            const svg = drawn(await record({ values: { loadBalancer: "internal", ...values } }));
            const boxes = boxesOf(svg);
            assert.ok(!boxes.has("visitors"));
            assert.ok(inside(boxes.get("load-balancer-1")!.place, boxes.get("private-1")!.place));
            assert.ok(inside(boxes.get("tasks-1")!.place, boxes.get(`${tasksIn}-1`)!.place));
            assert.equal(boxes.get("load-balancer-1")!.text, "Load balancer | listens on 80 | from the VPC alone");
            assert.deepEqual(
                list(svg, "traffic").filter((arrow) => arrow.includes("→ load-balancer")),
                [],
            );
            assert.deepEqual(collisions(svg), []);
        }
        const boxes = boxesOf(drawn(await internal()));
        assert.ok(inside(boxes.get("nat-gateway-1")!.place, boxes.get("public-1")!.place));
        assert.match(boxes.get("public-2")!.text, /empty/);
    });

    it("names what a stack has beyond the defaults, in every scenario, and nothing of it where it has none", async () => {
        const told: readonly (readonly [id: string, line: string, has: (resources: Recording) => boolean])[] = [
            [
                "schedules",
                "2 schedules | hourly, nightly | each runs in a task of its own",
                has("aws:scheduler/schedule"),
            ],
            ["service", "other bounds at 2 times", has("aws:appautoscaling/scheduledAction")],
            ["access-logs", "S3 bucket | access logs, kept for 365 days", has("aws:s3/bucket:")],
            ["vpc", "flow logs for 365 days", has("aws:ec2/flowLog")],
            ["load-balancer-1", "behind a web ACL", has("aws:wafv2/webAclAssociation")],
            ["load-balancer-1", "over IPv4 and IPv6", has("aws:ec2/route:")],
            ["kms-key", "KMS key, not the stack's | which encrypts | logs, images, secrets, alarms", isAudited],
            ["app-role", "AmazonS3ReadOnlyAccess", has("aws:iam/rolePolicyAttachment")],
            ["app-role", "lets a shell into a task", declares("main-exec")],
            ["tasks-1", "reach the VPC: 5432", (resources) => /main-tasks-5432@/.test(namesOf(resources))],
        ];
        for (const scenario of [...everything, internal]) {
            const resources = await scenario();
            const boxes = boxesOf(drawn(resources));
            const expected = told.map(([, line, isThere]) => [line, isThere(resources)]);
            const found = told.map(([id, line]) => [line, boxes.get(id)?.text.includes(line) === true]);
            assert.deepEqual(found, expected);
        }
        const dressed = boxesOf(drawn(await crowded()));
        assert.match(dressed.get("service")!.text, /\| canary releases$/);
        const release = "deploy.yml | on a push to main | stops at critical findings | runs the release command";
        assert.equal(dressed.get("deploy.yml")!.text, release);
        const secrets = dressed.get("secrets")!.text;
        assert.equal(secrets, "Secrets of the app | DB_PASSWORD, API_KEY | TOKEN, SIGNING_KEY | and 3 more");
        assert.match(dressed.get("app-role")!.text, /\| 2 managed policies \| a policy of the stack's own \|/);
        assert.match(
            dressed.get("tasks-1")!.text,
            /reach the VPC: 5432 \| reach 10\.1\.0\.0\/16: 6379 \| and 2 networks more$/,
        );
        assert.ok(list(drawn(await withSchedules()), "relation").includes("schedules → service"));
    });

    it("shows the environment that deploys, who is mailed, and nothing of previews where there are none", async () => {
        const boxes = boxesOf(drawn(await production()));
        assert.equal(boxes.get("settings")!.text, "Environment prod | 1 secret | 12 variables | needs a reviewer");
        assert.equal(boxes.get("role-deploy")!.text, "Deploy role | pushes and rolls out | for environment prod");
        assert.equal(boxes.get("topic")!.text, "SNS topic | told by ECS itself, too | mails on-call@example.com");
        assert.match(boxes.get("github")!.text, /created by the stack/);
        assert.match(boxes.get("oidc-provider")!.text, /the account has it/);
        assert.deepEqual(
            [...boxes.keys()].filter((id) => id.includes("preview")),
            [],
        );
    });

    it("is the same text for the same stack, with a background of its own and nothing from outside", async () => {
        const svg = drawn(await standard());
        assert.equal(drawn(await standard()), svg);
        assert.match(svg, /<\/defs>\n<rect width="1000" height="\d+" rx="8" fill="#ffffff"\/>/);
        assert.doesNotMatch(svg, /href|<script|<image|url\((?!#)|undefined|NaN/);
    });

    it("has no text that is cut off or leaves its box, and no line through a text or a box", async () => {
        const runs = await Promise.all([...everything, internal, crowded].map((scenario) => scenario()));
        for (const svg of [...runs.map(drawn), fs.readFileSync(path.join(projectFolder, picture), "utf8")]) {
            assert.deepEqual(collisions(svg), []);
        }
    });
});
