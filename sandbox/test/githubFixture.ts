import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { serveGitHub, type RunningGitHub } from "../github/server/server";
import { settingsFromEnv, type GitHubSettings } from "../github/server/settings";
import { emptyState, type State } from "../github/server/state";

export const repo = "/repos/octo-org/hello-fargate";

// Making an RSA key takes most of a start; one for all tests is enough.
let signingKey: State["signingKey"] | undefined;

/** An emulated GitHub of its own: on a free port, with its state in a temporary folder. */
export class TestGitHub {
    private constructor(
        readonly folder: string,
        readonly settings: GitHubSettings,
        private running: RunningGitHub,
    ) {}

    static async start(env: NodeJS.ProcessEnv = {}): Promise<TestGitHub> {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "github-"));
        const stateFile = path.join(folder, "github.json");
        const settings = { ...settingsFromEnv({ SANDBOX_GITHUB_STATE: stateFile, ...env }), port: 0 };
        if (signingKey) {
            fs.writeFileSync(stateFile, JSON.stringify({ ...emptyState(), signingKey }));
        }
        const running = await serveGitHub(settings, () => undefined);
        signingKey ??= (JSON.parse(fs.readFileSync(stateFile, "utf8")) as State).signingKey;
        return new TestGitHub(folder, settings, running);
    }

    get url(): string {
        return this.running.url;
    }

    /** Ends it and starts another on the same state, as after a kill. */
    async restart(changed: Partial<GitHubSettings> = {}): Promise<void> {
        await this.running.close();
        this.running = await serveGitHub({ ...this.settings, ...changed }, () => undefined);
    }

    async stop(): Promise<void> {
        await this.running.close();
        fs.rmSync(this.folder, { recursive: true });
    }

    /** One call; `authorization` defaults to the API's token, and null sends none. */
    async call(route: string, body?: unknown, authorization: string | null = "Bearer sandbox-token") {
        const [method = "", target = ""] = route.split(" ");
        const response = await fetch(this.url + target, {
            method,
            headers: authorization === null ? {} : { authorization },
            ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        });
        const text = await response.text();
        return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
    }

    /** `call`, where anything but success fails the test. */
    async ok(route: string, body?: unknown): Promise<any> {
        const answer = await this.call(route, body);
        if (answer.status >= 300) {
            throw new Error(`${route}: ${answer.status} ${answer.body?.message}`);
        }
        return answer.body;
    }
}
