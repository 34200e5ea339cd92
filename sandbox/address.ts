/** Where the app of the sandbox answers. */
import { ports } from "./paths";

/**
 * The address to open for the app's URL. TLS is not emulated: where the app has a domain, a name below `localhost` stands for
 * `https://<domain>`, and the emulator finds the load balancer by the domain's DNS record.
 */
export function reachable(url: string): string {
    return url.startsWith("https://") ? `http://${new URL(url).hostname}.localhost:${ports.aws}` : url;
}
