import * as v from "valibot";
import { code, entries, numberOf, text, type Kind } from "./kinds";

const range = (from: number, to: number, step: number) =>
    Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);

/** Memory in MiB by CPU units: "Task CPU and memory" in the Amazon ECS Developer Guide, Linux on Fargate. */
const fargate: ReadonlyMap<number, readonly number[]> = new Map([
    [256, [512, 1024, 2048]],
    [512, range(1024, 4096, 1024)],
    [1024, range(2048, 8192, 1024)],
    [2048, range(4096, 16_384, 1024)],
    [4096, range(8192, 30_720, 1024)],
    [8192, range(16_384, 61_440, 4096)],
    [16_384, range(32_768, 122_880, 8192)],
    [32_768, [61_440, 122_880, 249_856]],
]);

/** MiB. */
export const mostMemory = Math.max(...[...fargate.values()].flat());

const cpus = [...fargate.keys()];
export const cpu = numberOf(cpus, `CPU units that Fargate runs: ${orOf(cpus)}`);

/** The memory sizes, in MiB, that Fargate runs with `cpuUnits`. */
export function memoryFor(cpuUnits: number): Kind<number> {
    const memories = fargate.get(cpuUnits) ?? [];
    const listed =
        memories.length > 4
            ? `${memories[0]} to ${memories.at(-1)} in steps of ${memories[1]! - memories[0]!}`
            : orOf(memories);
    const expected = `a memory (MiB) that Fargate runs with ${cpuUnits} cpu: ${listed}`;
    return { ...numberOf(memories, expected), example: String(memories[0]) };
}

/** "512, 1024 or 2048" */
function orOf(numbers: readonly number[]): string {
    return `${numbers.slice(0, -1).join(", ")} or ${numbers.at(-1)}`;
}

/** What is run in place of the image's CMD: words, as ECS takes them, which no shell splits. */
export const command = (example: string): Kind<readonly string[]> =>
    text(v.pipe(v.string(), v.parseJson(), v.custom<readonly string[]>(areWords)), {
        expected: `a JSON array of words such as ${example}`,
        values: `a JSON array of words such as \`${example}\``,
        example,
    });

export const areWords = (given: unknown) =>
    Array.isArray(given) && given.length > 0 && given.every((word) => typeof word === "string" && word !== "");

const userOrGroup = String.raw`([a-z_][a-z0-9_-]{0,31}|\d{1,10})`;

/** ContainerDefinition, `user`, in the Amazon ECS API Reference. */
export const user = text(v.pipe(v.string(), v.regex(new RegExp(`^${userOrGroup}(:${userOrGroup})?$`))), {
    expected: 'a user with or without a group, by name or number, such as "1000" or "node:node"',
    values: "a user, with or without a group, by name or number: `1000`, `node:node`",
    example: "1000",
});

/** What ECS and a POSIX shell both take as a variable's name, without those that the ECS agent sets itself. */
const variable = v.message(
    v.pipe(
        v.string(),
        v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
        v.check((given) => !/^(ECS_|AWS_EXECUTION_ENV$|AWS_CONTAINER_CREDENTIALS_)/.test(given)),
    ),
    "a name of letters, digits and underscores that ECS does not set itself (ECS_…)",
);
const byName = "by names of letters, digits and underscores that ECS does not set itself (ECS_…)";

/** Keys of an IAM user and of a role's session: "IAM identifiers, unique identifiers" in the IAM User Guide. */
const isAwsKey = (name: string, value: unknown): boolean =>
    /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$/.test(name) ||
    /(^|[^A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}($|[^A-Z0-9])/.test(String(value));

const setVariable = "pulumi config set --path environment.LOG_LEVEL debug";
const setSecret = "pulumi config set --secret --path secrets.DB_PASSWORD";

/** Plain variables of the container. */
export const environment = entries({
    expected: `texts, ${byName}`,
    name: variable,
    value: v.string("a text"),
    refused: (name, value) =>
        isAwsKey(name, value)
            ? "no AWS key, which would be plain text in the state and in the task definition, and come before the credentials that " +
              "the task's own role has: attach a policy to that role instead, or make the key one of secrets"
            : undefined,
    values: `texts, each set as ${code([setVariable])}`,
    example: setVariable,
});

/** Whether a secret is given as a reference to one that exists: the ARN of one is no secret itself. */
export const isReference = ([, value]: readonly [string, string]): boolean => value.startsWith("arn:");

export const isParameter = (arn: string): boolean => arn.split(":")[2] === "ssm";

/** The secret or parameter itself: a reference to a secret may go on with a JSON key, a version stage and a version id. */
export const arnOf = (reference: string): string =>
    isParameter(reference) ? reference : reference.split(":").slice(0, 7).join(":");

const existingSecret = /^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+$/;

/** Secrets Manager takes up to 64 KiB and nothing empty. An ARN is one of a secret or of an SSM parameter. */
export const secrets = entries({
    expected: `texts that are not empty, or ARNs of a Secrets Manager secret or an SSM parameter, ${byName}`,
    name: variable,
    value: v.pipe(
        v.message(
            v.pipe(
                v.string(),
                v.nonEmpty(),
                v.maxLength(65_536),
                v.check(
                    (given) =>
                        !given.startsWith("arn:") ||
                        existingSecret.test(given) ||
                        /^arn:[a-z-]+:ssm:[a-z0-9-]+:\d{12}:parameter\/\S+$/.test(given),
                ),
            ),
            "a text that is not empty, or the ARN of a Secrets Manager secret or an SSM parameter",
        ),
        // ECS finds a secret without them, too, but IAM asks about the complete ARN, and no task would start: aws/aws-cdk#12411.
        v.check(
            (given) => !existingSecret.test(given) || /:secret:[^:]+-[A-Za-z0-9]{6}(:|$)/.test(given),
            "the complete ARN of the secret, with the hyphen and the six characters that Secrets Manager adds to its name",
        ),
    ),
    values: `texts, each set as ${code([setSecret])}; or the ARN of a Secrets Manager secret or an SSM parameter that exists already`,
    example: setSecret,
});
