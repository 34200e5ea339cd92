import type { Environment } from "../../infra/config";
import { askEmulator } from "./client";

/** Puts the people and teams on the emulated GitHub that the configuration names, as an organization has them. */
export async function ensureReviewers(organization: string, { users, teams }: Environment["reviewers"]): Promise<void> {
    await askEmulator("reviewers", { organization, users, teams });
}
