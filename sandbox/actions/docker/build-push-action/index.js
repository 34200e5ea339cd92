"use strict";
const { existsSync, mkdtempSync, readFileSync, rmSync } = require("node:fs");
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
    const known =
        name === "cache-to"
            ? /^type=gha(,scope=[\w.-]+|,mode=(min|max)|,ignore-error=(true|false))*$/
            : /^type=gha(,scope=[\w.-]+)?$/;
    if (!known.test(value)) throw new Error(`the stand-in knows no ${name} but type=gha, got ${value}`);
    console.log(`${name}: ${value} is GitHub's; here BuildKit's own cache serves instead`);
}

/** As the original has it: a boolean turns it on or off, anything else are attributes, and provenance names the run that builds. */
function attestation(type, value) {
    if (value === "") return [];
    const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT = 1 } = process.env;
    const run = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}/attempts/${GITHUB_RUN_ATTEMPT}`;
    const attributes = /^(true|false)$/i.test(value) ? `disabled=${value.toLowerCase() === "false"}` : value;
    const builder = type === "provenance" && attributes !== "disabled=true" ? [`builder-id=${run}`] : [];
    return ["--attest", [`type=${type}`, attributes, ...builder].join(",")];
}

const declared = {
    context: ".",
    "build-args": "",
    tags: "",
    push: "false",
    provenance: "",
    sbom: "",
    "cache-from": "",
    "cache-to": "",
};

const contentOf = (file) => (existsSync(file) ? readFileSync(file, "utf8").trim() : "");

toolkit.action(declared, async (inputs) => {
    checkCache("cache-from", inputs["cache-from"]);
    checkCache("cache-to", inputs["cache-to"]);
    const folder = mkdtempSync(path.join(process.env.RUNNER_TEMP, "docker-actions-toolkit-"));
    const [imageFile, metadataFile] = [path.join(folder, "iidfile"), path.join(folder, "metadata-file")];
    const { code, stderr } = await toolkit.attempt(
        "docker",
        [
            ...["buildx", "build", "--progress", "plain"],
            ...lines(inputs["build-args"]).flatMap((argument) => ["--build-arg", argument]),
            ...["--iidfile", imageFile],
            ...attestation("provenance", inputs.provenance),
            ...attestation("sbom", inputs.sbom),
            ...lines(inputs.tags.replaceAll(",", "\n")).flatMap((tag) => ["--tag", tag]),
            ...["--metadata-file", metadataFile],
            ...(toolkit.isTrue("push", inputs.push) ? ["--push"] : []),
            inputs.context,
        ],
        { logged: true },
    );
    const [image, metadata] = [contentOf(imageFile), contentOf(metadataFile)];
    rmSync(folder, { recursive: true });
    if (code !== 0) throw new Error(`buildx failed with: ${stderr.trim().split("\n").at(-1) || "unknown error"}`);
    toolkit.setOutput("imageid", image);
    toolkit.setOutput("digest", JSON.parse(metadata)["containerimage.digest"]);
    toolkit.setOutput("metadata", metadata);
});
