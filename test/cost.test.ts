import * as aws from "@pulumi/aws";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { charges } from "../tools/cost/charges";
import { estimate, taskBounds } from "../tools/cost/estimate";
import priceFile from "../tools/cost/prices.json";
import { report } from "../tools/cost/report";
import type { Stack } from "../tools/resources";
import { attempt, record, type Recording } from "./record";
import {
    alternative,
    audited,
    everything,
    inExistingVpc,
    internal,
    production,
    standard,
    withDomain,
    withoutNat,
    withSchedules,
} from "./scenarios";
import { projectFolder } from "./settings";

const stack = (resources: Recording, region = "ap-northeast-1"): Stack => ({ name: "shop-dev", region, resources });

/** The monthly amounts by line, for the fewest tasks. */
function amounts(of: Stack): Record<string, number> {
    const { lines } = estimate(of, taskBounds(of).least);
    return Object.fromEntries(lines.map(({ what, amount }) => [what, amount]));
}

/** What a scenario changes of the standard's lines: gone lines are undefined. */
async function changes(scenario: Promise<Recording>): Promise<Record<string, number | undefined>> {
    const before = amounts(stack(await standard()));
    const after = amounts(stack(await scenario));
    const all = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return Object.fromEntries(all.filter((what) => before[what] !== after[what]).map((what) => [what, after[what]]));
}

const byUse = async (of: Promise<Recording>) => estimate(stack(await of), 1).byUse.join("\n");

