/** `npm run releases`, `status`, `logs` and `shell`: each about the selected stack, or with `-- --stack NAME` about another one. */
import { RunError } from "@pulumi/pulumi/errors";
import { options, run } from "../command";
import { operations } from "./operations";
import { throughPlugin } from "./sessionPlugin";
import { fromPulumi } from "./stack";

const [name, ...args] = process.argv.slice(2);

run(async () => {
    const operation = operations[name as keyof typeof operations];
    const { stack, ...flags } = options({ stack: "", ...operation.defaults }, args);
    operation.check(flags);
    try {
        await operation.run({ ...(await fromPulumi(String(stack))), connect: throughPlugin }, flags);
    } catch (error) {
        throw isOfAws(error as Error) ? new RunError(told(error as Error)) : error;
    }
});

/** What AWS refuses, where it cannot be reached, and credentials that are not there: for whoever runs this to mend. */
const isOfAws = (error: Error) =>
    "$metadata" in error || error instanceof AggregateError || error.name === "CredentialsProviderError";

function told(error: Error): string {
    const each = error instanceof AggregateError ? (error.errors as Error[]) : []; // of a host with several addresses
    const message = error.message || each.map((one) => one.message).join("; ");
    return `${error.name}: ${message}${remedies[error.name] ?? ""}`;
}

const gone = " Somebody has deleted it. pulumi refresh, then pulumi up.";
const remedies: Readonly<Record<string, string>> = {
    ServiceNotFoundException: gone,
    ClusterNotFoundException: gone,
    CredentialsProviderError:
        ". Set AWS_PROFILE or AWS's keys, log in where the profile is one of SSO, and see that aws:profile of the stack is one of yours. " +
        "Credentials of a Pulumi ESC environment: pulumi env run ORGANIZATION/ENVIRONMENT -- npm run …",
};
