import pulumi from "@pulumi/eslint-plugin";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import tseslint from "typescript-eslint";

/** Of all that types come from: what the rules with types say of one file depends on others, of which ESLint's cache knows nothing. */
function hashOfSources() {
    const at = (name) => path.join(import.meta.dirname, name);
    const folders = ["infra", "sandbox", "test", "tools"].filter((folder) => fs.existsSync(at(folder)));
    const inFolders = folders.flatMap((folder) =>
        fs.readdirSync(at(folder), { recursive: true, encoding: "utf8" }).map((name) => path.join(folder, name)),
    );
    const sources = inFolders.filter((name) => name.endsWith(".ts") && !name.includes("node_modules")).sort();
    const hash = createHash("sha256");
    for (const name of ["index.ts", "package-lock.json", "tsconfig.json", ...sources]) {
        hash.update(name).update(fs.readFileSync(at(name)));
    }
    return hash.digest("hex");
}

export default tseslint.config(
    { ignores: ["**/node_modules/", ".build/", ".sandbox/", "app/"] },
    {
        files: ["**/*.ts"],
        extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylistic],
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
        linterOptions: { reportUnusedDisableDirectives: "error" },
        plugins: { "@pulumi": pulumi },
        settings: { sources: hashOfSources() }, // the cache holds for one configuration
        rules: {
            "@pulumi/no-output-in-template-literal": "error",
            "@pulumi/no-output-instance-in-template-literal": "error",
            "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
            "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
            // An interface asks for a promise; not every implementation has something to wait for.
            "@typescript-eslint/require-await": "off",
            eqeqeq: ["error", "always", { null: "ignore" }],
        },
    },
    {
        // What runs where nothing is compiled. A name that is not there shows only once its line is reached.
        files: ["**/*.js"],
        languageOptions: {
            sourceType: "commonjs",
            globals: { Buffer: false, console: false, fetch: false, process: false },
        },
        rules: { "no-undef": "error", "no-unused-vars": ["error", { argsIgnorePattern: "^_" }] },
    },
    {
        // What an old Node.js reads, to say which one is needed: 12 knows neither `??` nor `node:fs`.
        files: ["sandbox/node.js", "sandbox/start.js"],
        languageOptions: { ecmaVersion: 2019 },
        rules: { "no-restricted-modules": ["error", { patterns: ["node:*"] }] },
    },
    {
        // Properties as the engine and the emulated APIs send them: any JSON, whose shape is checked when it arrives.
        files: ["sandbox/**/*.ts"],
        rules: {
            "@typescript-eslint/no-base-to-string": "off",
            "@typescript-eslint/no-explicit-any": "off",
            "@typescript-eslint/no-unsafe-argument": "off",
            "@typescript-eslint/no-unsafe-assignment": "off",
            "@typescript-eslint/no-unsafe-call": "off",
            "@typescript-eslint/no-unsafe-member-access": "off",
            "@typescript-eslint/no-unsafe-return": "off",
        },
    },
);
