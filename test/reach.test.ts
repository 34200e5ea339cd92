import assert from "node:assert/strict";
import { record, type Recording } from "./record";
import { refusal } from "./settings";

const ruleType = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule";

describe("what tasks reach", () => {
    const waysOut = (run: Recording) => {
        const group = run.one("aws:ec2/securityGroup:SecurityGroup", "main-tasks").outputs.id;
        return run
            .of(ruleType)
            .filter(({ inputs }) => inputs.securityGroupId === group)
            .map(({ name, inputs: { description, ipProtocol, fromPort, toPort, cidrIpv4 } }) => {
                assert.deepEqual([ipProtocol, toPort], ["tcp", fromPort]);
                return [name, description, fromPort, cidrIpv4];
            });
    };
    const https = ["main-tasks-https", "Image pulls, logs and calls of the app", 443, "0.0.0.0/0"];

    it("is HTTPS by default", async () => assert.deepEqual(waysOut(await record({})), [https]));

    it("is each port of the configuration as well, by a rule that its place in the list does not change", async () => {
        const egress = "5432, 5432@10.20.0.0/16,587@0.0.0.0/0";
        const rules = [
            ["main-tasks-5432@10.0.0.0/16", "The app: port 5432 within the VPC", 5432, "10.0.0.0/16"],
            ["main-tasks-5432@10.20.0.0/16", "The app: port 5432 at 10.20.0.0/16", 5432, "10.20.0.0/16"],
            ["main-tasks-587@0.0.0.0/0", "The app: port 587 anywhere", 587, "0.0.0.0/0"],
        ];
        const run = await record({ values: { egress } });
        assert.deepEqual(waysOut(run), [https, ...rules]);
        const reversed = await record({ values: { egress: egress.split(",").toReversed().join(",") } });
        assert.deepEqual(waysOut(reversed), [https, ...rules.toReversed()]);
        const before = run.one("aws:ecs/service:Service").dependsOn.map(({ name }) => name);
        assert.ok(
            rules.every(([name]) => before.includes(String(name))),
            "a task starts with its ways out",
        );
    });

    it("is no rule that the group has already, which EC2 refuses as a duplicate", async () => {
        const egress = "5432,5432,5432@10.0.0.0/16,443@0.0.0.0/0,443";
        assert.deepEqual(
            waysOut(await record({ values: { egress } })).map(([name]) => name),
            ["main-tasks-https", "main-tasks-5432@10.0.0.0/16", "main-tasks-443@10.0.0.0/16"],
        );
    });

    it("has a problem for each entry that is none", () => {
        const message = refusal({ egress: "5432,postgres,6379@10.0.0.1/16,587@0.0.0.0/0" });
        assert.deepEqual(
            [...message.matchAll(/^ {2}- egress: .+got "(.*)"$/gm)].map(([, got]) => got),
            ["postgres", "6379@10.0.0.1/16"],
        );
        const many = Array.from({ length: 60 }, (_, index) => 5000 + index).join(",");
        assert.match(refusal({ egress: many }), /egress: expected at most 51 ports/);
    });
});
