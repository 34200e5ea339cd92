/** The program in docs/database.md, as it stands there, on the outputs that the app's stack has. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import * as ts from "typescript";
import { record, type Recording } from "./record";
import { standard } from "./scenarios";
import { projectFolder } from "./settings";

const page = fs.readFileSync(path.join(projectFolder, "docs", "database.md"), "utf8");
const code = [...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, block]) => block!).join("");
const reference = "acme/fargate-cicd/dev";

function program(): unknown {
    const { outputText } = ts.transpileModule(code, {
        compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true },
    });
    const exported = {};
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- the page's code is what is tested
    new Function("require", "exports", outputText)(require, exported);
    return exported;
}

describe("the database stack in docs/", () => {
    let app: Recording;
    let run: Recording;
    before(async () => {
        app = await standard();
        const config = { "fargate-cicd:app": reference, "fargate-cicd:password": "correct-horse-5e1f" };
        run = await record({ stack: "database", config, stacks: { [reference]: app.outputs }, program });
    });

    it("has no property that the SDK does not know, and no value of another type", () => {
        const folder = path.join(projectFolder, "node_modules", ".cache", "database"); // finds the SDKs, and what it found the last time
        fs.mkdirSync(folder, { recursive: true });
        fs.writeFileSync(path.join(folder, "index.ts"), code);
        const compiler = path.join(projectFolder, "node_modules", "typescript7", "bin", "tsc");
        const cached = "--ignoreConfig --incremental --tsBuildInfoFile tsbuildinfo";
        const options = `--noEmit --strict --skipLibCheck --module nodenext --target es2022 --types node ${cached}`;
        const { stdout, status } = spawnSync(process.execPath, [compiler, ...options.split(" "), "index.ts"], {
            cwd: folder,
            encoding: "utf8",
        });
        assert.deepEqual([stdout, status], ["", 0]);
    });

    it("is backed up each day: the provider would ask for no backups (rds/instance.go)", () => {
        assert.equal(run.one("aws:rds/instance:Instance").inputs.backupRetentionPeriod, 7);
    });

    it("is in the app's private subnets", () => {
        const { subnetIds } = run.one("aws:rds/subnetGroup:SubnetGroup").inputs;
        assert.deepEqual(subnetIds, app.one("awsx:ec2:Vpc").outputs.privateSubnetIds);
        assert.equal(run.one("aws:ec2/securityGroup:SecurityGroup").inputs.vpcId, app.outputs.vpcId);
    });

    it("lets the app's tasks in, on the port that the page opens for them, and nobody else", () => {
        const group = run.one("aws:ec2/securityGroup:SecurityGroup");
        const tasks = app.one("aws:ec2/securityGroup:SecurityGroup", "main-tasks").outputs.id;
        assert.deepEqual(group.inputs.ingress, [
            { protocol: "tcp", fromPort: 5432, toPort: 5432, securityGroups: [tasks] },
        ]);
        assert.deepEqual(run.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"), []);
        assert.deepEqual(run.one("aws:rds/instance:Instance").inputs.vpcSecurityGroupIds, [group.outputs.id]);
        assert.match(page, /^pulumi config set egress 5432$/m);
    });

    it("keeps its password secret, and its storage encrypted", () => {
        const { inputs, secrets } = run.one("aws:rds/instance:Instance");
        assert.deepEqual([secrets, inputs.storageEncrypted], [["password"], true]);
        assert.deepEqual(Object.keys(run.outputs), ["host"]);
    });

    it("tells whoever is told of the app's alarms", () => {
        const { alarmActions } = run.one("aws:cloudwatch/metricAlarm:MetricAlarm").inputs;
        assert.deepEqual(alarmActions, [app.one("aws:sns/topic:Topic").outputs.arn]);
    });

    it("is explained output by output, of those that the stack has", () => {
        const named = [...page.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm)].flatMap(([, cell]) => cell!.match(/\w+/g)!);
        const others =
            "url clusterName serviceName taskDefinitionFamily repositoryUrl deployRoleArn previewRoleArn".split(" ");
        assert.deepEqual([...named, ...others].sort(), Object.keys(app.outputs).sort());
    });
});
