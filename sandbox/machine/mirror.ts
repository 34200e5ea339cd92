/** The program of the service `mirror`: `mirror.ts PORT LAYOUT…`. */
import { mirrorServer } from "./mirrorServer";

const [port, ...layouts] = process.argv.slice(2);
mirrorServer(layouts).listen(Number(port), "127.0.0.1");
