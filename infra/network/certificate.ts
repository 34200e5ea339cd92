import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface CertificateArgs {
    readonly domainName: string;
    /** The Route 53 zone that answers for the domain. */
    readonly zoneId: pulumi.Input<string>;
}

/** A certificate that AWS issues once a record in the zone proves that the domain is ours, and renews as long as it is there. */
export class Certificate extends pulumi.ComponentResource {
    /** Known when the certificate is issued: a load balancer refuses one that is pending. */
    public readonly arn: pulumi.Output<string>;

    constructor(name: string, args: CertificateArgs, opts?: pulumi.ComponentResourceOptions) {
        super("fargate-cicd:certificate:Certificate", name, {}, opts);

        const certificate = new aws.acm.Certificate(
            name,
            { domainName: args.domainName, validationMethod: "DNS" },
            { parent: this },
        );
        const challenge = certificate.domainValidationOptions[0]!;
        const record = new aws.route53.Record(
            `${name}-validation`,
            {
                zoneId: args.zoneId,
                name: challenge.resourceRecordName,
                type: challenge.resourceRecordType,
                records: [challenge.resourceRecordValue],
                ttl: 60,
                // ACM asks every certificate of an account for one name for the same record: an earlier one's is taken over.
                allowOverwrite: true,
            },
            { parent: this },
        );
        const issued = new aws.acm.CertificateValidation(
            name,
            { certificateArn: certificate.arn, validationRecordFqdns: [record.fqdn] },
            { parent: this },
        );

        this.arn = issued.certificateArn;
        this.registerOutputs({ arn: this.arn });
    }
}
