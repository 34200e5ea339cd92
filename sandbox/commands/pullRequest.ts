/** The credentials that preview.yml has: those of the preview role, for a pull request of the repository. */
import { STS } from "@aws-sdk/client-sts";
import { awsEndpoint } from "../aws/emulator";
import { awsToken, jobValues } from "../github/jobs";
import { UserError } from "../progress";
import type { Settings } from "../../infra/config";

/** @throws UserError where the stack is not the one that pull requests preview: their credentials are of no use to it */
export function assertPreviewed({ name, github }: Settings): void {
    if (!github.previews) {
        throw new UserError(`Pull requests do not preview ${name}: its previewPullRequests is false.`);
    }
}

/**
 * @returns the environment variables of the role's session
 * @throws UserError where the stack has not made the role yet, or AWS does not let the pull request in
 */
export async function pullRequestCredentials({ github, region }: Settings): Promise<Record<string, string>> {
    const repository = `${github.owner}/${github.repository}`;
    const role = (await jobValues(repository)).secrets.AWS_IAM_PREVIEW_ROLE_TO_ASSUME;
    if (!role) {
        throw new UserError(
            `${repository} has no secret AWS_IAM_PREVIEW_ROLE_TO_ASSUME yet: run npm run sandbox:up first.`,
        );
    }
    const run = { repository, event: "pull_request", ref: "refs/pull/1/merge", sha: "0".repeat(40) } as const;
    // The call is not signed: nobody is anybody yet.
    const sts = new STS({ region, endpoint: awsEndpoint(), credentials: { accessKeyId: "", secretAccessKey: "" } });
    const session = await sts
        .assumeRoleWithWebIdentity({
            RoleArn: role,
            RoleSessionName: "GitHubActions",
            WebIdentityToken: await awsToken(run),
        })
        .catch((error: unknown) => {
            throw new UserError(`AWS did not let the pull request assume ${role}: ${(error as Error).message}`);
        });
    return {
        AWS_ACCESS_KEY_ID: session.Credentials?.AccessKeyId ?? "",
        AWS_SECRET_ACCESS_KEY: session.Credentials?.SecretAccessKey ?? "",
        AWS_SESSION_TOKEN: session.Credentials?.SessionToken ?? "",
    };
}
