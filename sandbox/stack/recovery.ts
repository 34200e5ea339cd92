/** Brings the state and the emulators together again after a command, or an emulator, was killed. */
import type * as automation from "@pulumi/pulumi/automation";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Existing } from "../inventory";
import { serviceIdentity } from "../machine/services";
import { stateDir } from "../paths";
import { step, UserError } from "../progress";
import { wasInterrupted } from "./runLock";
import type { Resource } from "./states";

interface Deployment {
    readonly resources?: readonly (Resource & {
        readonly urn: string;
        readonly parent?: string;
        readonly dependencies?: readonly string[];
        readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
    })[];
    readonly pending_operations?: readonly unknown[];
}

/** What a stack's state is compared with. */
export interface Reality {
    /** What exists now, without what other stacks know of. */
    readonly existing: () => Promise<Existing[]>;
    /** The ids of the rules of security groups that there are. */
    readonly rules: () => Promise<readonly string[]>;
}

/** Which run of the emulator a stack has last been on. */
const knownEmulator = (stack: string) => path.join(stateDir, `emulator.${stack}`);

/**
 * Makes a stack usable that was left behind by a killed command, or that refers to an emulator which lost its memory.
 * @param others the sandbox's other stacks: what a killed command made of them is not this stack's
 */
export async function recover(
    stack: automation.Stack,
    others: readonly automation.Stack[],
    { existing, rules }: Reality,
): Promise<void> {
    const emulator = serviceIdentity("aws") ?? "";
    /** Undefined for a stack that was on none by this name: a new one, or one that was renamed. */
    const lastOn = ({ name }: automation.Stack) =>
        fs.existsSync(knownEmulator(name)) ? fs.readFileSync(knownEmulator(name), "utf8") : undefined;
    const forgetful = lastOn(stack) !== emulator && (await deploymentOf(stack)).resources !== undefined;
    const interrupted = [stack, ...others].filter(({ name }) => wasInterrupted(name));
    const stale = forgetful && !wasInterrupted(stack.name) ? [stack, ...interrupted] : interrupted;
    if (stale.length > 0) {
        const names = interrupted.map(({ name }) => name).join(" and ");
        const reason = names ? `the last command for ${names} did not finish` : "the AWS emulator was restarted";
        await step(`Compare the state with what exists: ${reason}`, async () => {
            for (const each of stale) {
                await each.cancel(); // lets go of a lock whose holder is gone; `exclusively` made sure of that
                await forgetPendingOperations(each);
                if (![emulator, undefined].includes(lastOn(each))) {
                    await forget(each, isOnAws);
                } else {
                    const there = new Set(await rules());
                    await forget(each, ({ type, id = "" }) => isRule(type) && !there.has(id));
                }
                await refresh(each);
            }
            for (const orphan of await orphans(stack, existing)) {
                await orphan.remove();
            }
        });
    }
    fs.writeFileSync(knownEmulator(stack.name), emulator);
}

/** What was being created when the engine died is in the emulator or not; the state cannot tell, `orphans` can. */
async function forgetPendingOperations(stack: automation.Stack): Promise<void> {
    const exported = await stack.exportStack();
    if ((exported.deployment as Deployment).pending_operations?.length) {
        await stack.importStack({ ...exported, deployment: { ...exported.deployment, pending_operations: [] } });
    }
}

/** @throws UserError with what the engine said, which is not shown while it goes well */
async function refresh(stack: automation.Stack): Promise<void> {
    const output: string[] = [];
    try {
        await stack.refresh({ color: "never", onOutput: (text) => output.push(text) });
    } catch {
        const [, diagnostics = output.join("")] =
            /^Diagnostics:\n([\s\S]*?)(^Outputs:|^Resources:|$(?![\s\S]))/m.exec(output.join("")) ?? [];
        throw new UserError(
            `The state of ${stack.name} cannot be compared with what exists:\n${diagnostics.trimEnd()}`,
        );
    }
}

/**
 * An emulator that was restarted has nothing. The provider would look for each thing, for a service two minutes long. What the stack
 * has claimed on GitHub is still its own.
 */
const isOnAws = ({ type }: Resource) => /^(aws:|docker-build:|pulumi-nodejs:dynamic\/(?!github:))/.test(type);

/**
 * The provider cannot refresh a security group's rule that is gone: it says "Missing Resource Identity After Read"
 * (https://github.com/hashicorp/terraform-provider-aws/issues/45303).
 */
const isRule = (type: string) => /^aws:vpc\/securityGroup\w+Rule:/.test(type);

/** Takes resources out of a stack's state, and out of what others are said to depend on. */
async function forget(stack: automation.Stack, isGone: (resource: Resource) => boolean): Promise<void> {
    const exported = await stack.exportStack();
    const { resources = [], ...rest } = exported.deployment as Deployment;
    const gone = new Set(resources.filter(isGone).map(({ urn }) => urn));
    if (gone.size === 0) {
        return;
    }
    const known = (urns: readonly string[] | null | undefined) => urns?.filter((urn) => !gone.has(urn)) ?? [];
    const kept = resources
        .filter(({ urn }) => !gone.has(urn))
        .map(({ dependencies, propertyDependencies = {}, parent, ...resource }) => ({
            ...resource,
            ...(parent !== undefined && !gone.has(parent) && { parent }),
            dependencies: known(dependencies),
            propertyDependencies: Object.fromEntries(
                Object.entries(propertyDependencies).map(([property, urns]) => [property, known(urns)]),
            ),
        }));
    await stack.importStack({ ...exported, deployment: { ...rest, resources: kept } });
}

/** What exists and the state does not know. Containers are never in the state: the service that it knows has them. */
async function orphans(stack: automation.Stack, existing: () => Promise<Existing[]>): Promise<Existing[]> {
    const { resources = [] } = await deploymentOf(stack);
    const known = new Set(resources.map(({ type, id }) => `${type} ${id}`));
    return (await existing()).filter(({ type, id }) => !type.startsWith("docker:") && !known.has(`${type} ${id}`));
}

export async function deploymentOf(stack: automation.Stack): Promise<Deployment> {
    return (await stack.exportStack()).deployment as Deployment;
}
