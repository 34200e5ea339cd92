/**
 * Every setting changed on a stack that runs, and back again: what the engine does, and nothing else, that `up` passes or is refused in
 * the preview, and that somebody who asks the app all the time sees no request fail.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { table } from "../../infra/config/table";
import { projectFolder } from "../../test/settings";
import { root } from "../checkouts/awsClients";
import { newWebAcl } from "../checkouts/teamAccount";
import {
    changes,
    elsewhere,
    first,
    planned,
    refusals,
    webAcls,
    type Key,
    type Value,
    type Values,
} from "./changeTable";
import {
    brief,
    changedTypes,
    CopiedCheckout,
    fetchPage,
    testPorts,
    undisturbed,
    visiting,
} from "../checkouts/copiedCheckout";
import { inverse, planOf, type Plan } from "./plans";

/** What visitors of a page are answered while `work` goes on, and after it, each answer that differs from the one before. */
async function seenAt(url: string, work: Promise<unknown>): Promise<number[]> {
    const seen: number[] = [];
    const see = ({ status }: { readonly status: number }) => {
        if (status !== seen.at(-1)) seen.push(status);
    };
    await visiting(url, work, see);
    see(await fetchPage(url).catch(() => ({ status: 0 })));
    return seen;
}

describe("a change of a running stack", () => {
    const checkout = new CopiedCheckout(brief);
    const configure = (settings: object) => checkout.configureAll(settings);
    const succeed = async (script: string) => (await checkout.succeed(script)).output;
    /**
     * What the state says of everything but the provider of dynamic resources, whose inputs are the configuration; without what a
     * secret looks like, which is encrypted anew each time that the state is written.
     */
    const state = (): unknown => {
        const { resources } = checkout.state().deployment;
        const managed = resources.filter(
            ({ type }: { readonly type: string }) => type !== "pulumi:providers:pulumi-nodejs",
        );
        return JSON.parse(JSON.stringify(managed, (key, value) => (key === "ciphertext" ? undefined : value)));
    };
    const url = () => (checkout.state().deployment.resources[0].outputs.url as string).replace(/^https:/, "http:");
    let address: string;
    let domain: Value;
    const at = (name: Value) => `http://${String(name)}.localhost:${testPorts.SANDBOX_AWS_PORT}/`;
    /** What is answered at a name that leads to no load balancer. */
    let nobody: number;

    before(async () => {
        configure(first);
        await succeed("sandbox:up");
        address = url();
        nobody = (await fetchPage(at("nobody.example.com"))).status;
        for (const name of ["team", "company"]) webAcls.push(await newWebAcl(name));
    });
    after(() => checkout.remove());

    // What a test that failed has left would be in the next one's plan.
    afterEach(async function () {
        configure(Object.fromEntries(Object.keys(table).map((key) => [key, first[key as Key]])));
        if (this.currentTest?.isFailed()) await checkout.run("sandbox:up");
    });

    it("is told here for every setting", () => {
        const changed = Object.values(changes).flatMap(({ to }) => Object.keys(to));
        const seen = Object.values(planned).flatMap(({ to }) => Object.keys(to));
        const all = [...changed, ...seen, ...Object.keys(refusals), ...Object.keys(elsewhere)];
        assert.deepEqual([...new Set(all)].sort(), Object.keys(table).sort());
    });

    it("is told in the test that is named, where it is told elsewhere", () => {
        const untrue = Object.entries(elsewhere).filter(
            ([key, { file }]) =>
                !new RegExp(`\\b${key}\\b`).test(fs.readFileSync(path.join(projectFolder, file), "utf8")),
        );
        assert.deepEqual(untrue, []);
    });

    for (const script of ["sandbox:preview", "sandbox:up"]) {
        it(`is refused by ${script}, of all settings in one go and before anything is touched, where it would cost what runs`, async () => {
            const before = state();
            configure(Object.fromEntries(Object.entries(refusals).map(([key, { to }]) => [key, to])));
            const { output } = await checkout.fail(script, ...Object.values(refusals).map(({ says }) => says));
            assert.deepEqual(changedTypes(output), []);
            assert.doesNotMatch(output, /Unhandled exception/, "a look-up was cut off");
            assert.deepEqual(state(), before);
        });
    }

    it("keeps its zones when the account opts into a Local Zone, which comes first by name", async () => {
        const { ec2 } = root();
        await ec2.modifyAvailabilityZoneGroup({ GroupName: "ap-northeast-1-tpe-1", OptInStatus: "opted-in" });
        const { AvailabilityZones } = await ec2.describeAvailabilityZones();
        assert.equal(AvailabilityZones!.map(({ ZoneName }) => ZoneName).sort()[0], "ap-northeast-1-tpe-1a");
        await succeed("sandbox:preview -- --expect-no-changes");
    });

    for (const [what, { to, plan }] of Object.entries(planned)) {
        it(`of ${what} is planned`, async () => {
            configure(to);
            assert.deepEqual(planOf(await succeed("sandbox:preview")), [...plan].sort());
        });
    }

    /**
     * Has the plan, and nothing else, carried out, of which a visitor of the load balancer notices nothing; one of a domain sees it come
     * and go once.
     */
    async function carriedOut(plan: Plan, to: Values): Promise<void> {
        const domainName = "domainName" in to ? to.domainName : domain;
        const up = succeed("sandbox:up").then((output) => assert.deepEqual(planOf(output), [...plan].sort()));
        if (domainName === domain) return void (await undisturbed(address, up));
        const [plain, former, next] = await Promise.all(
            [address, at(domain), at(domainName)].map((each) => seenAt(each, up)),
        );
        assert.deepEqual(
            plain,
            [domain ? 301 : 200, domainName ? 301 : 200].filter((each, index, all) => each !== all[index - 1]),
        );
        if (domain) assert.deepEqual(former, [200, nobody]);
        if (domainName) assert.deepEqual(next, [nobody, 200]);
        domain = domainName;
    }

    for (const [what, { to, plan, between, back = inverse(plan), app }] of Object.entries(changes)) {
        it(`of ${what} does what is planned, there and back, and loses no request`, async () => {
            const dockerfile = "app/Dockerfile";
            let original = "";
            if (app) {
                checkout.edit(dockerfile, (text) => app((original = text)));
            }
            configure(to);
            await carriedOut(plan, to);
            if (between) {
                configure(between.to);
                await carriedOut(between.plan, between.to);
            }

            const initial = Object.fromEntries(Object.keys(to).map((key) => [key, first[key as Key]]));
            configure(initial);
            if (app) {
                checkout.edit(dockerfile, () => original);
                configure({ releasedBy: to.releasedBy }); // until the old port is live again
            }
            await carriedOut(back, initial);
            if (app) {
                configure({ releasedBy: undefined });
                await succeed("sandbox:up");
            }
        });
    }

    it("leaves nothing to do", async () => {
        await succeed("sandbox:up -- --refresh --expect-no-changes");
    });
});
