import { Properties, ResourceStandIn } from "../standIn";
import { Clients, defined, unlessGone } from "./clients";
import { fromTags, toTags } from "./tags";

/** The tags of a load balancer, a target group or a listener. */
export async function tagsOf({ elb }: Clients, arn: string) {
    return fromTags((await elb.describeTags({ ResourceArns: [arn] })).TagDescriptions?.[0]?.Tags);
}

/** One port of a load balancer, and what it does with the requests: passes them on, or sends the visitor elsewhere. */
export function listener(clients: Clients): ResourceStandIn {
    const { elb } = clients;
    const redirect = ["protocol", "port", "statusCode"] as const;
    const action = ({ type, targetGroupArn, redirect: to }: Properties) => {
        const needed = type === "redirect" ? to : targetGroupArn;
        if (needed === undefined) throw new Error(`a default action of type ${type} lacks what it does`);
        return defined({
            Type: type,
            TargetGroupArn: targetGroupArn,
            RedirectConfig: to && { Protocol: to.protocol, Port: to.port, StatusCode: to.statusCode },
        });
    };
    const request = (inputs: Properties) =>
        defined({
            Port: inputs.port as number,
            Protocol: inputs.protocol,
            SslPolicy: inputs.sslPolicy as string | undefined,
            Certificates: inputs.certificateArn ? [{ CertificateArn: inputs.certificateArn as string }] : undefined,
            DefaultActions: inputs.defaultActions.map(action),
        });
    return {
        required: ["loadBalancerArn", "port", "protocol", "defaultActions.type"],
        optional: [
            "sslPolicy",
            "certificateArn",
            "defaultActions.targetGroupArn",
            ...redirect.map((key) => `defaultActions.redirect.${key}`),
        ],
        replaceOn: ["loadBalancerArn"],
        create: async (inputs) => {
            const created = await elb.createListener({
                LoadBalancerArn: inputs.loadBalancerArn,
                ...request(inputs),
                Tags: toTags(inputs.tags),
            });
            const arn = created.Listeners![0]!.ListenerArn!;
            return { id: arn, outputs: { arn } };
        },
        read: async (id) => {
            const found = (await unlessGone(elb.describeListeners({ ListenerArns: [id] })))?.Listeners?.[0];
            return (
                found && {
                    loadBalancerArn: found.LoadBalancerArn,
                    port: found.Port,
                    protocol: found.Protocol,
                    sslPolicy: found.SslPolicy,
                    certificateArn: found.Certificates?.[0]?.CertificateArn,
                    defaultActions: found.DefaultActions?.map(({ Type, TargetGroupArn, RedirectConfig: to }) =>
                        defined({
                            type: Type,
                            targetGroupArn: TargetGroupArn,
                            redirect: to && { protocol: to.Protocol, port: to.Port, statusCode: to.StatusCode },
                        }),
                    ),
                    tags: await tagsOf(clients, id),
                }
            );
        },
        update: async (id, _state, inputs) => {
            await elb.modifyListener({ ListenerArn: id, ...request(inputs) });
            return {};
        },
        delete: async (id) => void (await unlessGone(elb.deleteListener({ ListenerArn: id }))),
        list: async () => {
            const { LoadBalancers = [] } = await elb.describeLoadBalancers({});
            const answers = await Promise.all(
                LoadBalancers.map(({ LoadBalancerArn }) => elb.describeListeners({ LoadBalancerArn })),
            );
            return answers.flatMap(({ Listeners = [] }) => Listeners.map((found) => found.ListenerArn!));
        },
    };
}
