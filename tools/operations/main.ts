/** `npm run releases`, `status`, `logs` and `shell`: each about the selected stack, or with `-- --stack NAME` about another one. */
import { RunError } from "@pulumi/pulumi/errors";
import { options, run } from "../command";
import { adviceOn } from "./missing";
import { operations, type Operation } from "./operations";
import { throughPlugin } from "./sessionPlugin";
import { fromPulumi, type Stack } from "./stack";

const [name, ...args] = process.argv.slice(2);

run(async () => {
    const operation: Operation = operations[name as keyof typeof operations];
    const { stack: chosen, ...flags } = options({ stack: "", ...operation.defaults }, args, operation.values);
    operation.check(flags);
    const stack = { ...(await fromPulumi(String(chosen))), connect: throughPlugin };
    try {
        await operation.run(stack, flags);
    } catch (error) {
        throw isOfAws(error as Error) ? new RunError(await told(error as Error, stack)) : error;
    }
});

/** What AWS refuses, where it cannot be reached, and credentials that are not there: for whoever runs this to mend. */
const isOfAws = (error: Error) =>
    "$metadata" in error || error instanceof AggregateError || error.name === "CredentialsProviderError";

async function told(error: Error, stack: Stack): Promise<string> {
    const each = error instanceof AggregateError ? (error.errors as Error[]) : []; // of a host with several addresses
    const message = error.message || each.map((one) => one.message).join("; ");
    if (isOfCredentials.test(error.name)) {
        return `${error.name}: ${message.replace(/\.$/, "")}. ${noCredentials}`;
    }
    return [`${error.name}: ${message}`, await adviceOn(error.name, stack)].filter(Boolean).join(" ");
}

/** None that can be found, or some that AWS does not take: over, as those of a session are, or deleted. Each service has its own word. */
const isOfCredentials =
    /^(CredentialsProviderError|ExpiredToken(Exception)?|UnrecognizedClientException|InvalidClientTokenId)$/;

const noCredentials =
    "Set AWS_PROFILE or AWS's keys, log in anew where they are of a session or SSO, and see that aws:profile of the stack is one of yours. " +
    'A profile with MFA: eval "$(aws configure export-credentials --profile NAME --format env)", and unset AWS_PROFILE. ' +
    "Credentials of a Pulumi ESC environment: pulumi env run ORGANIZATION/ENVIRONMENT -- npm run …";
