import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { mutations } from "./mutation/mutations";
import { projectFolder } from "./settings";

describe("the table of mistakes that the tests must notice", () => {
    it("fits the program: each mistake can be made in one place", () => {
        const places = mutations.map(({ mistake, file, find }) => {
            const count = fs.readFileSync(path.join(projectFolder, file), "utf8").split(find).length - 1;
            return `${count}: ${mistake}`;
        });
        assert.deepEqual(
            places.filter((place) => !place.startsWith("1: ")),
            [],
        );
    });
});
