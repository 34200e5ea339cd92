/** A stack's region. As for the AWS provider, one that the configuration does not name is the environment's. */
export const regionOf = (values: Readonly<Record<string, string | undefined>>): string | undefined =>
    values["aws:region"] ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
