/** What an audit asks for, on a stack with all of it: Pulumi.prod.yaml.example, and the keys that need something of the account. */
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { S3 } from "@aws-sdk/client-s3";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { audit, exceptions, type Finding } from "../audit/prowler";
import { rootClient } from "../aws/emulator";
import { brief, testPorts } from "../checkouts/copiedCheckout";
import { deleteDefaultVpc, newKey, newWebAcl } from "../checkouts/teamAccount";
import { TwoStacks } from "../checkouts/twoStacks";
import { setVariables } from "./variables";

const region = "ap-northeast-1";

describe("Prowler, over a stack with all that an audit asks for", () => {
    const checkout = new TwoStacks(brief);
    const s3 = () => new S3({ ...rootClient(region), forcePathStyle: true });
    const configure = (settings: object) => checkout.configureAll(settings, "prod");
    let found: readonly Finding[];
    let failures: readonly Finding[];
    let bucket = "";
    let restore: (() => void) | undefined;

    before(async () => {
        restore = setVariables(testPorts); // the emulator that the checkout starts is asked from here, too
        checkout.writeProd();
        // All that a stack can make: it is alone in its account here, and its repository is not there yet.
        const alone = { githubOidcProvider: "create", secrets: { DB_PASSWORD: "hunter2" } };
        configure({
            ...{ ...alone, readOnlyRoot: true, dualStack: true, egress: "5432" },
            taskPolicyArns: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
            schedules: { report: { schedule: "cron(0 3 * * ? *)", command: ["true"] } },
            scaleSchedule: { evening: { schedule: "cron(0 18 * * ? *)", minTasks: 2, maxTasks: 6 } },
            ...{ rollout: "canary", rolloutTestPort: 9000 },
        });
        await checkout.succeed("sandbox:preview -- --stack prod"); // which starts the emulator
        await deleteDefaultVpc();
        configure({ kmsKeyArn: await newKey(), webAclArn: await newWebAcl("shop") });
        await checkout.succeed("sandbox:up -- --stack prod");
        configure({ deletionProtection: true });
        await checkout.succeed("sandbox:up -- --stack prod");
        bucket = (await s3().listBuckets({}))
            .Buckets!.map(({ Name }) => Name!)
            .find((name) => name.startsWith("main-"))!;
        found = await audit(region);
        failures = found.filter(({ status }) => status === "FAIL");
    });
    after(async () => {
        restore?.();
        try {
            await unprotected();
        } finally {
            await checkout.remove();
        }
    });

    /** Lifts the protection where it is on, as whoever wants to destroy the stack does. */
    async function unprotected(): Promise<void> {
        const { resources = [] } = fs.existsSync(checkout.stateFile("prod")) ? checkout.state("prod").deployment : {};
        if (resources.some(({ protect }) => protect)) {
            checkout.configure("fargate-cicd:deletionProtection", undefined, "prod");
            await checkout.succeed("sandbox:up -- --stack prod");
        }
    }

    it("is made in one up, and another one has nothing to do", async () => {
        await checkout.succeed("sandbox:up -- --expect-no-changes --stack prod");
    });

    it("finds nothing but what is listed, with the reason", () => {
        const unlisted = failures.filter(({ excepted }) => !excepted);
        assert.deepEqual(
            unlisted.map(({ check, resource, says }) => `${check}: ${resource}: ${says}`),
            [],
        );
    });

    it("finds all that is listed, in ten lines at most", () => {
        const listed = Object.entries(exceptions());
        assert.ok(listed.length <= 10, `${listed.length} exceptions`);
        const unused = listed.filter(
            ([check, reason]) =>
                reason === "" ||
                !failures.some((each) => each.excepted && new RegExp(`^${check.replace("*", ".*")}$`).test(each.check)),
        );
        assert.deepEqual(unused, []);
    });

    it("has looked at what there is", () => {
        const passed = new Set(found.filter(({ status }) => status === "PASS").map(({ check }) => check));
        const looked = [
            "ec2_securitygroup_default_restrict_traffic",
            ...["ecr_repositories_scan_images_on_push_enabled", "ecs_task_definitions_containers_readonly_access"],
            ...["ecs_task_definitions_no_environment_secrets", "elbv2_deletion_protection", "elbv2_logging_enabled"],
            ...["elbv2_ssl_listeners", "elbv2_waf_acl_attached", "iam_inline_policy_no_administrative_privileges"],
            ...["s3_bucket_secure_transport_policy", "s3_bucket_lifecycle_enabled"],
            ...["sns_topics_kms_encryption_at_rest_enabled", "sqs_queues_server_side_encryption_enabled"],
            "vpc_flow_logs_enabled",
        ];
        assert.deepEqual(
            looked.filter((check) => !passed.has(check)),
            [],
        );
    });

    it("has the load balancer's file in the bucket, and the session's log group encrypted like all others", async () => {
        const { Contents = [] } = await s3().listObjectsV2({ Bucket: bucket });
        assert.deepEqual(
            Contents.map(({ Key }) => Key),
            ["AWSLogs/123456789012/ELBAccessLogTestFile"],
        );
        const { logGroups = [] } = await new CloudWatchLogs(rootClient(region)).describeLogGroups({});
        assert.deepEqual(logGroups.map(({ logGroupName, kmsKeyId }) => [logGroupName, kmsKeyId !== undefined]).sort(), [
            ["/aws/ecs/containerinsights/fargate-cicd-prod/performance", true],
            ["/ecs/fargate-cicd-prod", true],
            ["/vpc/fargate-cicd-prod", true],
        ]);
    });

    it("finds one thing more where shells are allowed: their agent writes into the container", async () => {
        configure({ enableExec: true, readOnlyRoot: false });
        await checkout.succeed("sandbox:up -- --stack prod");
        const seen = await audit(region, ["cloudwatch", "ecs", "iam"]);
        assert.deepEqual(
            seen.filter(({ status, excepted }) => status === "FAIL" && !excepted).map(({ check }) => check),
            ["ecs_task_definitions_containers_readonly_access"],
        );
    });

    it("goes with all its logs", async () => {
        await unprotected();
        await checkout.succeed("sandbox:destroy -- --stack prod");
    });
});
