/** Mocha's own report, and each failure's reason at once as well: a run that is cut off, or whose end alone is kept, shows them too. */
import Mocha from "mocha";

export = class extends Mocha.reporters.Spec {
    constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
        super(runner, options);
        runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test: Mocha.Runnable, error: Error) => {
            console.log(`\n${test.fullTitle()}:\n${error.stack ?? error.message}\n`);
        });
    }
};
