/** Where the app of the sandbox answers. */
import type { Settings } from "../infra/config";
import { ports } from "./paths";

/**
 * The address to open for the app's URL. TLS is not emulated: where the app has a domain, a name below `localhost` stands for
 * `https://<domain>`, and the emulator finds the load balancer by the domain's DNS record.
 */
export function reachable(url: string, { domain }: Settings): string {
    return domain ? `http://${domain.name}.localhost:${ports.aws}` : url;
}
