import { ConstructResult, main, Provider } from "@pulumi/pulumi/provider";
import { exitWithEngine } from "../server";
import { misfits } from "../standIn";
import { inputs as known, Vpc } from "./vpc";

const token = "awsx:ec2:Vpc";

/** The one component of awsx that this program uses; its children are resources of the aws provider. */
const awsx: Provider = {
    version: "3.9.0",

    async construct(name, type, inputs, options): Promise<ConstructResult> {
        if (type !== token)
            throw new Error(`unknown component type ${type}: the awsx stand-in of the sandbox lacks it`);
        const wrong = misfits(inputs, [], known);
        if (wrong.length > 0) throw new Error(`${token} "${name}": ${wrong.map(({ reason }) => reason).join("; ")}`);
        const vpc = new Vpc(name, inputs, options);
        return { urn: vpc.urn, state: await vpc.outputs };
    },
};

void main(awsx, process.argv.slice(2));
exitWithEngine();
