/** A subscriber of an SNS topic, which confirms its subscription as a person would. */
import type { SNS } from "@aws-sdk/client-sns";
import * as http from "node:http";
import type { AddressInfo } from "node:net";

export class Inbox {
    /** What was published since, as it came. */
    readonly messages: string[] = [];
    /** What confirms the subscription. */
    private readonly token: Promise<string>;

    private constructor(private readonly server: http.Server) {
        this.token = new Promise((resolve) =>
            server.on("request", (request: http.IncomingMessage, response: http.ServerResponse) => {
                let body = "";
                request.on("data", (chunk) => (body += chunk));
                request.on("end", () => {
                    response.end();
                    const { Type, Token, Message } = JSON.parse(body) as Record<string, string>;
                    if (Type === "SubscriptionConfirmation") resolve(Token!);
                    else this.messages.push(Message!);
                });
            }),
        );
    }

    static async of(sns: SNS, TopicArn: string): Promise<Inbox> {
        const inbox = new Inbox(http.createServer());
        await new Promise<void>((resolve) => inbox.server.listen(0, "127.0.0.1", resolve));
        const Endpoint = `http://127.0.0.1:${(inbox.server.address() as AddressInfo).port}`;
        await sns.subscribe({ TopicArn, Protocol: "http", Endpoint });
        await sns.confirmSubscription({ TopicArn, Token: await inbox.token });
        return inbox;
    }

    close(): void {
        this.server.close();
    }
}
