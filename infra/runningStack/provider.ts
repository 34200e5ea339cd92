import type * as pulumi from "@pulumi/pulumi";
import type { Facts } from "./facts";
import { StackCaller, type TargetGroupIndex } from "./stackCaller";

/**
 * Serialised into the state: it may use nothing from outside its own functions. What is new is checked against what the last
 * `pulumi up` left; a stack that is older than one of its properties takes what it finds.
 */
export class Provider extends StackCaller implements pulumi.dynamic.ResourceProvider<Facts, Facts> {
    async check(kept: Partial<Facts>, news: Facts) {
        // What no stack had another value of, before it was kept.
        const former = { vpcId: "", loadBalancer: "internet-facing", kmsKeyArn: "" } as const;
        const olds = kept.name === undefined ? kept : { ...former, ...kept };
        const afresh = "or make a new stack and destroy this one";
        const { serving, refusal } = await this.servingOf(olds, news);
        const runningPort = news.releasedBy === "pulumi" ? undefined : await this.runningPort(olds, news);
        const refusals: { readonly [Key in keyof Facts]?: (was: Facts[Key]) => string } = {
            name: (was) =>
                `this stack runs as "${was}", and under another name it would lose its service, images, logs and revisions: ` +
                `run "pulumi config set name ${was}", ${afresh}`,
            region: (was) =>
                `this stack runs in ${was}, and nothing in AWS moves to another region: ` +
                `run "pulumi config set aws:region ${was}", ${afresh}`,
            vpcCidr: (was) =>
                `this stack runs in ${was}, and AWS changes the range of no VPC: ` +
                `run "pulumi config set vpcCidr ${was}", ${afresh}`,
            vpcId: (was) =>
                `this stack runs in ${was || "a VPC of its own"}, and nothing in AWS moves to another: ` +
                (was
                    ? `run "pulumi config set vpcId ${was}", ${afresh}`
                    : `run "pulumi config rm vpcId", and the same with publicSubnetIds and privateSubnetIds, ${afresh}`),
            loadBalancer: (was) =>
                `that of this stack is ${was}, which AWS changes of none, and another one would have another address: ` +
                `run "pulumi config set loadBalancer ${was}", ${afresh}`,
            // The service refuses a port that the revision which runs does not have, and that one is the pipeline's.
            containerPort:
                news.releasedBy === "pulumi"
                    ? undefined
                    : (was) =>
                          `the release that runs listens on ${was}, and with "releasedBy: pipeline" this would not replace it: ` +
                          `run "pulumi config set releasedBy pulumi" and "pulumi up", with an app that listens on ` +
                          `${news.containerPort}, then set it back; or run "pulumi config set containerPort ${was}"`,
            createGithubRepository: (was) =>
                was
                    ? "this stack made the repository, and would delete it with all that is in it: " +
                      'run "pulumi config set createGithubRepository true"'
                    : 'the repository is there already: run "pulumi config set createGithubRepository false"',
            githubOidcProvider: (was) =>
                was === "create"
                    ? "this stack made GitHub's OIDC provider, and would delete it, although its roles and perhaps those of other " +
                      'stacks rely on it: run "pulumi config set githubOidcProvider create"'
                    : "the account has GitHub's OIDC provider, and can have only one: " +
                      'run "pulumi config set githubOidcProvider existing"',
            kmsKeyArn: (was) =>
                "ECR changes the key of no repository, and another one would have none of the images that run: " +
                `run "pulumi config ${was ? `set kmsKeyArn ${was}` : "rm kmsKeyArn"}", ${afresh}`,
        };
        // This holds for a stack that has never run as well: a repository that it made may have been pushed to since.
        const binding = ({ property }: pulumi.dynamic.CheckFailure) =>
            property === "createGithubRepository" && kept.createGithubRepository === true;
        const failures = (Object.keys(refusals) as (keyof Facts)[]).flatMap(
            (property): pulumi.dynamic.CheckFailure[] => {
                const was = property === "containerPort" ? runningPort : olds[property];
                const refuse = refusals[property] as ((was: unknown) => string) | undefined;
                return refuse && was !== undefined && was !== news[property] ? [{ property, reason: refuse(was) }] : [];
            },
        );
        if (refusal !== undefined) {
            failures.push({ property: "", reason: refusal });
        }
        const guarded = (olds.deletionProtection && olds.logs?.match(/\w+/g)) || [];
        for (const setting of guarded.filter((each) => !news.logs.includes(each))) {
            const reason =
                `the logs that it has kept would be deleted with it, and "deletionProtection" keeps them: run ` +
                `"pulumi config set ${setting} true", "pulumi config set deletionProtection false" and "pulumi up"; then set it to false, ` +
                '"pulumi up", and set deletionProtection back';
            failures.push({ property: setting, reason });
        }
        failures.push(...(await this.deafTo(olds, news)));
        const held = failures.length === 0 || (await this.runs(kept)) ? failures : failures.filter(binding);
        const isOwn = kept.name === news.name && kept.region === news.region;
        const isAsked = !isOwn && !held.some(({ property }) => property === "name" || property === "region");
        const taken = (isAsked && (await this.ifTold(this.holders(news.name, news.region)))) || [];
        if (taken.length > 0) {
            const reason =
                `AWS has ${taken.join(" and ")} already, which this stack has not made, and would change and in the end delete: ` +
                'run "pulumi config set name <another name>"; where it is this stack\'s and its state was lost, see docs/state.md';
            held.push({ property: "name", reason });
        }
        const { takenOver, stuck } = await this.inTheWay(kept, news);
        if (takenOver.length + stuck.length > 0) {
            const ways = [
                ...(takenOver.length > 0
                    ? [
                          `"pulumi config set domainOverwrite true" takes over ${takenOver.join(" and ")} once the app is up`,
                      ]
                    : []),
                ...(stuck.length > 0 ? [`how ${stuck.join(" and ")} makes way is in docs/network.md`] : []),
            ];
            const reason =
                `in the zone ${news.hostedZone} the name ${news.domainName} leads elsewhere, by its record ` +
                `${[...takenOver, ...stuck].join(" and ")}: ${ways.join("; ")}; or run "pulumi config set domainName <another name>"`;
            held.push({ property: "domainName", reason });
        }
        return {
            inputs: { ...news, shifted: news.shifted || olds.shifted === true, serving },
            failures: held,
        };
    }

