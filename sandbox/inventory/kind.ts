/** One type of the program's resources. */
export interface Kind {
    /** As Pulumi names it, such as `aws:ec2/vpc:Vpc`. */
    readonly type: string;
    /** The ids that the provider gives to all that exist, but for what AWS itself has in every account. */
    readonly list: () => Promise<string[]>;
    /** Removes one with all that is in it. */
    readonly remove: (id: string) => Promise<unknown>;
}
