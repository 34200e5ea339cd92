/** How releases come in: the roles in AWS, and below them the workflows on GitHub that become them. */
import type { AccountLayout } from "./accountLayout";
import type { Facts, Role } from "./model";
import { across, along, bottom, middle, named, right, type Arrow, type Box, type Drawing, type Point } from "./shapes";
import type { VpcLayout } from "./vpcLayout";

const places = {
    deploy: { x: 466, width: 200 },
    middle: { x: 302, width: 144 },
    other: { x: 134, width: 148 },
    github: { x: 122, width: 868 },
    /** Right of the workflows, where no arrow passes. */
    words: { x: 690 },
} as const;

/** Room for a title and three lines. */
const workflowHeight = 76;

export interface PipelineLayout extends Pick<Drawing, "boxes" | "arrows"> {
    readonly roles: Box;
    readonly github: Box;
    readonly legend: Point;
}

/** @param top where the roles begin */
export function pipelineLayout(facts: Facts, network: VpcLayout, account: AccountLayout, top: number): PipelineLayout {
    const boxes: Box[] = [];
    const arrows: Arrow[] = [];
    const relation = (from: Box, to: Box, points: readonly Point[], label?: string, labelAt?: Point) =>
        void arrows.push({ from: from.id, to: to.id, kind: "relation", points, label, labelAt });

    const provider: Box = {
        id: "oidc-provider",
        kind: facts.oidcProvider === "own" ? "identity" : "elsewhere",
        ...places.middle,
        y: top,
        height: 60,
        title: "OIDC provider",
        lines: ["of GitHub", facts.oidcProvider === "own" ? "" : "the account has it"].filter((line) => line !== ""),
    };
    const { repository, environment, secrets, variables, created } = facts.github;
    const github: Box = {
        id: "github",
        kind: "github",
        ...places.github,
        y: bottom(provider) + 56,
        height: 124,
        title: "GitHub repository",
        lines: [repository, ...(created ? ["created by the stack"] : [])],
        textX: places.words.x,
    };
    const row = github.y + 34;
    const settings: Box = {
        id: "settings",
        kind: "pipeline",
        ...places.middle,
        y: row,
        height: workflowHeight,
        title: environment ? `Environment ${environment.name}` : "Settings",
        lines: [
            named(secrets.length, "secret"),
            named(variables.length, "variable"),
            ...(environment?.reviewed ? ["needs a reviewer"] : []),
        ],
    };
    boxes.push(provider, github, settings);

    for (const role of facts.roles) {
        const place = role.rollsOut ? places.deploy : places.other;
        const box: Box = {
            id: `role-${role.name}`,
            kind: "identity",
            ...place,
            y: top,
            height: 60,
            title: `${capital(role.name)} role`,
            lines: [role.rollsOut ? "pushes and rolls out" : "reads only", occasion(role).role],
        };
        const workflow: Box = {
            id: role.workflow,
            kind: "pipeline",
            ...place,
            y: row,
            height: workflowHeight,
            title: role.workflow,
            lines: [occasion(role).workflow, ...(role.rollsOut ? facts.github.hurdles : [])],
        };
        boxes.push(box, workflow);
        const x = middle(box)[0];
        const labelAt: Point = [x, bottom(box) + 34];
        relation(workflow, box, along(x, row, bottom(box)), "OIDC token", labelAt);
        const [near, far] =
            box.x > provider.x ? [settings.x + settings.width, workflow.x] : [settings.x, right(workflow)];
        relation(settings, workflow, across(near, far, row + workflowHeight / 2));
        const [own, its] = box.x > provider.x ? [box.x, right(provider)] : [right(box), provider.x];
        relation(box, provider, across(own, its, top + 30));
        if (role.rollsOut) {
            const way = along(520, top, bottom(network.service));
            relation(box, network.service, way, "rolls out", [520, (top + bottom(network.service)) / 2]);
        }
        if (role.pushesImages) {
            const outer = right(account.registry) + 10;
            const at = middle(account.registry)[1];
            relation(
                box,
                account.registry,
                [
                    [right(box), top + 30],
                    [outer, top + 30],
                    [outer, at],
                    [right(account.registry), at],
                ],
                "pushes images",
                [780, top + 30],
            );
        }
    }
    return { boxes, arrows, roles: provider, github, legend: [places.words.x, bottom(github) - 36] };
}

const capital = (text: string) => text.replace(/^./, (letter) => letter.toUpperCase());

/** When GitHub gives a workflow the token that the role trusts, as the role's box and as the workflow's says it. */
function occasion({ context }: Role): { readonly role: string; readonly workflow: string } {
    const [kind, ...rest] = context.split(":");
    const name = rest.join(":").replace(/^refs\/heads\//, "");
    switch (kind) {
        case "ref":
            return { role: `for a push to ${name}`, workflow: `on a push to ${name}` };
        case "environment":
            return { role: `for environment ${name}`, workflow: `in environment ${name}` };
        case "pull_request":
            return { role: "for a pull request", workflow: "on a pull request" };
        default:
            throw new Error(`a token with the subject "…:${context}" has no words in the picture: add them here`);
    }
}
