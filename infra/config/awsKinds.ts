import * as v from "valibot";
import { messageOf, numberOf, oneOf, text } from "./kinds";

export const region = text(v.pipe(v.string(), v.regex(/^[a-z]{2,4}(-[a-z]+)+-\d+$/)), {
    expected: 'an AWS region such as "ap-northeast-1"',
    values: "an AWS region",
    example: "ap-northeast-1",
});

/**
 * Application Auto Scaling names its alarms `TargetTracking-service/NAME/NAME-AlarmHigh-` and 36 characters of its own, of the 255 that
 * CloudWatch takes; ECR, a log group, a cluster and a service allow more. IAM and ALB names are generated.
 */
export const longestName = 90;

/** ECR refuses a hyphen at the end, two in a row, and a single character. */
const name = v.pipe(v.string(), v.minLength(2), v.maxLength(longestName), v.regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/));

/** What such a name is, in words. */
export const nameInWords = `lower-case letters, digits and single hyphens between them, 2 to ${longestName} characters`;

/** What an ECR repository, an ECS service and the rest can be called, all of them alike. */
export const resourceName = text(name, {
    expected: nameInWords,
    values: nameInWords,
    example: "shop-prod",
});

export const isResourceName = (given: string): boolean => v.is(name, given);

/** One address, as a person writes it: whether it can be reached, SNS finds out by asking it to confirm. */
export const email = text(v.pipe(v.string(), v.regex(/^[^\s@,;<>"]{1,64}@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}$/)), {
    expected: 'an e-mail address such as "on-call@example.com"',
    values: "an e-mail address",
    example: "on-call@example.com",
});

/** CloudWatch Logs, PutRetentionPolicy: the only numbers of days that it accepts. */
const logRetentions = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
export const logRetention = numberOf(
    logRetentions,
    `a number of days that CloudWatch Logs accepts: ${logRetentions.join(", ")}`,
);

/** An ARN that has to be in the stack's own region. */
const arn = (resource: RegExp, words: { readonly what: string; readonly example: string }) =>
    text(v.pipe(v.string(), v.regex(resource)), {
        expected: `the ARN of ${words.what} such as "${words.example}"`,
        values: `the ARN of ${words.what}`,
        example: words.example,
    });

/** By its id: an alias can be led to another key, and CloudWatch Logs takes none. */
export const kmsKeyArn = arn(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]{1,64}$/, {
    what: "a KMS key",
    example: "arn:aws:kms:ap-northeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
});

/** One for CloudFront is global; a load balancer takes those of its region. */
export const webAclArn = arn(/^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:\d{12}:regional\/webacl\/[\w-]{1,128}\/[\w-]{1,36}$/, {
    what: "a regional web ACL of AWS WAF",
    example: "arn:aws:wafv2:ap-northeast-1:123456789012:regional/webacl/shop/1234abcd-12ab-34cd-56ef-1234567890ab",
});

/** The region that an ARN names. */
export const regionOf = (given: string): string => given.split(":")[3] ?? "";

const insights = oneOf("disabled", "enabled", "enhanced");

/** What ECS takes; stacks that had a boolean here keep it. */
export const containerInsights: typeof insights = {
    ...insights,
    schema: v.pipe(
        v.string(messageOf(insights)),
        v.transform((given) => (given === "true" ? "enabled" : given === "false" ? "disabled" : given)),
        insights.schema,
    ),
    values: `${insights.values}; \`true\` is read as \`enabled\`, \`false\` as \`disabled\``,
};