    /**
     * The load balancer asks the tasks that run as soon as it knows another path, and ECS replaces those that do not answer there, again
     * and again. A 403 or 429 may be of a firewall in front, and what is asked from elsewhere the app's own matter.
     */
    private async deafTo(
        kept: Partial<Facts>,
        { healthCheckPath: path }: Facts,
    ): Promise<pulumi.dynamic.CheckFailure[]> {
        const { healthCheckPath: was, name, region, domainName } = kept;
        if (was === undefined || was === path) {
            return [];
        }
        const status = (await this.answerAt(path, domainName ?? "", name!, region!)) ?? 0;
        if (status < 400 || status >= 500 || status === 403 || status === 429) {
            return [];
        }
        const reason =
            `the release that runs answers ${status} there, and the load balancer asks it at once: release an app that answers both ` +
            `${was} and ${path} first, or run "pulumi config set healthCheckPath ${was}"`;
        return [{ property: "healthCheckPath", reason }];
    }

    /**
     * The types of the records by which the app's name leads to something else, where this up is to make its own: of those whose place
     * these could take, but may not, and of those that have to make way first. A load balancer, its certificate and its tasks are made
     * before any record, and would have been for nothing.
     */
    private async inTheWay(kept: Partial<Facts>, news: Facts): Promise<{ takenOver: string[]; stuck: string[] }> {
        const { name, region, domainName, hostedZone, dualStack, domainOverwrite } = news;
        const nothing = { takenOver: [], stuck: [] };
        const isKept = kept.domainName === domainName && kept.hostedZone === hostedZone;
        if (!domainName || (isKept && (kept.dualStack || !dualStack))) {
            return nothing;
        }
        // An AAAA record is in the way in any case: whoever comes over IPv6 would go by it.
        const types = isKept ? ["AAAA"] : ["A", "AAAA", "CNAME"];
        const told = await this.ifTold(
            this.records(domainName, hostedZone, region).then(async (records) => {
                const found = records.filter(({ Type }) => types.includes(Type!));
                return { found, own: found.length > 0 ? await this.balancerOf(name, region) : undefined };
            }),
        );
        if (!told) {
            return nothing;
        }
        const { found, own } = told;
        const leadsHere = ({ AliasTarget }: (typeof found)[number]) =>
            own !== undefined && AliasTarget?.DNSName?.toLowerCase().replace(/^dualstack\./, "") === `${own}.`;
        const others = found.filter((record) => !leadsHere(record));
        // Of several that Route 53 chooses from, each with an identifier, none is overwritten by one without.
        const isReplaced = ({ Type, SetIdentifier }: (typeof found)[number]) =>
            SetIdentifier === undefined && (Type === "A" || (Type === "AAAA" && dualStack));
        const typesOf = (some: typeof found) => [...new Set(some.map(({ Type }) => Type!))];
        return {
            takenOver: domainOverwrite ? [] : typesOf(others.filter(isReplaced)),
            stuck: typesOf(others.filter((record) => !isReplaced(record))),
        };
    }

