/** The calls of the emulated GitHub that GitHub does not have. */
import { UserError } from "../progress";
import { githubToken, githubUrl } from "./start";

/** @throws UserError when the emulator does not answer, or with what it refuses */
export async function askEmulator<T>(
    pathAndQuery: string,
    body?: unknown,
    method = body === undefined ? "GET" : "POST",
): Promise<{ status: number; body: T }> {
    const response = await fetch(`${githubUrl()}/_sandbox/${pathAndQuery}`, {
        method,
        headers: { authorization: `Bearer ${githubToken}`, "content-type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
    }).catch(() => undefined);
    if (!response) {
        throw new UserError("The sandbox's GitHub does not answer: run npm run sandbox:up first.");
    }
    const text = await response.text();
    const answer = (text === "" ? undefined : JSON.parse(text)) as T;
    if (!response.ok) {
        throw new GitHubRefusal(response.status, (answer as { message: string }).message);
    }
    return { status: response.status, body: answer };
}

/** What GitHub says no to, in its own words. */
export class GitHubRefusal extends UserError {
    constructor(
        readonly status: number,
        message: string,
    ) {
        super(message.replace(/^Invalid request\.\s+/, ""));
    }
}
