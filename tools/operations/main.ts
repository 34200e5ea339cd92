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
        throw isOfAws(error as Error) ? new RunError(`${(error as Error).name}: ${(error as Error).message}`) : error;
    }
});

/** What AWS refuses, and credentials that are not there: for whoever runs this to mend. */
const isOfAws = (error: Error) => "$metadata" in error || error.name === "CredentialsProviderError";