/** The expected amounts are computed by hand from AWS's prices: quantity, hours and price stand beside them. */
describe("the cost estimate", () => {
    it("has a line for everything that is charged for being there", async () => {
        assert.deepEqual(amounts(stack(await standard())), {
            "1 NAT gateway": 45.26, // 730 × 0.062
            "1 public IPv4 address of NAT": 3.65, // 730 × 0.005
            "1 load balancer": 17.74, // 730 × 0.0243
            "2 public IPv4 addresses of the load balancer, one in each zone": 7.3, // 1460 × 0.005
            "Fargate x86_64 on demand, 2 tasks × 0.25 vCPU": 18.45, // 365 × 0.05056
            "Fargate x86_64 on demand, 2 tasks × 0.5 GB": 4.04, // 730 × 0.00553
            "Alarms, by metric": 1.4, // three of one metric, two of two, one of three, one of four
            "Alarms that autoscaling makes, by metric": 1, // two for each of two policies, with one metric and with four
            Dashboards: 3,
        });
    });

    it("is what the README tells a newcomer, of one task", async () => {
        const { lines } = estimate(stack(await standard()), 1);
        const total = lines.reduce((sum, { amount }) => sum + amount, 0);
        const [, told] = /about (\d+) US dollars a month/.exec(
            fs.readFileSync(path.join(projectFolder, "README.md"), "utf8"),
        )!;
        assert.equal(Math.round(total), Number(told));
    });

    it("adds up to what its lines say, for the fewest and for the most tasks", async () => {
        const of = stack(await standard());
        const { least, most } = taskBounds(of);
        assert.deepEqual([least, most], [2, 4]);
        // With four tasks Fargate is 36.91 and 8.07 instead of 18.45 and 4.04.
        assert.deepEqual([estimate(of, least).total, estimate(of, most).total], [101.84, 124.33]);
    });

    it("counts the tasks' own addresses where there is no NAT gateway", async () => {
        assert.deepEqual(await changes(withoutNat()), {
            "1 NAT gateway": undefined,
            "1 public IPv4 address of NAT": undefined,
            "2 public IPv4 addresses of the tasks": 7.3,
        });
        assert.doesNotMatch(await byUse(withoutNat()), /NAT/);
    });

    it("follows region, zones, NAT gateways, and the size, architecture, capacity and number of the tasks", async () => {
        assert.deepEqual(amounts(stack(await alternative(), "eu-west-1")), {
            "3 NAT gateways": 105.12, // 2190 × 0.048
            "3 public IPv4 addresses of NAT": 10.95, // 2190 × 0.005
            "1 load balancer": 18.4, // 730 × 0.0252
            "3 public IPv4 addresses of the load balancer, one in each zone": 10.95,
            "Fargate arm64 on demand, 1 task × 1 vCPU": 23.64, // 730 × 0.03238
            "Fargate arm64 on demand, 1 task × 4 GB": 10.4, // 2920 × 0.00356
            "Fargate arm64 Spot, 2 tasks × 1 vCPU": 18.91, // 1460 × 0.03238 × 0.4
            "Fargate arm64 Spot, 2 tasks × 4 GB": 8.32, // 5840 × 0.00356 × 0.4
            "Alarms, by metric": 1.4,
            "Alarms that autoscaling makes, by metric": 1,
            Dashboards: 3,
        });
    });

    it("has nothing on Spot where the only task runs on demand", async () => {
        const { lines } = estimate(stack(await alternative()), 1);
        const fargate = lines.filter(({ what }) => what.startsWith("Fargate")).map(({ what }) => what);
        assert.deepEqual(fargate, [
            "Fargate arm64 on demand, 1 task × 1 vCPU",
            "Fargate arm64 on demand, 1 task × 4 GB",
        ]);
    });

    it("counts the secrets that the stack makes, not those that exist already", async () => {
        const added = Object.entries(amounts(stack(await withDomain()))).filter(([what]) => what === "Secrets");
        assert.deepEqual(added, [["Secrets", 0.4]]);
    });

    it("leaves out what an existing VPC has already, and the public addresses of an internal load balancer", async () => {
        const gateways = { "1 NAT gateway": undefined, "1 public IPv4 address of NAT": undefined };
        assert.deepEqual(await changes(inExistingVpc()), gateways);
        assert.match(await byUse(inExistingVpc()), /to the internet[^]*What the existing VPC costs is not the stack's/);
        assert.deepEqual(await changes(internal()), {
            "2 public IPv4 addresses of the load balancer, one in each zone": undefined,
        });
    });

    it("counts every metric of an alarm that computes with several", async () => {
        const withInsights = await changes(production()); // the alarm on missing tasks compares two metrics then
        assert.deepEqual(withInsights, { "Alarms, by metric": 1.5, Secrets: 0.4 });
    });

    it("names what depends on use, and only what the stack can use", async () => {
        const plain = await byUse(standard());
        for (const subject of ["internet", "between zones", "through NAT", "Requests", "Logs", "Images"]) {
            assert.match(plain, new RegExp(subject));
        }
        const optional = /Container Insights|Mails|hosted zone|secrets|KMS/;
        assert.doesNotMatch(plain, optional);
        const insights = (value: string) => byUse(record({ values: { containerInsights: value } }));
        assert.match(await insights("enabled"), /Container Insights: 0\.30 for each metric/);
        assert.match(await insights("enhanced"), /Container Insights: 0\.07 for each metric/);
        assert.match(await byUse(production()), /Mails/);
        assert.match(await byUse(withDomain()), /hosted zone/);
        assert.doesNotMatch(plain, /Scheduled runs/);
        assert.match(await byUse(withSchedules()), /Scheduled runs/);
        assert.match(
            await byUse(audited()),
            /^The KMS key, which is not the stack's: 1\.00 a month, and 0\.03 for 10,000 requests$/m,
        );
    });

    it("knows every resource type that the program can declare, and no other", async () => {
        const runs = await Promise.all(everything.map((scenario) => scenario()));
        const types = runs.flatMap(({ registrations }) => registrations.map(({ type }) => type));
        const declared = new Set(types.filter((type) => !type.startsWith("fargate-cicd:")));
        assert.deepEqual(Object.keys(charges).sort(), [...declared].sort());
    });

    it("refuses a resource type that it does not know, by its name", async () => {
        const { recording } = await attempt({ program: () => void new aws.kms.Key("jobs") });
        assert.throws(() => estimate(stack(recording), 1), /jobs, of the type aws:kms\/key:Key: add the type to/);
    });

    it("refuses a region without prices, and says which there are and how to add one", async () => {
        const of = stack(await standard(), "eu-south-2");
        assert.throws(
            () => estimate(of, 1),
            /no prices of eu-south-2; it has .*ap-northeast-1, .*us-west-2\.\nTo add them/,
        );
    });
});

describe("the prices", () => {
    it("are complete and positive in every region", () => {
        const numbers = (value: object): [string, number][] =>
            Object.entries(value as Record<string, number | object>).flatMap(([key, item]) =>
                typeof item === "number" ? [[key, item]] : numbers(item).map(([inner, n]) => [`${key}.${inner}`, n]),
            );
        const all = Object.values(priceFile.regions).map(numbers);
        for (const prices of all) {
            assert.deepEqual(
                prices.map(([key]) => key),
                all[0]!.map(([key]) => key),
            );
            assert.ok(prices.every(([, price]) => price > 0 && price < 1));
        }
    });

    it("say which month they are of, and where AWS publishes them", () => {
        assert.match(priceFile.date, /^20\d\d-\d\d$/);
        assert.ok(priceFile.source.length > 0);
        assert.deepEqual(
            priceFile.source.filter((url) => !/^https:\/\/aws\.amazon\.com\/.*pricing\//.test(url)),
            [],
        );
    });
});

describe("npm run cost", () => {
    it("prints aligned columns whose amounts add up to the total", async () => {
        const of = stack(await alternative(), "eu-west-1");
        const [least, most] = [estimate(of, 3), estimate(of, 9)];
        const text = report({ stack: of.name, region: of.region, priceDate: "2025-06", spotShare: 0.4, least, most });
        const rows = text.split("\n").filter((line) => line.includes(" × 0.") || line.includes(" × 3."));
        assert.equal(rows.length, least.lines.length);
        for (const mark of [" × ", " = "]) {
            assert.equal(
                new Set(rows.map((row) => row.lastIndexOf(mark))).size,
                1,
                `${mark} is not in one column:\n${text}`,
            );
        }
        assert.equal(new Set(rows.map((row) => row.length)).size, 1, text);
        const sum = rows.reduce((total, row) => total + Number(row.split(" = ")[1]), 0);
        assert.match(text, new RegExp(`3 tasks \\(minTasks\\) +${sum.toFixed(2)}\n`));
        assert.match(text, new RegExp(`9 tasks throughout \\(maxTasks\\) +${most.total.toFixed(2)}\n`));
        assert.match(text, /Spot is counted at 40 %/);
    });

    it("works for the stack as it is committed, without credentials, network or Pulumi", () => {
        const { scripts } = JSON.parse(fs.readFileSync(path.join(projectFolder, "package.json"), "utf8")) as {
            scripts: Record<string, string>;
        };
        const [node, ...args] = scripts.cost!.split(" ");
        assert.equal(node, "node");
        const env = { PATH: "", HOME: process.env.HOME };
        const { status, stdout, stderr } = spawnSync(process.execPath, args, {
            cwd: projectFolder,
            env,
            encoding: "utf8",
        });
        assert.equal(status, 0, stderr);
        assert.match(
            stdout,
            /^\S+-dev in \S+: US dollars for a month of 730 hours\n\n(.+ × .+ = .+\n)+─+\nA month with /,
        );
    });
});
