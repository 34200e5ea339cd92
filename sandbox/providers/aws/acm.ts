import type { DomainValidation } from "@aws-sdk/client-acm";
import { Properties, ResourceStandIn } from "../standIn";
import { until } from "../until";
import { afterCreating, Clients, unlessGone } from "./clients";
import { fromTags, taggable, toTags } from "./tags";

const oneMinute = 60_000;

export function acm(clients: Clients): Record<string, ResourceStandIn> {
    return {
        "aws:acm/certificateValidation:CertificateValidation": certificateValidation(clients),
        "aws:acm/certificate:Certificate": taggable(certificate(clients), async (CertificateArn, tags, remove) => {
            const Tags = remove.map((Key) => ({ Key }));
            if (Tags.length > 0) await clients.acm.removeTagsFromCertificate({ CertificateArn, Tags });
            if (Object.keys(tags).length > 0)
                await clients.acm.addTagsToCertificate({ CertificateArn, Tags: toTags(tags) });
        }),
    };
}

const describe = async ({ acm }: Clients, CertificateArn: string) =>
    (await unlessGone(acm.describeCertificate({ CertificateArn })))?.Certificate;

const challenges = (options: readonly DomainValidation[] = []) =>
    options.map(({ DomainName, ResourceRecord }) => ({
        domainName: DomainName,
        resourceRecordName: ResourceRecord?.Name,
        resourceRecordType: ResourceRecord?.Type,
        resourceRecordValue: ResourceRecord?.Value,
    }));

function certificate(clients: Clients): ResourceStandIn {
    const { acm } = clients;
    return {
        required: ["domainName", "validationMethod"],
        optional: [],
        replaceOn: ["domainName", "validationMethod"],
        create: async (inputs) => {
            const { CertificateArn: arn } = await acm.requestCertificate({
                DomainName: inputs.domainName,
                ValidationMethod: inputs.validationMethod,
                Tags: toTags(inputs.tags),
            });
            return afterCreating(arn!, { arn }, async () => {
                // ACM makes the records up after it has answered.
                const ready = async () => {
                    const found = await describe(clients, arn!);
                    return found?.DomainValidationOptions?.every(({ ResourceRecord }) => ResourceRecord) && found;
                };
                const found = await until(
                    `validation records of the certificate for ${inputs.domainName}`,
                    async () => (await ready()) || undefined,
                    oneMinute,
                );
                const domainValidationOptions = challenges(found.DomainValidationOptions);
                return { id: arn!, outputs: { arn, status: found.Status, domainValidationOptions } };
            });
        },
        read: async (id) => {
            const found = await describe(clients, id);
            if (!found) return undefined;
            const { Tags } = await acm.listTagsForCertificate({ CertificateArn: id });
            return {
                arn: id,
                domainName: found.DomainName,
                validationMethod: found.DomainValidationOptions?.[0]?.ValidationMethod,
                domainValidationOptions: challenges(found.DomainValidationOptions),
                status: found.Status,
                tags: fromTags(Tags),
            };
        },
        update: async () => ({}), // only tags get here
        delete: async (CertificateArn) => {
            // A listener that is gone lets go of its certificate a little later.
            const free = async () => {
                try {
                    return await acm.deleteCertificate({ CertificateArn });
                } catch (error: any) {
                    if (error.name === "ResourceInUseException") return undefined;
                    throw error;
                }
            };
            await unlessGone(until(`certificate ${CertificateArn} coming out of use`, free, oneMinute));
        },
        list: async () =>
            ((await acm.listCertificates({})).CertificateSummaryList ?? []).map((found) => found.CertificateArn!),
    };
}

/** Nothing of its own: it waits until the certificate is issued. */
function certificateValidation(clients: Clients): ResourceStandIn {
    const bare = (name: string | undefined) => name?.replace(/\.$/, "");
    return {
        required: ["certificateArn"],
        optional: ["validationRecordFqdns"],
        replaceOn: ["certificateArn", "validationRecordFqdns"],
        create: async ({ certificateArn, validationRecordFqdns }: Properties) => {
            const options = (await describe(clients, certificateArn))?.DomainValidationOptions ?? [];
            const missing = options.find(
                ({ ResourceRecord }) =>
                    validationRecordFqdns &&
                    !validationRecordFqdns.some((fqdn: string) => bare(fqdn) === bare(ResourceRecord?.Name)),
            );
            if (missing) {
                throw new Error(
                    `missing ${missing.DomainName} DNS validation record: ${bare(missing.ResourceRecord?.Name)}`,
                );
            }
            const issued = async () => {
                const found = await describe(clients, certificateArn);
                if (found?.Status === "FAILED")
                    throw new Error(`certificate ${certificateArn}: ${found.FailureReason}`);
                return found?.Status === "ISSUED" ? found : undefined;
            };
            // AWS takes minutes, and gives up after three days.
            const { IssuedAt } = await until(
                `certificate ${certificateArn} being issued: the validation record is not in the zone, or has another value`,
                issued,
                oneMinute,
            );
            return { id: String(IssuedAt?.toISOString()), outputs: {} };
        },
        read: async (_id, { certificateArn }) =>
            (await describe(clients, certificateArn))?.Status === "ISSUED" ? { certificateArn } : undefined,
        delete: async () => undefined,
    };
}
