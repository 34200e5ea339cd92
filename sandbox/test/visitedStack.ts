/** A stack whose visitors are counted by the version that answers them, and what ECS says of its releases meanwhile. */
import type { ServiceDeployment } from "@aws-sdk/client-ecs";
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../checkouts/awsClients";
import { CopiedCheckout, fetchPage } from "../checkouts/copiedCheckout";

const name = "fargate-cicd-dev";
const ofService = { cluster: name, service: name };

/** What a container does in place of the app: which version it is, is at /release.txt. */
export const httpd = "exec httpd-foreground";
const opened = ["Alias /release.txt /tmp/release.txt", "<Directory /tmp>", "Require all granted", "</Directory>"];
export const serving = (version: string): string =>
    `echo ${version} > /tmp/release.txt && ${httpd} ${opened.map((line) => `-c '${line}'`).join(" ")}`;

export interface Answers {
    /** By version, or by what went wrong. */
    readonly counts: Record<string, number>;
    /** The requests that met the new version and all, by the share that ECS told both before them and after. */
    readonly measured: Map<number, { of: number; all: number }>;
}

export const shareOf = (deployment: ServiceDeployment): number | undefined =>
    deployment.targetServiceRevision!.requestedProductionTrafficWeight;

export class VisitedStack extends CopiedCheckout {
    /** The version that answers. */
    live = "";
    private counts: Record<string, number> = {};

    url(): string {
        return this.state().deployment.resources[0].outputs.url;
    }

    outputsOf(kind: string, logicalName: string): Record<string, any> {
        return this.state().deployment.resources.find(
            ({ type, urn }) => type.endsWith(`:${kind}`) && urn.endsWith(`::${logicalName}`),
        ).outputs;
    }

    /** How the listener's rule deals visitors out to the two target groups. */
    async weights(): Promise<readonly (number | undefined)[]> {
        const { Rules } = await root().elb.describeRules({
            RuleArns: [this.outputsOf("ListenerRule", "main-production-http").arn],
        });
        const { TargetGroups = [] } = Rules![0]!.Actions![0]!.ForwardConfig!;
        return ["main", "main-alternate"].map(
            (group) =>
                TargetGroups.find((each) => each.TargetGroupArn === this.outputsOf("TargetGroup", group).arn)?.Weight,
        );
    }

    async newest(): Promise<ServiceDeployment> {
        const { ecs } = root();
        const { serviceDeployments } = await ecs.listServiceDeployments(ofService);
        const serviceDeploymentArns = [serviceDeployments![0]!.serviceDeploymentArn!];
        return (await ecs.describeServiceDeployments({ serviceDeploymentArns })).serviceDeployments![0]!;
    }

    /** Registers a revision as the pipeline does, from the latest, and rolls it out. */
    async release(command: string): Promise<void> {
        const { cloudwatch, ecs } = root();
        for (let left = 200; ; left--) {
            const { MetricAlarms } = await cloudwatch.describeAlarms({ AlarmNames: [`${name}-app-errors`] });
            const { StateValue, StateReason } = MetricAlarms![0]!;
            if (StateValue === "OK") break;
            assert.ok(left > 0, `the alarm ${name}-app-errors is ${StateValue}: ${StateReason}`);
            await sleep(100); // one that is raised is not watched
        }
        const { taskDefinition: latest } = await ecs.describeTaskDefinition({ taskDefinition: name });
        const [container] = latest!.containerDefinitions!;
        const { taskDefinition } = await ecs.registerTaskDefinition({
            family: name,
            cpu: latest!.cpu,
            memory: latest!.memory,
            networkMode: latest!.networkMode,
            requiresCompatibilities: latest!.requiresCompatibilities,
            executionRoleArn: latest!.executionRoleArn,
            taskRoleArn: latest!.taskRoleArn,
            runtimePlatform: latest!.runtimePlatform,
            containerDefinitions: [{ ...container!, command: ["sh", "-c", command] }],
        });
        await ecs.updateService({ ...ofService, taskDefinition: taskDefinition!.taskDefinitionArn });
    }

    /** Until the new version has that share, and one of those that `whileAsking` asks for has met it. */
    async atShare(percent: number): Promise<void> {
        const isMet = () => Object.keys(this.counts).some((answer) => answer !== this.live);
        for (let left = 400; shareOf(await this.newest()) !== percent || !isMet(); left--) {
            assert.ok(left > 0, `of the new version, with ${percent} %: ${JSON.stringify(this.counts)}`);
            await sleep(50);
        }
    }

    async ended(): Promise<ServiceDeployment> {
        for (let left = 3000; left > 0; left--) {
            const deployment = await this.newest();
            if (deployment.finishedAt) return deployment;
            await sleep(50);
        }
        throw new Error("the deployment does not end");
    }

    /** Asks about forty times a second while `work` goes on: the emulator has other work as well. */
    async whileAsking(work: () => Promise<unknown>): Promise<Answers> {
        const counts: Record<string, number> = (this.counts = {});
        const measured = new Map<number, { of: number; all: number }>();
        const before = this.live;
        const page = `${this.url()}/release.txt`;
        let share: number | undefined;
        let answered: { answer: string; told: number | undefined }[] = [];
        let working = true;
        const looking = (async () => {
            while (working) {
                const looked = answered;
                answered = [];
                const deployment = await this.newest();
                share = deployment.finishedAt ? undefined : shareOf(deployment);
                for (const { answer, told } of looked) {
                    if (told === undefined || told !== share) continue; // it may have changed in between
                    const { of, all } = measured.get(told) ?? { of: 0, all: 0 };
                    measured.set(told, { of: of + (answer === before ? 0 : 1), all: all + 1 });
                }
                await sleep(50);
            }
        })();
        const asking = [1, 2, 3].map(async () => {
            while (working) {
                const told = share;
                const { status, body } = await fetchPage(page).catch((error: Error) => ({
                    status: 0,
                    body: error.message,
                }));
                const answer = status === 200 ? body.trim() : String(status || body);
                counts[answer] = (counts[answer] ?? 0) + 1;
                answered.push({ answer, told });
                await sleep(70);
            }
        });
        await work().finally(() => (working = false));
        await Promise.all([looking, ...asking]);
        return { counts, measured };
    }

    /** As `whileAsking`, of work that changes nothing for a visitor. */
    async unnoticed(work: () => Promise<unknown>): Promise<void> {
        const { counts } = await this.whileAsking(work);
        assert.deepEqual(Object.keys(counts), [this.live], JSON.stringify(counts));
    }

    /** Has ECS stay at the first share until something happens: how late an alarm comes depends on the machine. */
    async stayingThere(work: () => Promise<unknown>): Promise<void> {
        const { ecs } = root();
        const { services } = await ecs.describeServices({ cluster: name, services: [name] });
        const { deploymentConfiguration } = services![0]!;
        const { canaryConfiguration: canary, linearConfiguration: linear } = deploymentConfiguration!;
        const long = {
            ...deploymentConfiguration,
            bakeTimeInMinutes: 60,
            canaryConfiguration: canary && { ...canary, canaryBakeTimeInMinutes: 60 },
            linearConfiguration: linear && { ...linear, stepBakeTimeInMinutes: 60 },
        };
        await ecs.updateService({ ...ofService, deploymentConfiguration: long });
        await work().finally(() => ecs.updateService({ ...ofService, deploymentConfiguration }));
    }
}
