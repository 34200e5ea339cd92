// What the scripts of deploy.yml share. They need Node.js and AWS's CLI, which GitHub's runners have, and nothing to be installed.
"use strict";
const { spawnSync } = require("node:child_process");
const { randomUUID } = require("node:crypto");
const { appendFileSync } = require("node:fs");

/**
 * Calls AWS, with the parameters by their names in its API. All pages of a list are one answer, but for service deployments, of which the CLI knows no pages.
 * @throws Error with what AWS says
 */
exports.aws = (service, operation, parameters) => {
    const args = [service, operation, "--output", "json", "--cli-input-json", JSON.stringify(parameters)];
    const { error, status, stdout, stderr } = spawnSync("aws", args, { encoding: "utf8", maxBuffer: 1 << 26 });
    if (error) throw error;
    if (status !== 0) throw new Error(stderr.trim());
    return JSON.parse(stdout || "{}");
};

/** A time as either version of the CLI writes it: the second in ISO 8601, the first in seconds. */
exports.timeOf = (written) => new Date(typeof written === "number" ? written * 1000 : written).getTime();

/** Appends to the page of the run. */
exports.summarize = (lines) => appendFileSync(process.env.GITHUB_STEP_SUMMARY, `${lines.join("\n")}\n\n`);

const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
/** Two columns, without a header. */
exports.tableOf = (rows) => ["| | |", "| --- | --- |", ...rows.map(([name, value]) => `| ${name} | ${cell(value)} |`)];

/**
 * Prints what others wrote, such as the app. The runner does what a line says that begins with `::command::` or has `##[command]` anywhere
 * in it, but for those between these two: "Stopping and starting workflow commands" in GitHub's docs.
 */
exports.print = (text) => {
    const token = randomUUID();
    const mayCommand = /::|##\[/.test(text);
    console.log(mayCommand ? `::stop-commands::${token}\n${text}\n::${token}::` : text);
};

const message = (text) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
exports.warn = (text) => console.log(`::warning::${message(text)}`);

/** Runs a script: what it throws is the step's error. */
exports.step = (main) =>
    main().catch((error) => {
        console.log(`::error::${message(error.message)}`);
        process.exitCode = 1;
    });

/** Milliseconds between two looks at what goes on. */
exports.pause = 1000 * Number(process.env.PAUSE_SECONDS ?? 1);

/** `app:7` of a task definition's ARN, the id of a task's. */
exports.last = (arn) => arn.split("/").at(-1);
