/** Measurements beside the bars that the project sets itself: a line each as they come, a table at the end. */

export interface Row {
    readonly what: string;
    readonly measured: number;
    readonly bar: number;
    readonly unit: string;
}

const rows: Row[] = [];

export function report(row: Row): void {
    rows.push(row);
    console.log(`  ${row.what}: ${row.measured.toFixed(2)} ${row.unit}`);
}

/** The process fails where one is over its bar. */
export function table(): void {
    console.log("\n| what | measured | bar | |\n| --- | --- | --- | --- |");
    for (const { what, measured, bar, unit } of rows) {
        console.log(
            `| ${what} | ${measured.toFixed(2)} ${unit} | ${bar} ${unit} | ${measured <= bar ? "ok" : "over"} |`,
        );
    }
    if (rows.some(({ measured, bar }) => measured > bar)) {
        process.exitCode = 1;
    }
}
