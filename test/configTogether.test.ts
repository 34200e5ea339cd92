import assert from "node:assert/strict";
import { warningOf } from "../infra/service/rollout";
import { load, refusal, type Values } from "./settings";

/** Memory (MiB) by CPU units, from "Task CPU and memory" in the Amazon ECS Developer Guide: first, last and step. */
const fargate = [
    { cpu: 256, sizes: [512, 1024, 2048], listed: "512, 1024 or 2048" },
    { cpu: 512, sizes: [1024, 2048, 3072, 4096], listed: "1024, 2048, 3072 or 4096" },
    { cpu: 1024, sizes: steps(2048, 8192, 1024), listed: "2048 to 8192 in steps of 1024" },
    { cpu: 2048, sizes: steps(4096, 16384, 1024), listed: "4096 to 16384 in steps of 1024" },
    { cpu: 4096, sizes: steps(8192, 30720, 1024), listed: "8192 to 30720 in steps of 1024" },
    { cpu: 8192, sizes: steps(16384, 61440, 4096), listed: "16384 to 61440 in steps of 4096" },
    { cpu: 16384, sizes: steps(32768, 122880, 8192), listed: "32768 to 122880 in steps of 8192" },
    { cpu: 32768, sizes: [61440, 122880, 249856], listed: "61440, 122880 or 249856" },
];

function steps(first: number, last: number, step: number): number[] {
    const sizes = [];
    for (let size = first; size <= last; size += step) {
        sizes.push(size);
    }
    return sizes;
}

function accepted(values: Values): boolean {
    try {
        load(values);
        return true;
    } catch {
        return false;
    }
}

const refused = (key: string, expected: string, got: string, example: string | number) =>
    `Pulumi.dev.yaml has 1 invalid setting:\n  - ${key}: expected ${expected}, got "${got}"\n    fix: pulumi config set ${key} ${example}`;

