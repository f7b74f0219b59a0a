/** All workflows, under the names in `domain/workflow-types.ts`. The worker bundles this file. */
export { audit } from "./audit.ts";
export { claim } from "./claim.ts";
export { explode } from "./explode.ts";
export { instanceLifecycle } from "./instance-lifecycle.ts";
export { leaks } from "./leaks.ts";
export { pool } from "./pool.ts";
export { probes } from "./probes.ts";
export { reconcile } from "./reconcile.ts";
export { spend } from "./spend.ts";
