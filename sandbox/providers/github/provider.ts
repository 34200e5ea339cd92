import type { ProviderStandIn } from "../standIn";
import { actionsSecret, actionsVariable } from "./actions";
import { GitHub } from "./client";
import { deploymentPolicy, repositoryEnvironment } from "./environments";
import { getRepository, getTeam, getUser } from "./functions";
import { repository } from "./repository";
import { ofEnvironment, ofRepository } from "./scopes";

const type = (name: string) => `github:index/${name[0]!.toLowerCase()}${name.slice(1)}:${name}`;

/** Stands in for the official github provider, for what this program declares. */
export const githubProvider: ProviderStandIn = {
    name: "github",
    version: "6.15.0",
    configure(configuration) {
        const github = GitHub.connect(configuration, process.env);
        return {
            // What is inside another comes before it, so that leftovers can be removed in this order.
            resources: {
                [type("ActionsEnvironmentSecret")]: actionsSecret(github, ofEnvironment),
                [type("ActionsEnvironmentVariable")]: actionsVariable(github, ofEnvironment),
                [type("RepositoryEnvironmentDeploymentPolicy")]: deploymentPolicy(github),
                [type("RepositoryEnvironment")]: repositoryEnvironment(github),
                [type("ActionsSecret")]: actionsSecret(github, ofRepository),
                [type("ActionsVariable")]: actionsVariable(github, ofRepository),
                [type("Repository")]: repository(github),
            },
            functions: {
                "github:index/getRepository:getRepository": getRepository(github),
                "github:index/getTeam:getTeam": getTeam(github),
                "github:index/getUser:getUser": getUser(github),
            },
        };
    },
};
