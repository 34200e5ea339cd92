"use strict";
const { readFileSync } = require("node:fs");
const path = require("node:path");
const toolkit = require(`${process.env.SANDBOX_CHECKOUT}/sandbox/actions/toolkit.js`);

const lines = (text) =>
    text
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean);

/** GitHub's cache is a service of GitHub. BuildKit runs on between releases here, and keeps the same layers itself. */
function checkCache(name, value) {
    if (value === "") return;
    if (!/^type=gha(,mode=(min|max))?$/.test(value))
        throw new Error(`the stand-in knows no ${name} but type=gha, got ${value}`);
    console.log(`${name}: ${value} is GitHub's; here BuildKit's own cache serves instead`);
}

const declared = {
    context: ".",
    "build-args": "",
    tags: undefined,
    push: "false",
    provenance: "true",
    "cache-from": "",
    "cache-to": "",
};

toolkit.action(declared, (inputs) => {
    checkCache("cache-from", inputs["cache-from"]);
    checkCache("cache-to", inputs["cache-to"]);
    const metadata = path.join(process.env.RUNNER_TEMP, "build-metadata.json");
    toolkit.run("docker", [
        ...["buildx", "build", "--progress", "plain", "--metadata-file", metadata],
        ...lines(inputs["build-args"]).flatMap((argument) => ["--build-arg", argument]),
        ...lines(inputs.tags).flatMap((tag) => ["--tag", tag]),
        `--provenance=${toolkit.isTrue("provenance", inputs.provenance)}`,
        ...(toolkit.isTrue("push", inputs.push) ? ["--push"] : []),
        inputs.context,
    ]);
    toolkit.setOutput("digest", JSON.parse(readFileSync(metadata, "utf8"))["containerimage.digest"]);
});