    /**
     * Whether what the first `pulumi up` began has ever come to run. One that AWS or GitHub refused half-way can still be made otherwise.
     * Where AWS does not tell, as in a pull request's preview, it has.
     */
    protected async runs({ name, region }: Partial<Facts>): Promise<boolean> {
        try {
            return (await this.service(name!, await this.clientSettings(region!))) !== undefined;
        } catch {
            return true;
        }
    }

    /**
     * The port of the release that runs. The state has the one that was last asked for, which ECS may have taken back; what AWS says of
     * it counts where that is another, and where AWS does not tell, as in a pull request's preview, the state's.
     */
    private async runningPort(
        { name, region, containerPort }: Partial<Facts>,
        news: Facts,
    ): Promise<number | undefined> {
        if (containerPort === undefined || containerPort === news.containerPort) {
            return containerPort;
        }
        try {
            const service = await this.service(name!, await this.clientSettings(region!));
            return service?.loadBalancers?.[0]?.containerPort ?? containerPort;
        } catch {
            return containerPort;
        }
    }

    /**
     * Which target group comes first in what the service is told of its load balancer, and in the rule of a listener that is made: the
     * one that serves, which after a gradual release may be either. Named second, it would be the one that the next release starts in
     * (hashicorp/terraform-provider-aws#45678). While the service is told nothing new, it stays as it was told.
     */
    private async servingOf(
        { serving = 0, ...olds }: Partial<Facts>,
        news: Facts,
    ): Promise<{ serving: TargetGroupIndex; refusal?: string }> {
        if (olds.name === undefined || !(olds.shifted || news.shifted)) {
            return { serving };
        }
        const told = await this.ifTold(this.toldService(olds.name, olds.region!));
        if (!told) {
            return { serving };
        }
        if (told.serving === undefined && olds.service !== undefined && olds.service !== news.service) {
            return {
                serving,
                refusal:
                    "a release is under way, and with this change of the service it would start again, without the visitors that it has: " +
                    "run `pulumi up` again once it is over (`npm run releases`)",
            };
        }
        const isOther = told.https !== news.https;
        if (!isOther && told.rolloutTestPort === news.rolloutTestPort && told.containerPort === news.containerPort) {
            return { serving: told.first };
        }
        if (isOther && news.shifted) {
            return {
                serving,
                refusal:
                    "a release that is shifted would leave those behind who come by the listener of before: " +
                    'run "pulumi config set rollout rolling", then "pulumi up" with domainName and hostedZone as they are to be, and set ' +
                    "rollout back after that",
            };
        }
        return told.serving === undefined
            ? {
                  serving,
                  refusal:
                      "a release is under way, and which of the two target groups serves at its end cannot be told: " +
                      "run `pulumi up` again once it is over (`npm run releases`)",
              }
            : { serving: told.serving };
    }

    async create(inputs: Facts) {
        return { id: inputs.name, outs: inputs };
    }

    async diff(_id: string, olds: Facts, news: Facts) {
        const { __provider: _source, ...facts } = news as Facts & { readonly __provider?: string };
        const names = Object.keys(facts) as (keyof Facts)[];
        return { changes: names.some((name) => olds[name] !== news[name]) };
    }

    async update(_id: string, _olds: Facts, news: Facts) {
        return { outs: news };
    }
}
