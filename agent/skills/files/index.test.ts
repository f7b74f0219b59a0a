import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestWorkspace, type TestWorkspace } from "../kit/testing.ts";
import { createFilesSkill } from "./index.ts";

let workspace: TestWorkspace;
beforeAll(() => {
  workspace = openTestWorkspace();
});
afterAll(() => workspace.close());

describe("the files skill", () => {
  it("costs the model little", () => {
    const { tools } = createFilesSkill(workspace);
    const offered = tools.map(({ name, description, parameters }) => ({ name, description, parameters }));
    expect(JSON.stringify(offered).length).toBeLessThanOrEqual(3_200);
  });

  it("is ready without a key", async () => {
    expect(await createFilesSkill(workspace).setup(AbortSignal.timeout(1_000))).toMatchObject({
      state: "ready",
    });
  });

  it("says that words of a file are foreign", async () => {
    const [read, create] = createFilesSkill(workspace).tools;
    await create?.run({ path: "a.md", content: "Hello" }, workspace.call());
    expect(await read?.run({ path: "a.md" }, workspace.call())).toEqual({ text: "Hello", isForeign: true });
  });

  it("says which parameter is wrong", async () => {
    const [read] = createFilesSkill(workspace).tools;
    await expect(read?.run({ path: 1 }, workspace.call())).rejects.toThrow("path: must be string");
  });

  it("ends its work when the call is aborted", async () => {
    const [read] = createFilesSkill(workspace).tools;
    const signal = AbortSignal.abort(new Error("the agent ends"));
    await expect(read?.run({ path: "a.md" }, workspace.call({ signal }))).rejects.toThrow("the agent ends");
  });
});
