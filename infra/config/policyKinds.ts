import * as fs from "node:fs";
import * as v from "valibot";
import { listOf, text, type Kind } from "./kinds";

/** Policies that a role can have attached once its quota is raised: "IAM and AWS STS quotas" in the IAM User Guide. */
const mostPolicies = 25;

const policyArn = v.message(
    v.pipe(v.string(), v.trim(), v.regex(/^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/[\w+=.@/-]{1,512}$/)),
    'the ARN of a managed policy such as "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"',
);

/** ARNs with commas between them, each once: none where it is empty. */
export const policyArns: Kind<readonly string[]> = {
    type: "text",
    schema: v.pipe(
        listOf(policyArn),
        v.transform((arns) => [...new Set(arns)]),
        v.maxLength(mostPolicies, `at most ${mostPolicies} policies, as IAM attaches no more to a role`),
    ),
    values: `up to ${mostPolicies} ARNs of managed policies, with commas between them`,
    example: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
};

/** One or several of something, as policies have most elements. */
const some = (what: string, word: RegExp) => {
    const one = v.pipe(v.string(), v.regex(word));
    return v.optional(v.message(v.union([one, v.pipe(v.array(one), v.nonEmpty())]), what));
};
const actions = some('actions such as "s3:GetObject"', /^(\*|\*:\*|[a-z0-9-]+:[\w*?]+)$/i);
const resources = some('ARNs, or "*"', /^(\*|arn:[^:]+:[^:]+:[^:]*:[^:]*:.+)$/);

/** "IAM JSON policy elements reference" in the IAM User Guide, without those that only the policy of a resource has (Principal). */
const statement = v.pipe(
    v.strictObject({
        Sid: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9]*$/, "letters and digits"))),
        Effect: v.picklist(["Allow", "Deny"], '"Allow" or "Deny"'),
        Action: actions,
        NotAction: actions,
        Resource: resources,
        NotResource: resources,
        Condition: v.optional(v.record(v.string(), v.record(v.string(), v.unknown()))),
    }),
    v.check((given) => (given.Action ?? given.NotAction) !== undefined, "Action or NotAction"),
    v.check((given) => given.Action === undefined || given.NotAction === undefined, "not both Action and NotAction"),
    v.check((given) => (given.Resource ?? given.NotResource) !== undefined, "Resource or NotResource"),
    v.check(
        (given) => given.Resource === undefined || given.NotResource === undefined,
        "not both Resource and NotResource",
    ),
);
const document = v.strictObject({
    Version: v.picklist(["2012-10-17", "2008-10-17"], '"2012-10-17"'),
    Id: v.optional(v.string()),
    Statement: v.pipe(
        v.unknown(),
        v.transform((given) => [given].flat()), // one statement may stand without a list
        v.array(statement),
        v.nonEmpty("a statement"),
        v.check((all) => {
            const sids = all.flatMap(({ Sid }) => (Sid ? [Sid] : []));
            return new Set(sids).size === sids.length;
        }, "a Sid of its own for each statement"),
    ),
});

type Statement = v.InferOutput<typeof statement>;

/** What a role may have in policies of its own, white space aside: "IAM and AWS STS quotas". The shell of `enableExec` has its share. */
const longestDocument = 9_300;

/** A policy document of the repository. */
export interface PolicyFile {
    readonly path: string;
    /** As JSON without white space. */
    readonly document: string;
    /** The statement that allows everything: its Sid, or its number from 1 on. */
    readonly allowsAll?: string;
}

/** Read where it lies, from the project's folder on, so that what is wrong with it is said before anything is made. */
export const policyFile: Kind<PolicyFile> = {
    type: "text",
    schema: v.pipe(
        v.string("the path of a JSON policy document"),
        v.rawTransform(({ dataset: { value: path }, addIssue, NEVER }): PolicyFile => {
            const read = readDocument(path);
            if (typeof read === "string") {
                addIssue({ message: read });
                return NEVER;
            }
            const all = read.Statement.findIndex(isAll);
            return {
                path,
                document: JSON.stringify(read),
                allowsAll: all < 0 ? undefined : read.Statement[all]!.Sid || `statement ${all + 1}`,
            };
        }),
    ),
    values: "the path of a JSON policy document in the repository",
    example: "app/policy.json",
};

/** The document, or what is expected of it. */
function readDocument(path: string): v.InferOutput<typeof document> | string {
    let parsed: unknown;
    try {
        parsed = JSON.parse(fs.readFileSync(path, "utf8"));
    } catch (error) {
        return `the path of a JSON policy document (${(error as Error).message})`;
    }
    const result = v.safeParse(document, parsed);
    if (!result.success) {
        const [{ message }] = result.issues;
        const place = v.getDotPath(result.issues[0]);
        return `a policy document as IAM takes it for a role (${place ? `${place}: ` : ""}${message})`;
    }
    if (JSON.stringify(result.output).length > longestDocument) {
        return `a policy document of at most ${longestDocument} characters: make it a managed policy for taskPolicyArns`;
    }
    return result.output;
}

/** Whether it allows everything on everything, or everything but some: conditions narrow when, and not what. */
function isAll({ Effect, Action, NotAction, Resource, NotResource }: Statement): boolean {
    const every = (given: string | readonly string[] | undefined, all: RegExp) =>
        [given ?? []].flat().some((each) => all.test(each));
    const everyAction = NotAction !== undefined || every(Action, /^\*(:\*)?$/);
    const everyResource = NotResource !== undefined || every(Resource, /^\*$|^arn:[^:]+(:\*)+$/);
    return Effect === "Allow" && everyAction && everyResource;
}

/** Whether a managed policy allows everything on everything. */
export const isAdministrator = (arn: string): boolean => arn.endsWith(":iam::aws:policy/AdministratorAccess");

/** Why everything is allowed, in words that a reviewer reads. */
export const reason = text(v.pipe(v.string(), v.trim(), v.minLength(10), v.maxLength(300), v.regex(/^[^\r\n]+$/)), {
    expected: "a reason in 10 to 300 characters, on one line",
    values: "a reason in words, on one line",
    example: "it manages the accounts of this organization",
});
