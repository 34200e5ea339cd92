import type { Mutation } from "./mutation";

/** Mistakes around the app's domain and its secrets. */
export const domainAndSecrets: readonly Mutation[] = [
    {
        mistake: "old TLS is spoken",
        file: "infra/network/loadBalancer.ts",
        find: "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        become: "ELBSecurityPolicy-2016-08",
    },
    {
        mistake: "the app is served over HTTP beside HTTPS",
        file: "infra/network/loadBalancer.ts",
        find: '[{ type: "redirect", redirect }]',
        become: "forwarding.defaultActions",
    },
    {
        mistake: "browsers forget the redirect",
        file: "infra/network/loadBalancer.ts",
        find: "HTTP_301",
        become: "HTTP_302",
    },
    {
        mistake: "a certificate that is not issued yet is served",
        file: "infra/network/certificate.ts",
        find: "this.arn = issued.certificateArn;",
        become: "this.arn = certificate.arn;",
    },
    {
        mistake: "visitors are sent to HTTPS before it is there",
        file: "infra/network/loadBalancer.ts",
        find: "{ ...opts, dependsOn: production },",
        become: "opts,",
    },
    {
        mistake: "a domain outside of the zone is accepted",
        file: "infra/config/together.ts",
        find: "!domainName.endsWith(`.${hostedZone}`)",
        become: "!domainName.endsWith(hostedZone)",
    },
    {
        mistake: "a domain is accepted that ACM refuses half-way",
        file: "infra/config/networkKinds.ts",
        find: "export const longestDomain = 64;",
        become: "export const longestDomain = 253;",
    },
    {
        mistake: "an AWS key is plain text in the task definition",
        file: "infra/config/containerKinds.ts",
        find: "isAwsKey(name, value)\n",
        become: "false\n",
    },
    {
        mistake: "the preview role reads every zone",
        file: "infra/delivery/previewRights.ts",
        find: "resources: [hostedZoneArn]",
        become: 'resources: ["*"]',
    },
    {
        mistake: "the execution role reads every secret",
        file: "infra/service/secrets.ts",
        find: "resources: [...own, ...secrets]",
        become: 'resources: ["*"]',
    },
    {
        mistake: "the execution role decrypts whatever is encrypted with a key of the account",
        file: "infra/service/secrets.ts",
        find: "    condition: { StringEquals: { [`kms:EncryptionContext:${context}`]: arns } },\n",
        become: "",
    },
    {
        mistake: "a secret's value is in the task definition",
        file: "infra/service/secrets.ts",
        find: "valueFrom: pulumi.interpolate`${secret.arn}:::${version.versionId}`",
        become: "valueFrom: value",
    },
    {
        mistake: "a new value of a secret reaches tasks that nobody released",
        file: "infra/service/secrets.ts",
        find: "pulumi.interpolate`${secret.arn}:::${version.versionId}`",
        become: "secret.arn",
    },
    {
        mistake: "a secret is plain in the state",
        file: "infra/config/index.ts",
        find: "pulumi.secret(value)",
        become: "pulumi.output(value)",
    },
    {
        mistake: "destroy leaves secrets behind for a month",
        file: "infra/service/secrets.ts",
        find: "deletionProtection ? 30 : 0",
        become: "30",
    },
    {
        mistake: "a message shows a secret",
        file: "infra/config/reader.ts",
        find: "this.note(key, `expected ${message}`,",
        become: "this.note(key, `expected ${message}, got ${text}`,",
    },
    {
        mistake: "a secret that a running release refers to is deleted",
        file: "infra/service/secrets.ts",
        find: "!Object.hasOwn(args.values, one.name)",
        become: "Object.hasOwn(args.existing, one.name)",
    },
    {
        mistake: "a secret that stays for a running release gets another value",
        file: "infra/service/secrets.ts",
        find: 'ignoreChanges: value ? [] : ["secretString"]',
        become: "ignoreChanges: []",
    },
    {
        mistake: "what a running release reads may not be read any more",
        file: "infra/service/secrets.ts",
        find: "inUse: inUse.then((references) => references.map(({ arn }) => arn))",
        become: "inUse: []",
    },
    {
        mistake: "another stack's secret is declared anew",
        file: "infra/service/secrets.ts",
        find: "isNamed && (Object.hasOwn(values, variable) || (await isOfStack(arn)))",
        become: "isNamed",
    },
    {
        mistake: "a renamed stack does not know its own secrets any more",
        file: "infra/service/secrets.ts",
        find: "const names = [tags, ",
        become: "const names = [",
    },
    {
        mistake: "a stack does not know its own secrets any more once a rename has come half-way",
        file: "infra/service/secrets.ts",
        find: "[tags, { Project: pulumi.getProject(), Stack: pulumi.getStack() }]",
        become: "[tags]",
    },
    {
        mistake: "whoever releases chooses what the tasks may read",
        file: "infra/service/readableSecrets.ts",
        find: "inUse.filter((arn) => before.includes(arn))",
        become: "inUse",
    },
];
