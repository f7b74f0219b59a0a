import { fileURLToPath } from "node:url";
import type { DataConverter } from "@temporalio/common";
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleWithSourceMap } from "@temporalio/worker";

/** Bundles the workflows' code; everything that would make them impure is refused by the bundler. */
export function bundleWorkflows({
  failureConverterPath,
}: DataConverter = {}): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL("../workflows/index.ts", import.meta.url)),
    ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
    logger: new DefaultLogger("ERROR"),
  });
}
