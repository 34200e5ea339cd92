/** What the topics of the emulated AWS were told. No mail leaves this machine: this is where it can be read. */
import * as fs from "node:fs";
import * as path from "node:path";
import { stateDir } from "../paths";

/** One a line, each as JSON, since the emulator was started: see subscriptions.py. */
const file = path.join(stateDir, "aws", "messages.jsonl");

/** A message of CloudWatch's, as far as a person reads it. */
interface Alarm {
    readonly AlarmName: string;
    readonly AlarmDescription?: string;
    readonly NewStateValue: string;
}

/** Every message so far, as a mail would have it. */
export function messages(): string[] {
    const lines = fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
    return lines.map((line) => asRead(JSON.parse(line) as string));
}

function asRead(message: string): string {
    let content: unknown;
    try {
        content = JSON.parse(message);
    } catch {
        return message;
    }
    if (typeof content === "object" && content !== null && "AlarmName" in content) {
        const { AlarmName, AlarmDescription = "", NewStateValue } = content as Alarm;
        return NewStateValue === "ALARM" ? `ALARM ${AlarmName}: ${AlarmDescription}` : `${NewStateValue} ${AlarmName}`;
    }
    return typeof content === "string" ? content : message;
}