describe("configuration: values that go together", () => {
    for (const { cpu, sizes, listed } of fargate) {
        it(`accepts ${listed} MiB with ${cpu} cpu, and nothing else`, () => {
            const candidates = [...steps(512, 131072, 512), 513, 1025, 30721, 249856, 249857, 262144];
            assert.deepEqual(
                candidates.filter((memory) => accepted({ cpu: String(cpu), memory: String(memory) })),
                sizes,
            );
        });

        it(`says which memory Fargate runs with ${cpu} cpu`, () => {
            const expected = `a memory (MiB) that Fargate runs with ${cpu} cpu: ${listed}`;
            assert.throws(() => load({ cpu: String(cpu), memory: "5000" }), {
                message: refused("memory", expected, "5000", sizes[0]!),
            });
        });
    }

    it("takes the shares that ECS takes, in tenths of a per cent, and for each strategy its own", () => {
        // "CanaryConfiguration" and "LinearConfiguration" in the Amazon ECS API Reference: 0.1 and 3.0 to 100.0.
        const shares = [
            "0",
            "0.05",
            "0.1",
            "2.9",
            "3",
            "12.5",
            "100",
            "100.1",
            "101",
            "1e1",
            " 10",
            "10 ",
            "-1",
            "ten",
            "",
        ];
        const taken = (rollout: string) => shares.filter((rolloutPercent) => accepted({ rollout, rolloutPercent }));
        assert.deepEqual(taken("canary"), ["0.1", "2.9", "3", "12.5", "100"]);
        assert.deepEqual(taken("linear"), ["3", "12.5", "100"]);
        assert.throws(() => load({ rollout: "linear", rolloutPercent: "2" }), {
            message: refused(
                "rolloutPercent",
                'a percentage from 3 to 100 with at most one decimal, as ECS takes for "linear"',
                "2",
                10,
            ),
        });
        assert.throws(() => load({ rollout: "canary", rolloutPercent: "0" }), {
            message: refused("rolloutPercent", "a percentage from 0.1 to 100 with at most one decimal", "0", 10),
        });
    });

    it("takes as long for a canary or a step of linear as suits each, unless minutes are set, which may be none", () => {
        const minutes = (values: Values) => load(values).rolloutStepMinutes;
        assert.deepEqual([minutes({ rollout: "canary" }), minutes({ rollout: "linear" })], [10, 3]);
        for (const rollout of ["canary", "linear"]) {
            assert.deepEqual(
                ["", "0", "7", "1440"].map((rolloutStepMinutes) => minutes({ rollout, rolloutStepMinutes })),
                [minutes({ rollout }), 0, 7, 1440],
            );
            assert.equal(warningOf({ ...load({ rollout }), releasedBy: "pipeline" }), undefined, "by default");
        }
        assert.throws(() => load({ rollout: "linear", rolloutStepMinutes: "1441" }), {
            message: refused("rolloutStepMinutes", "a whole number from 0 to 1440", "1441", 3),
        });
    });

    it("refuses a rollout that takes longer than ECS lets one, whose parts are fine", () => {
        const slow = { rollout: "linear", rolloutPercent: "3", bakeMinutes: "1440" };
        assert.ok(accepted({ ...slow, rolloutStepMinutes: "1265" })); // 33 steps that are waited for
        assert.throws(() => load({ ...slow, rolloutStepMinutes: "1266" }), {
            message: refused(
                "rolloutStepMinutes",
                "a rollout of at most 43200 minutes (30 days), which is ECS's limit: this one takes 43218",
                "1266",
                60,
            ),
        });
        assert.ok(accepted({ ...slow, rollout: "canary", rolloutStepMinutes: "1440" }));
    });

    // Of a zone's quarter of the VPC half is private and a quarter public (awsx, see tools/awsxLayout.ts); AWS keeps five addresses of each
    // subnet ("Subnet CIDR blocks" in the VPC User Guide), and a load balancer has eight of its own.
    it("refuses more tasks than the subnets of its own VPC have room for, twice as many while a release goes live", () => {
        for (const [values, most] of [
            [{ vpcCidr: "10.0.0.0/23" }, 59], // 2 private /26: 2 x 59 addresses
            [{ vpcCidr: "10.0.0.0/23", availabilityZones: "3" }, 88],
            [{ vpcCidr: "10.0.0.0/23", loadBalancer: "internal" }, 51], // which is in them, too
            [{ vpcCidr: "10.0.0.0/23", natGateways: "none" }, 19], // 2 public /27: 2 x (32 - 5 - 8)
            [{ vpcCidr: "10.0.0.0/23", natGateways: "none", loadBalancer: "internal" }, 27],
        ] as const) {
            assert.ok(accepted({ ...values, maxTasks: String(most) }));
            assert.throws(() => load({ ...values, maxTasks: String(most + 1) }), {
                message: refused(
                    "maxTasks",
                    `at most ${most}, as a release runs twice as many in the subnets of 10.0.0.0/23 (vpcCidr)`,
                    String(most + 1),
                    most,
                ),
            });
        }
        assert.ok(accepted({ maxTasks: "1000" }));
        const day = (maxTasks: number) => ({
            vpcCidr: "10.0.0.0/23",
            scaleSchedule: JSON.stringify({ day: { schedule: "cron(0 6 * * ? *)", maxTasks } }),
        });
        assert.ok(accepted(day(59)));
        assert.throws(
            () => load(day(60)),
            /scaleSchedule\.day: expected maxTasks of at most 59, .*\n.*'scaleSchedule\.day\.maxTasks' 59$/,
        );
    });

    it("refuses a test port on which visitors are served, with a domain or before there is one", () => {
        for (const rolloutTestPort of ["80", "443"]) {
            const expected = "a port on which the load balancer does not serve visitors: another than 80 and 443";
            assert.throws(() => load({ rollout: "canary", rolloutTestPort }), {
                message: refused("rolloutTestPort", expected, rolloutTestPort, 9000),
            });
        }
        assert.ok(accepted({ rollout: "canary", rolloutTestPort: "8443" }));
    });

    it("refuses a minimum above the maximum of tasks, and takes them equal", () => {
        assert.throws(() => load({ minTasks: "3", maxTasks: "2" }), {
            message: refused("maxTasks", "at least minTasks (3)", "2", 3),
        });
        assert.ok(accepted({ minTasks: "3", maxTasks: "3" }));
    });

    for (const stack of ["Dev", "my_stack", "a.b", "x".repeat(190), "dev-", "a--b"]) {
        it(`refuses the stack name ${stack.slice(0, 10)}, which cannot name an ECR repository and an ECS service`, () => {
            assert.throws(
                () => load({}, { stack }),
                (error: Error) => {
                    const [head, problem, fix] = error.message.split("\n");
                    assert.equal(head, `Pulumi.${stack}.yaml has 1 invalid setting:`);
                    assert.match(problem!, /^ {2}- stack name: expected lower-case letters, digits and/);
                    assert.ok(problem!.includes(`got "fargate-cicd-${stack}"`));
                    const [, renamed] = /^ {4}fix: pulumi stack rename (.+)$/.exec(fix!) ?? [];
                    assert.equal(load({}, { stack: renamed! }).name, `fargate-cicd-${renamed}`, "the fix is none");
                    return true;
                },
            );
        });
    }

    it("takes any stack or project name where everything has a name of its own, and says so where no other stack name helps", () => {
        for (const source of [{ stack: "Dev" }, { project: "My_Shop" }]) {
            const [, fix] = / {4}fix: pulumi (.+)$/.exec(refusal({}, source)) ?? [];
            assert.equal(fix, source.stack ? "stack rename dev" : "config set name my-shop-dev");
            assert.equal(load({ name: "my-shop-dev" }, source).name, "my-shop-dev");
        }
    });

    it("takes a stack name of lower-case letters, digits and hyphens", () => {
        for (const stack of ["dev", "prod-2", "7"]) {
            assert.equal(load({}, { stack }).name, `fargate-cicd-${stack}`);
        }
    });
});
