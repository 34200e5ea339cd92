import assert from "node:assert/strict";
import { registryPassword } from "../tools/fakeCloud";
import { Registry } from "../infra/registry/registry";
import { record, type Recording } from "./record";
import { alternative, standard } from "./scenarios";

interface LifecycleRule {
    readonly rulePriority: number;
    readonly selection: { tagStatus: string; countType: string; countUnit?: string; countNumber: number };
    readonly action: { type: string };
}

describe("registry", () => {
    let run: Recording;
    before(async () => {
        run = await standard();
    });

    const repositoryUrl = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/fargate-cicd-dev";
    const image = (recording: Recording) => recording.one("docker-build:index:Image").inputs;

    it("scans on push, never moves a release's tag, and goes with all its images on destroy", () => {
        const { tags: _, ...inputs } = run.one("aws:ecr/repository:Repository").inputs;
        assert.deepEqual(inputs, {
            name: "fargate-cicd-dev",
            imageScanningConfiguration: { scanOnPush: true },
            imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
            imageTagMutabilityExclusionFilters: [{ filter: "build-*", filterType: "WILDCARD" }],
            forceDelete: true,
        });
    });

    it("drops untagged images and keeps a bounded number of the others", () => {
        const { repository, policy } = run.one("aws:ecr/lifecyclePolicy:LifecyclePolicy").inputs;
        assert.equal(repository, "fargate-cicd-dev");
        const { rules } = JSON.parse(String(policy)) as { rules: LifecycleRule[] };
        assert.deepEqual(
            rules.map(({ action }) => action.type),
            rules.map(() => "expire"),
        );
        const [untagged, ...tagged] = rules
            .toSorted((a, b) => a.rulePriority - b.rulePriority)
            .map((rule) => rule.selection);
        assert.deepEqual(untagged, {
            tagStatus: "untagged",
            countType: "imageCountMoreThan", // at whatever age: it may be the image that runs
            countNumber: 50,
        });
        // Of "any" status, the three manifests of a release (its index, its image, its provenance) would be three images. What has been
        // live, or was built by pulumi up, comes before all others, of which any number may fail.
        assert.deepEqual(
            tagged.map(({ countNumber: _, ...counted }) => counted),
            ["live-*", "build-*", "*"].map((pattern) => ({
                tagStatus: "tagged",
                tagPatternList: [pattern],
                countType: "imageCountMoreThan",
            })),
        );
        for (const { countNumber } of tagged) {
            assert.ok(countNumber >= 10 && countNumber <= 50, "enough to roll back to, few enough to pay for");
        }
    });

    it("pushes the first image, but builds nothing in a preview", () => {
        const { push, buildOnPreview, exports, cacheTo } = image(run);
        assert.deepEqual({ push, buildOnPreview }, { push: true, buildOnPreview: false });
        // Even previews write these.
        assert.deepEqual({ exports, cacheTo }, { exports: undefined, cacheTo: undefined });
    });

    it("tags the image by its content and tells it the same version", () => {
        const { tags, buildArgs, context } = image(run);
        const { VERSION: version } = buildArgs as { VERSION: string };
        assert.match(version, /^[0-9a-f]{12}$/);
        assert.equal((tags as string[]).length, 1);
        assert.ok(String(tags).startsWith(`${repositoryUrl}:build-${version}`), String(tags));
        assert.deepEqual(context, { location: ".build/app" });
    });

    it("tags the image of another architecture differently", async () => {
        const tags = async (architecture: "x86_64" | "arm64") => {
            const args = { repositoryName: "shop", context: "app", architecture, deletionProtection: false };
            return image(await record({ program: () => void new Registry("main", args) })).tags;
        };
        assert.notDeepEqual(await tags("x86_64"), await tags("arm64"));
    });

    it("builds for the configured architecture, and runs on the same", async () => {
        const platform = (recording: Recording) => image(recording).platforms;
        const runtime = (recording: Recording) =>
            recording.one("aws:ecs/taskDefinition:TaskDefinition").inputs.runtimePlatform;
        assert.deepEqual(platform(run), ["linux/amd64"]);
        assert.deepEqual(runtime(run), { operatingSystemFamily: "LINUX", cpuArchitecture: "X86_64" });
        assert.deepEqual(platform(await alternative()), ["linux/arm64"]);
        assert.deepEqual(runtime(await alternative()), { operatingSystemFamily: "LINUX", cpuArchitecture: "ARM64" });
    });

    it("keeps the registry's password secret", () => {
        const { registries } = image(run);
        assert.deepEqual(registries, [{ address: repositoryUrl, username: "AWS", password: registryPassword }]);
        assert.ok(run.one("docker-build:index:Image").secrets.some((at) => "registries.0.password".startsWith(at)));
        const holders = run.registrations.filter(({ inputs }) => JSON.stringify(inputs).includes(registryPassword));
        assert.deepEqual(
            holders.map(({ type }) => type),
            ["docker-build:index:Image"],
        );
    });
});
