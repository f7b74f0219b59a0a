import { expect, test } from "vitest";
import { configurationDocument } from "./configuration-document.ts";
import { errorsDocument } from "./errors-document.ts";

test("docs/reference/errors.md is the catalogue of errors", async () => {
  await expect(errorsDocument()).toMatchFileSnapshot("../../docs/reference/errors.md");
});

test("docs/reference/configuration.md is the gateway's configuration schema", async () => {
  await expect(configurationDocument()).toMatchFileSnapshot("../../docs/reference/configuration.md");
});
