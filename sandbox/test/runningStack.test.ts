/**
 * Changes of a stack that runs, on the real engine and providers: what is refused before anything is touched, and what is made
 * while a visitor asks without pause. The steps build on each other, in this order.
 */
import assert from "node:assert/strict";
import { root } from "./awsClients";
import { changedTypes, CopiedCheckout, undisturbed } from "./copiedCheckout";

describe("a stack that runs", () => {
    const checkout = new CopiedCheckout();
    const resources = (): any[] => checkout.state().deployment.resources;
    const subnets = () =>
        new Map(
            resources()
                .filter(({ type }) => type === "aws:ec2/subnet:Subnet")
                .map(({ urn, id, inputs }) => [
                    urn.split("::").at(-1),
                    `${id} ${inputs.cidrBlock} ${inputs.availabilityZone}`,
                ]),
        );
    /**
     * What the state says of everything but the provider of dynamic resources, whose inputs are the configuration; without what a
     * secret looks like, which is encrypted anew each time that the state is written.
     */
    const state = (): unknown => {
        const managed = resources().filter(({ type }) => type !== "pulumi:providers:pulumi-nodejs");
        return JSON.parse(JSON.stringify(managed, (key, value) => (key === "ciphertext" ? undefined : value)));
    };
    const configure = (settings: object) => checkout.configureAll(settings);
    const succeed = async (script: string) => (await checkout.succeed(script)).output;

    /** Brings the stack up while somebody asks for the page about fifty times a second. */
    function upUnderLoad(): Promise<string> {
        const { url } = resources()[0].outputs;
        return undisturbed(url, succeed("sandbox:up"));
    }

    before(() => succeed("sandbox:up"));
    after(() => checkout.remove());

    it("is told in one go what it cannot change, in a preview and in an up without one, and stays as it is", async () => {
        configure({ name: "other", vpcCidr: "10.1.0.0/16", containerPort: 9000 });
        const before = state();
        for (const command of ["preview", "up"]) {
            const { code, output } = await checkout.run(`sandbox:${command}`);
            assert.equal(code, 1, output);
            for (const way of [
                "pulumi config set name fargate-cicd-dev",
                "pulumi config set vpcCidr 10.0.0.0/16",
                "pulumi config set containerPort 8080",
            ]) {
                assert.ok(output.includes(way), output);
            }
            assert.deepEqual(changedTypes(output), []);
            assert.doesNotMatch(output, /Unhandled exception/, "a look-up was cut off");
            assert.deepEqual(state(), before);
        }
        configure({ name: undefined, vpcCidr: undefined, containerPort: undefined });
    });

    it("stays in its zones when the account opts into a Local Zone, which comes first by name", async () => {
        const { ec2 } = root();
        await ec2.modifyAvailabilityZoneGroup({ GroupName: "ap-northeast-1-tpe-1", OptInStatus: "opted-in" });
        const { AvailabilityZones } = await ec2.describeAvailabilityZones();
        assert.equal(AvailabilityZones!.map(({ ZoneName }) => ZoneName).sort()[0], "ap-northeast-1-tpe-1a");
        await succeed("sandbox:preview -- --expect-no-changes");
    });

    it("gets a third zone beside the two that it has, and gives it back, without a failed request", async () => {
        configure({ natGateways: "one-per-az" });
        await upUnderLoad();
        const two = subnets();
        configure({ availabilityZones: 3 });
        await upUnderLoad();
        const three = subnets();
        assert.equal(three.size, 6);
        for (const [name, subnet] of two) {
            assert.equal(three.get(name), subnet);
        }
        configure({ availabilityZones: undefined });
        await upUnderLoad();
        assert.deepEqual(subnets(), two);
    });
});
