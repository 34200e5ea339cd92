import * as pulumi from "@pulumi/pulumi";
import { AwsCaller, type ClientSettings } from "../awsCaller";

interface Inputs {
    readonly family: string;
    readonly region: string;
    /** The account that the stack's aws provider acts in. */
    readonly account: string;
}

/** What the SDK keeps of a dynamic resource beside its properties: its provider, as code. */
interface Code {
    readonly __provider?: string;
}

/** Serialised into the state and run from there, on destroy too: it may use nothing from outside its own functions. */
class Provider extends AwsCaller implements pulumi.dynamic.ResourceProvider<Inputs, Inputs> {
    async create(inputs: Inputs) {
        return { id: inputs.family, outs: inputs };
    }

    async diff(_id: string, olds: Inputs & Code, news: Inputs & Code) {
        const changed = (["family", "region", "account"] as const).filter((key) => olds[key] !== news[key]);
        // Another family, region or account leaves the old one to be deleted. A state from before the account was kept has none. What
        // deletes is in the state as well: without an update it would be that of the `pulumi up` which has made the stack, for good.
        return {
            changes: changed.length > 0 || olds.__provider !== news.__provider,
            replaces: changed.filter((key) => olds[key] !== undefined),
        };
    }

    async update(_id: string, _olds: Inputs, news: Inputs) {
        return { outs: news };
    }

    async delete(family: string, { region, account }: Inputs) {
        const ecs = await import("@aws-sdk/client-ecs");
        const settings = await this.clientSettings(region);
        await this.refuseOthers(settings, account);
        // ECS lets an account deregister about one revision a second: wait for it as long as that takes.
        const client = new ecs.ECSClient({ ...settings("ecs"), retryMode: "adaptive", maxAttempts: 20 });
        const revisions = async (status: "ACTIVE" | "INACTIVE"): Promise<string[]> => {
            const arns: string[] = [];
            for await (const page of ecs.paginateListTaskDefinitions({ client }, { familyPrefix: family, status })) {
                arns.push(...(page.taskDefinitionArns ?? []));
            }
            return arns;
        };
        const active = await revisions("ACTIVE");
        for (const taskDefinition of active) {
            await client.send(new ecs.DeregisterTaskDefinitionCommand({ taskDefinition }));
        }
        // Those that have just been deregistered as well, be they in the list already or not.
        const inactive = [...new Set([...active, ...(await revisions("INACTIVE"))])];
        for (let start = 0; start < inactive.length; start += 10) {
            const batch = inactive.slice(start, start + 10); // DeleteTaskDefinitions takes ten at a time
            const { failures = [] } = await client.send(
                new ecs.DeleteTaskDefinitionsCommand({ taskDefinitions: batch }),
            );
            if (failures.length > 0) {
                const list = failures.map(({ arn, reason }) => `${arn}: ${reason}`).join("; ");
                throw new Error(
                    `could not delete revisions of task family ${family} (${list}): run pulumi destroy again`,
                );
            }
        }
    }

    /**
     * @param account none in a state from before it was kept
     * @throws Error when the credentials are another account's, where a family of the same name may be somebody else's
     */
    private async refuseOthers(settings: ClientSettings, account: string | undefined): Promise<void> {
        if (account === undefined) {
            return;
        }
        const sts = await import("@aws-sdk/client-sts");
        const caller = await new sts.STSClient(settings("sts")).send(new sts.GetCallerIdentityCommand({}));
        if (caller.Account !== account) {
            throw new Error(
                `the task family is in account ${account}, and the credentials are those of ${caller.Arn} ` +
                    `in account ${caller.Account}: nothing was deleted; use those that the stack was made with`,
            );
        }
    }
}

const provider = new Provider();

/**
 * All revisions of a task definition's family, whoever registered them. AWS has no such thing to create, so nothing happens until
 * destroy: then the revisions of the pipeline go as well, which otherwise stay in the account for good.
 */
export class TaskDefinitionFamily extends pulumi.dynamic.Resource {
    declare public readonly family: pulumi.Output<string>;

    constructor(
        name: string,
        args: { family: string; region: string; account: pulumi.Input<string> },
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(provider, name, args, opts, "ecs", "TaskDefinitionFamily");
    }
}
