// What the stand-ins share: the runner's protocol (environment and files), as in GitHub's "Workflow commands".
"use strict";
const { execFileSync, spawn } = require("node:child_process");
const { randomUUID } = require("node:crypto");
const { appendFileSync } = require("node:fs");
const { createRequire } = require("node:module");

/** Packages of the checkout that the sandbox runs in; the runner copies an action elsewhere. */
exports.require = createRequire(`${process.env.SANDBOX_CHECKOUT}/sandbox/package.json`);

/**
 * The inputs of the action: those that it declares, and no other. The original would ignore another one with a warning.
 * @param {Record<string, string | undefined>} declared the defaults by name; undefined: required
 */
function inputs(declared) {
    const given = Object.fromEntries(
        Object.entries(process.env)
            .filter(([name]) => name.startsWith("INPUT_"))
            .map(([name, value]) => [name.slice("INPUT_".length).toLowerCase(), value]),
    );
    const unknown = Object.keys(given).filter((name) => !(name in declared));
    if (unknown.length > 0) {
        throw new Error(
            `the stand-in does not know the input ${unknown.join(", ")}: it knows ${Object.keys(declared).join(", ") || "none"}`,
        );
    }
    return Object.fromEntries(
        Object.entries(declared).map(([name, standard]) => {
            const value = given[name] || standard;
            if (value === undefined) throw new Error(`Input required and not supplied: ${name}`);
            return [name, value];
        }),
    );
}

/** The step has failed, and this is why; it goes on. */
function setFailed(message) {
    console.log(`::error::${message.replaceAll("\n", " ")}`);
    process.exitCode = 1;
}
exports.setFailed = setFailed;

/** Runs the action; what it throws is the step's error. */
exports.action = async (declared, main) => {
    try {
        await main(inputs(declared));
    } catch (error) {
        setFailed(error.message);
    }
};

function append(file, name, value) {
    const end = `end-${randomUUID()}`;
    appendFileSync(process.env[file], `${name}<<${end}\n${value}\n${end}\n`);
}
exports.setOutput = (name, value) => append("GITHUB_OUTPUT", name, value);
exports.exportVariable = (name, value) => append("GITHUB_ENV", name, value);
/** For the action's own post step, which finds it as STATE_name in its environment. */
exports.saveState = (name, value) => append("GITHUB_STATE", name, value);
exports.mask = (value) => console.log(`::add-mask::${value}`);

/** Runs a program with its output on the step's log. */
exports.run = (command, args, options = {}) =>
    execFileSync(command, args, { stdio: ["pipe", "inherit", "inherit"], ...options });

/** Runs a program. It may fail; what it writes is not on the step's log unless it is told to be. */
exports.attempt = (command, args, { input, logged = false } = {}) =>
    new Promise((resolve, reject) => {
        const child = spawn(command, args, { stdio: ["pipe", logged ? "inherit" : "ignore", "pipe"] });
        let stderr = "";
        child.stderr.setEncoding("utf8").on("data", (text) => {
            stderr += text;
            if (logged) process.stderr.write(text);
        });
        child.on("error", reject).on("close", (code) => resolve({ code, stderr }));
        child.stdin.on("error", () => undefined); // one that ends early has not read it all
        child.stdin.end(input);
    });

exports.isTrue = (name, value) => {
    if (value !== "true" && value !== "false") throw new Error(`${name} is "${value}": true or false`);
    return value === "true";
};

/** A task definition as DescribeTaskDefinition tells it, without what RegisterTaskDefinition does not take. */
exports.registrable = (definition) => {
    const readOnly = [
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
    ];
    return Object.fromEntries(Object.entries(definition).filter(([name]) => !readOnly.includes(name)));
};
