/** A stack that the commands of day two are tested on. */
import type { Connect } from "../tools/operations/sessionPlugin";
import type { Stack } from "../tools/operations/stack";

/** No shell is opened. */
const connect: Connect = { check: () => undefined, run: async () => 0 };

export const aStack: Stack = {
    url: "https://shop.example.com",
    clusterName: "shop",
    serviceName: "shop",
    taskDefinitionFamily: "shop",
    logGroupName: "/ecs/shop",
    alarmTopicArn: "arn:aws:sns:eu-west-1:123456789012:shop",
    region: "eu-west-1",
    client: () => ({ region: "eu-west-1" }),
    connect,
};
