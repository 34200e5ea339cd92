import type { Settings } from "../config";
import type { TargetGroupIndex } from "./stackCaller";

/** What a running stack was made with, as far as it cannot be changed, not in one step, or not without a loss. */
export interface Facts extends Pick<
    Settings,
    "name" | "region" | "vpcCidr" | "containerPort" | "healthCheckPath" | "releasedBy"
> {
    readonly createGithubRepository: Settings["github"]["create"];
    readonly githubOidcProvider: Settings["github"]["oidcProvider"];
    /** The VPC that is not the stack's own; empty: it is. */
    readonly vpcId: string;
    readonly loadBalancer: "internal" | "internet-facing";
    /** Empty where there is none, as in every stack that is older than the setting. */
    readonly kmsKeyArn: string;
    /** Whether what it keeps is protected. */
    readonly deletionProtection: boolean;
    /** The settings that keep logs of their own, with blanks between them. */
    readonly logs: string;
    /** Where a release can be asked before visitors reach it; 0: nowhere. */
    readonly rolloutTestPort: number;
    /** Whether visitors come over HTTPS. */
    readonly https: boolean;
    /** The app's name and the zone that it is in; empty where it has none. */
    readonly domainName: string;
    readonly hostedZone: string;
    /** Whether that name leads here over IPv6, too. */
    readonly dualStack: boolean;
    /** Whether records that it has from something else are overwritten. */
    readonly domainOverwrite: boolean;
    /** Whether a release has ever been shifted from one target group to the other, so that either of them may serve. */
    readonly shifted: boolean;
    /** Which of the two target groups served when the service was last told of its load balancer. */
    readonly serving: TargetGroupIndex;
    /** What else the service is told, as JSON: where that is another, its tasks are started anew. Not known of an older stack. */
    readonly service: string;
}
