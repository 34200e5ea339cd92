/** One mistake that somebody could make: in `file`, the only occurrence of `find` becomes `become`. */
export interface Mutation {
    readonly mistake: string;
    readonly file: string;
    readonly find: string;
    readonly become: string;
}
