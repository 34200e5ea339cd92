import * as aws from "@pulumi/aws";
import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import { stageBuildContext } from "./buildContext";
import type { Architecture } from "../config";

export interface RegistryArgs {
    /** The repository's name, which the workflow pushes to. */
    readonly repositoryName: string;
    /** The folder with the app and its Dockerfile, relative to the project's folder. */
    readonly context: string;
    readonly architecture: Architecture;
    /** Encrypts the images from the first on: ECR changes the key of no repository. */
    readonly kmsKeyArn?: string;
    /** Neither Pulumi nor AWS deletes images. Otherwise `pulumi destroy` takes the pipeline's too. */
    readonly deletionProtection: boolean;
}

const platforms = { x86_64: "linux/amd64", arm64: "linux/arm64" } as const;

/** What the tags of images begin with that `pulumi up` builds; a release has its commit's hash. */
const buildTag = "build-";

/** What the tags begin with that deploy.yml gives to the image that is live, whoever has built it: see keepImage.js. */
const liveTag = "live-";

/** Of these images all go but the newest 50. */
const newest = (rulePriority: number, images: object, description: string) => ({
    rulePriority,
    description,
    selection: { ...images, countType: "imageCountMoreThan", countNumber: 50 },
    action: { type: "expire" },
});

const tagged = (prefix: string) => ({ tagStatus: "tagged", tagPatternList: [`${prefix}*`] });

/**
 * ECR deletes by rule, lowest priority first, and what fits one rule by no later one: however many the pipeline pushes that never go
 * live, they push out none that has. What a tagged index is made of has no tag of its own; it stays as long as the index ("Lifecycle policy
 * evaluation rules" in ECR's user guide: an image that a manifest list refers to is not expired before that is), and does not count.
 */
const lifecycle = {
    rules: [
        // Not by their age: an image of `pulumi up` whose tag has gone to another may be the one that runs.
        newest(1, { tagStatus: "untagged" }, "The newest 50 images without a tag stay"),
        newest(2, tagged(liveTag), "The newest 50 images that were live stay, to roll back to"),
        newest(3, tagged(buildTag), "The newest 50 images of pulumi up stay"),
        newest(4, tagged(""), "Others stay while they are among the newest 50 of all"),
    ],
};

/** Where images live, and the first of them, so that the service has something to run before the pipeline's first push. */
export class Registry extends pulumi.ComponentResource {
    public readonly repositoryName: pulumi.Output<string>;
    public readonly repositoryArn: pulumi.Output<string>;
    public readonly repositoryUrl: pulumi.Output<string>;
    /** The image built from this checkout, by digest: what a task definition names can never change under it. */
    public readonly imageRef: pulumi.Output<string>;

    constructor(name: string, args: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:registry:Registry", name, {}, opts);

        const repository = new aws.ecr.Repository(
            name,
            {
                name: args.repositoryName,
                imageScanningConfiguration: { scanOnPush: true },
                // What the pipeline releases can never be replaced under its tag. The images that `pulumi up` builds are exempt: an edit
                // of the app that is taken back has the same content, and so the same tag, as an image that is there already.
                imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
                imageTagMutabilityExclusionFilters: [{ filter: `${buildTag}*`, filterType: "WILDCARD" }],
                encryptionConfigurations: args.kmsKeyArn
                    ? [{ encryptionType: "KMS", kmsKey: args.kmsKeyArn }]
                    : undefined,
                forceDelete: !args.deletionProtection,
            },
            { parent: this, protect: args.deletionProtection },
        );
        new aws.ecr.LifecyclePolicy(
            name,
            { repository: repository.name, policy: pulumi.jsonStringify(lifecycle) },
            { parent: this },
        );

        const login = aws.ecr.getAuthorizationTokenOutput({ registryId: repository.registryId }, { parent: this });
        const { location, version } = stageBuildContext(args.context);
        const image = new dockerBuild.Image(
            `${name}-app`,
            {
                context: { location },
                platforms: [platforms[args.architecture]],
                buildArgs: { VERSION: version },
                // A tag that names what is built: while that is the same, nothing is built and no tag moves.
                tags: [pulumi.interpolate`${repository.repositoryUrl}:${buildTag}${version}-${args.architecture}`],
                push: true,
                buildOnPreview: false, // a preview writes nothing, and a pull request's role could not
                registries: [
                    {
                        address: repository.repositoryUrl,
                        username: login.userName,
                        password: pulumi.secret(login.password),
                    },
                ],
            },
            { parent: this },
        );

        this.repositoryName = repository.name;
        this.repositoryArn = repository.arn;
        this.repositoryUrl = repository.repositoryUrl;
        this.imageRef = pulumi.interpolate`${repository.repositoryUrl}@${image.digest}`;
        this.registerOutputs({ repositoryUrl: this.repositoryUrl, imageRef: this.imageRef });
    }
}
