import { exitWithEngine } from "../exitWithEngine";

// Dynamic resources: the SDK's own provider, which the official installation of Pulumi has a program for.
import "@pulumi/pulumi/cmd/dynamic-provider";

exitWithEngine();
