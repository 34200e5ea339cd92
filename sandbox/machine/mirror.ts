/** The program of the service `mirror`: `mirror.ts LAYOUT PORT`. */
import { mirrorServer } from "./mirrorServer";

const [layout, port] = process.argv.slice(2);
mirrorServer(layout!).listen(Number(port), "127.0.0.1");
