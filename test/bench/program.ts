/** Loads and runs the program under mocks once, and prints what that took since this process began, as JSON. */
import { record } from "../record";

void record().then(() => {
    console.log(JSON.stringify({ milliseconds: performance.now(), kilobytes: process.resourceUsage().maxRSS }));
});
